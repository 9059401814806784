import { gzipSync } from 'node:zlib'

import type { Endpoint } from '../../../src/http/endpoint-shape.ts'
import { ENDPOINTS } from '../../../src/http/endpoints.ts'
import { EXAMPLES } from '../../../src/http/examples.ts'
import type { SchemaName } from '../../../src/http/schemas.ts'
import type { Random } from '../../support/random.ts'
import { hostileText, hostileValue, mutatedBytes, mutatedValue } from './hostile-values.ts'

/** A request as it is sent; `headers` may be of any kind that an HTTP client can send. */
export type HostileRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

/** What a generator may use besides chance: tokens of roles, and ids that answers told. */
export type Known = { readonly tokens: readonly string[]; readonly ids: readonly string[] }

const PAGE: readonly Endpoint[] = [
  ...['', '/history', '/requests/{decision}', '/agents/{agent}'].map((path) => ({ method: 'get' as const, path })),
  ...['/sign-in', '/sign-out', '/requests/{decision}', '/requests/{decision}/resumption'].map((path) => ({
    method: 'post' as const,
    path,
  })),
].map(({ method, path }) => ({
  method,
  path: `/approvals${path}`,
  convention: 'native',
  summary: 'A place of the page of approvals.',
  roles: 'public',
  answer: { status: 200, schema: 'text' },
}))

const EVERY_ENDPOINT: readonly Endpoint[] = [...Object.values(ENDPOINTS), ...PAGE]
const AGENTS = ['finance-agent', 'coding-agent', 'support-agent', 'nobody']
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']
const TYPES = [
  ...['application/json', 'application/json; charset=utf-8', 'application/json; charset=latin1', 'text/plain', '', ';;;'],
  ...['application/cloudevents+json', 'application/cloudevents-batch+json', 'application/x-ndjson', 'application/yaml'],
  ...['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/x-yaml', 'x'.repeat(2_000)],
]
const ENCODINGS = ['gzip', 'GZIP', 'deflate', 'br', 'identity', 'gzip, gzip', 'x-gzip', '']
const QUERY_NAMES = [
  'limit',
  'from',
  'next',
  'since',
  'agent',
  'scope',
  'kind',
  'tenant',
  'q',
  'explain',
  'pretty',
  'type',
  'order',
]

/** A request to any endpoint: what is valid there, with one or some things wrong. */
export function hostileRequest(draw: Random, known: Known): HostileRequest {
  // A reload takes as long as a thousand decisions: it is asked for now and then.
  const drawn = draw.of(EVERY_ENDPOINT)
  const endpoint = drawn === ENDPOINTS.reloadPolicies && !draw.chance(0.05) ? ENDPOINTS.decide : drawn
  const method = draw.chance(0.05) ? draw.of(METHODS) : endpoint.method.toUpperCase()
  const body = method === 'GET' && draw.chance(0.95) ? undefined : bodyOf(endpoint, draw, known)
  const path = `${pathOf(endpoint, draw, known)}${queryOf(endpoint, draw, known)}`
  return { method, path, headers: headersOf(endpoint, body, draw, known), body: body?.bytes }
}

type Body = { readonly bytes: Buffer; readonly type: string; readonly encoding?: string }

function bodyOf({ body: schema, path, gzip, bodyTypes = {} }: Endpoint, draw: Random, { ids }: Known): Body | undefined {
  if (schema === undefined && path.startsWith('/approvals')) return formBody(draw, ids)
  if (schema === undefined && draw.chance(0.9)) return undefined
  const others = Object.entries(bodyTypes)
  const [type, name] = others.length > 0 && draw.chance(0.4) ? draw.of(others) : ['application/json', schema ?? 'Request']
  const bytes = bytesOf(name, draw, ids)
  if (gzip !== true || draw.chance(0.5)) return { bytes, type }
  const zipped = gzipSync(draw.chance(0.1) ? Buffer.alloc(3_000_000, '[{},') : bytes)
  return { bytes: draw.chance(0.4) ? mutatedBytes(zipped, draw) : zipped, type, encoding: 'gzip' }
}

function bytesOf(name: SchemaName, draw: Random, ids: readonly string[]): Buffer {
  const example = EXAMPLES[name]
  if (typeof example === 'string') return mutatedBytes(Buffer.from(example), draw)
  let value = withIds(example ?? EXAMPLES.Request, draw, ids)
  if (draw.chance(0.05)) value = hostileValue(draw)
  for (let times = draw.below(4); times > 0; times -= 1) value = mutatedValue(value, draw)
  const bytes = Buffer.from((JSON.stringify(value) as string | undefined) ?? '')
  return draw.chance(0.2) ? mutatedBytes(bytes, draw) : bytes
}

/** An example about decisions that were made, and agents that are there. */
function withIds(example: unknown, draw: Random, ids: readonly string[]): unknown {
  const text = JSON.stringify(example)
  const id = ids.length > 0 && draw.chance(0.8) ? draw.of(ids) : hostileId(draw)
  return JSON.parse(text.replaceAll('019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10', id).replaceAll('support-agent', draw.of(AGENTS)))
}

