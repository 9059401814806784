import { createHash } from 'node:crypto'
import { connect } from 'node:net'

import { afterEach } from 'vitest'

import type { Caller, Role } from '../../src/access/caller.ts'
import { Config } from '../../src/config/config.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { createEventStreams, type EventStreams } from '../../src/events/event-streams.ts'
import type { LogEntry } from '../../src/http/log.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import type { Service } from '../../src/service/service.ts'

export const REQUEST = {
  subject: { type: 'agent', id: 'support-agent' },
  action: { name: 'orders.read' },
  resource: { type: 'order', id: 'A-1' },
}

export const ANSWER: DecisionAnswer = {
  decision_id: '019aa3c2-7c1e-7d3f-9a41-5b0c6f2d8e10',
  decided_at: '2026-11-21T02:00:00.000Z',
  valid_until: '2026-11-21T02:00:05.000Z',
  request_digest: 'd'.repeat(64),
  state_version: 7,
  recorded: true,
  outcome: 'allow',
  decision: true,
  base: 'allow',
  base_granted: 'allow',
  ceilings: [{ source: 'base', outcome: 'allow', reason: 'permitted', obligations: [], guardrails: {} }],
  obligations: [],
  guardrails: {},
  advice: [],
  risk: { points: 0, band: 'read', rules: [], unavailable: [] },
  trust: null,
  policy_set: 'p'.repeat(64),
  leaf_index: 3,
  approval: null,
  reasons: ['a < b & c > d'],
}

export const DENIED: DecisionAnswer = { ...ANSWER, outcome: 'deny', decision: false, reasons: ['base: no role'] }

/** A verb of the service that was called, with its arguments. */
export type Call = { readonly verb: string; readonly caller: Caller; readonly args: readonly unknown[] }

export type FakeService = { readonly service: Service; readonly calls: Call[] }

/** A service that notes what it is asked and answers what a test says; every other verb answers its own name. */
export function fakeService(answers: Partial<Record<keyof Service, (...args: never[]) => unknown>> = {}): FakeService {
  const calls: Call[] = []
  const verbs = {
    evaluate: () => ANSWER,
    records: () => ({ records: [], next: null }),
    checkpoint: () => 'origin\n1\nroot\n',
    readiness: () => [],
    policySet: () => ({ digest: 'p' }),
    ...answers,
  } as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>
  const service = new Proxy({} as Service, {
    get: (_target, verb: string) => {
      const answer = verbs[verb] ?? (() => ({ verb }))
      if (verb === 'readiness' || verb === 'policySet') return () => answer()
      return (...[caller, ...args]: unknown[]) => {
        calls.push({ verb, caller: caller as Caller, args })
        return new Promise((resolve) => resolve(answer(caller, ...args)))
      }
    },
  })
  return { service, calls }
}

/** An answer to `evaluate` whose base says so. */
export function withBase(answer: DecisionAnswer, base: PolicyEvaluation) {
  return (_caller: Caller, ask: DecisionRequest) => {
    ask.onBase?.(base)
    return answer
  }
}

export const token = (id: string): string => `token-of-${id}`
export const bearer = (id: string) => ({ authorization: `Bearer ${token(id)}` })

/** A credential per role, named like it. */
function credentialOf(role: Role) {
  const agent = role === 'agent' ? { agent: REQUEST.subject.id } : {}
  return { id: role, roles: [role], ...agent, token_sha256: createHash('sha256').update(token(role)).digest('hex') }
}

const ROLES = [
  'enforcement_point',
  'log_uploader',
  'signal_source',
  'verifier',
  'operator',
  'approver',
  'auditor',
  'administrator',
  'agent',
] as const

export type Started = FakeService & { readonly url: string; readonly http: HttpServer; readonly log: LogEntry[] }

const running: HttpServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((http) => http.close()))
})

type Setup = {
  readonly config?: object
  readonly answers?: Parameters<typeof fakeService>[0]
  readonly entrypoints?: string[]
  readonly base?: object
  readonly events?: EventStreams
  /** Credentials besides one for each role. */
  readonly credentials?: readonly object[]
  readonly nowMs?: () => number
}

/** Streams of a log in which nothing happens. */
export const silence = (): EventStreams =>
  createEventStreams({ size: () => 0, read: (from) => Promise.resolve({ events: [], next: from, scanned: false }) })

/** A real server on a free port, in front of a fake service; closed after the test. */
export async function start({
  config = {},
  answers = {},
  entrypoints = [],
  base = {},
  events = silence(),
  credentials = [],
  nowMs = Date.now,
}: Setup = {}): Promise<Started> {
  const fake = fakeService(answers)
  const log: LogEntry[] = []
  const parsed = Config.parse({
    // Whoever reaches it is vouched for, so that what is asked is limited by what a test says alone.
    http: { listen: '127.0.0.1:0', drain_timeout_ms: 500, anonymous: { vouched: true }, ...config },
    credentials: [...ROLES.map(credentialOf), ...credentials],
    entrypoints,
    base,
  })
  const http = createHttpServer({
    service: fake.service,
    config: parsed.http,
    credentials: parsed.credentials,
    entrypoints: parsed.entrypoints,
    mapping: parsed.base.mapping,
    metrics: createMetrics(),
    events,
    version: '0.0.0-test',
    log: (entry) => log.push(entry),
    nowMs,
  })
  running.push(http)
  const { url } = await http.listen()
  return { ...fake, url, http, log }
}

/** What came back, with its body parsed where it is JSON. */
export type Answered = { readonly status: number; readonly headers: Headers; readonly text: string; readonly body: any } // eslint-disable-line @typescript-eslint/no-explicit-any

async function read(response: Response): Promise<Answered> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== ''
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

export async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answered> {
  return read(await fetch(url, { method, headers }))
}

/** Posts JSON, or text as it is. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  return read(await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: sent }))
}

/** Speaks raw HTTP: sends the parts with a pause between them and resolves with everything that came back when the peer closes. */
export function raw(url: string, parts: readonly string[], pauseMs = 0): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    let seen = ''
    socket.on('data', (chunk) => (seen += chunk.toString('latin1')))
    socket.on('close', () => resolve(seen))
    socket.on('error', (error) => (seen === '' ? reject(error) : resolve(seen)))
    socket.on('connect', () => {
      parts.forEach((part, index) => setTimeout(() => socket.writable && socket.write(part), index * pauseMs))
    })
  })
}