const hostileId = (draw: Random): string => `019aa3c2-7c1e-7d3f-9a41-${String(draw.below(1_000)).padStart(12, '0')}`

function formBody(draw: Random, ids: readonly string[]): Body {
  const names = ['token', 'verdict', 'reason', 'csrf', 'next', 'digest', draw.of(['a', '__proto__', 'x'.repeat(2_000)])]
  const values = [
    'approve',
    'reject',
    '%',
    '%ff',
    '%00',
    '+',
    '&&&=',
    encodeURIComponent(hostileText(draw).toWellFormed()),
    draw.of(ids),
  ]
  const pairs = Array.from({ length: draw.below(6) }, () => `${draw.of(names)}=${draw.of(values)}`)
  const bytes = Buffer.from(pairs.join('&'))
  return { bytes: draw.chance(0.2) ? mutatedBytes(bytes, draw) : bytes, type: 'application/x-www-form-urlencoded' }
}

const SEGMENTS = [
  '%',
  '%zz',
  '%ff',
  '%00',
  '%2e%2e',
  '..',
  '.',
  '%2f',
  '%22',
  'a%5cb',
  '*',
  ':x',
  '{x}',
  'x'.repeat(3_000),
  '%F0%9F%98%80',
]

function pathOf({ path }: Endpoint, draw: Random, { ids }: Known): string {
  const filled = path.replace(/\{([a-z]+)\}/gu, (_, name: string) => {
    if (draw.chance(0.1)) return draw.of(SEGMENTS)
    if (draw.chance(0.1)) return encodeURIComponent(hostileText(draw).toWellFormed()).slice(0, 6_000)
    if (name === 'agent') return draw.of(AGENTS)
    if (name === 'scope') return draw.of(['payments:full', 'crm:light', 'email:full', 'nothing', 'a:b:c', ':'])
    if (name === 'path') return draw.of(['rbac/decision', 'rbac', '', 'a//b', 'system', Array(70).fill('a').join('/')])
    if (name === 'mapping') return draw.of(['falco', 'none'])
    return ids.length > 0 && draw.chance(0.8) ? draw.of(ids) : hostileId(draw)
  })
  if (draw.chance(0.03)) return `${filled}/${draw.of(SEGMENTS)}`
  return draw.chance(0.02) ? filled.replace('/', '//') : filled
}

function queryOf({ query }: Endpoint, draw: Random, { ids }: Known): string {
  const names = [...Object.keys(query?.shape ?? {}), ...(draw.chance(0.2) ? QUERY_NAMES : [])]
  if (names.length === 0 || draw.chance(0.4)) return ''
  const values = [
    '0',
    '1',
    '-1',
    '1000',
    '1e9',
    '9007199254740993',
    'true',
    '',
    '%',
    '%ff',
    '%00',
    'NaN',
    draw.of(AGENTS),
    'open',
  ]
  const value = (): string =>
    draw.chance(0.2)
      ? encodeURIComponent(hostileText(draw).toWellFormed()).slice(0, 4_000)
      : draw.of([...values, ...ids.slice(0, 3)])
  const pairs = Array.from({ length: 1 + draw.below(draw.chance(0.02) ? 400 : 4) }, () => `${draw.of(names)}=${value()}`)
  return `?${pairs.join('&')}`.slice(0, 12_000)
}

function headersOf(endpoint: Endpoint, body: Body | undefined, draw: Random, { tokens }: Known): Record<string, string> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['Content-Type'] = draw.chance(0.05) ? draw.of(TYPES) : body.type
  if (body?.encoding !== undefined) headers['Content-Encoding'] = body.encoding
  else if (body !== undefined && draw.chance(0.03)) headers['Content-Encoding'] = draw.of(ENCODINGS)
  if (draw.chance(0.75)) headers['Authorization'] = `Bearer ${draw.of(tokens)}`
  else if (draw.chance(0.2))
    headers['Authorization'] = draw.of(['', 'Bearer', 'Bearer ', 'Basic eDp5', `Bearer ${'x'.repeat(9_000)}`, 'Bearer a.b.c'])
  for (const [name, value] of ODD_HEADERS) if (draw.chance(0.02)) headers[name] = value
  if (endpoint.path.startsWith('/approvals') && draw.chance(0.3))
    headers['Cookie'] = draw.of(['=', 'a=b; a=c', 'gradus-session=x', 'x'.repeat(4_000)])
  return headers
}

const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ['X-Request-ID', '\u00e9\u00ff'],
  ['X-Request-ID', 'x'.repeat(5_000)],
  ['traceparent', '00-zz-zz-01'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['Accept', 'text/plain'],
  ['Accept', '*/*;q=x, ,,'],
  ['Last-Event-ID', '-1'],
  ['Last-Event-ID', '99999999999999999999'],
  ['Origin', 'null'],
  ['Origin', 'https://evil.example'],
  ['Host', 'evil.example'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['Expect', '100-continue'],
  ['User-Agent', 'x'.repeat(4_000)],
  ['Prefer', 'return=minimal'],
]
