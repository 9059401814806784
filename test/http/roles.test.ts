import { createHash } from 'node:crypto'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { VERB_ROLES } from '../../src/access/authority.ts'
import { type Role, ROLES } from '../../src/access/caller.ts'
import { Config } from '../../src/config/config.ts'
import type { Endpoint } from '../../src/http/endpoint-shape.ts'
import { ENDPOINTS } from '../../src/http/endpoints.ts'
import { EXAMPLES } from '../../src/http/examples.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { POLICY_READERS } from '../../src/http/native/policies.ts'
import { createHttpServer, type HttpServer } from '../../src/http/server.ts'
import { LAYERS } from '../../src/model/layer.ts'
import { testService, type TestService } from '../support/test-service.ts'
import { bearer, silence, token } from './support.ts'

/** The agent whose credential it is, and another one. */
const SELF = 'support-agent'
const OTHER = 'finance-agent'

/** What a signed history needs in order to be looked at; it is nobody's. */
const SIGNATURE = Buffer.alloc(64).toString('base64')
const endpoints = Object.entries(ENDPOINTS) as [string, Endpoint][]
/** What an agent's own credential may use: what asks for a decision or a permission, what reads trust, and what explains a decision. */
const FOR_AGENTS = (['decide', 'read_trust', 'ask_permission', 'explain'] as const).map((verb) => VERB_ROLES[verb])
const forAgents = ({ roles }: Endpoint): boolean => roles === 'public' || FOR_AGENTS.some((each) => each === roles)

/** Every right that a configuration can give, so that a role is all that is missing. */
const RIGHTS = { verifier: 'deterministic', layers: LAYERS, approver_scopes: ['*'] }
const credentials = [
  ...ROLES.map((role) => ({ id: role, roles: [role], ...(role === 'agent' ? { agent: SELF } : {}) })),
  ...ROLES.filter((role) => role !== 'agent').map((role) => ({ id: `agent-${role}`, roles: [role, 'agent'], agent: SELF })),
  { id: 'agent-of-all-roles', roles: ROLES, agent: SELF },
].map((each) => ({
  ...RIGHTS,
  person: each.id,
  token_sha256: createHash('sha256').update(token(each.id)).digest('hex'),
  ...each,
}))
const AGENTS = credentials.filter(({ id }) => id.startsWith('agent')).map(({ id }) => id)

let tested: TestService
let http: HttpServer
let url: string
beforeAll(async () => {
  tested = await testService()
  await tested.earn([SELF, OTHER], 'email:full', 1)
  const config = Config.parse({ http: { listen: '127.0.0.1:0', drain_timeout_ms: 200 }, credentials })
  http = createHttpServer({
    service: tested.service,
    config: config.http,
    credentials: config.credentials,
    entrypoints: config.entrypoints,
    mapping: config.base.mapping,
    metrics: createMetrics(),
    events: silence(),
    version: '0.0.0-test',
    log: () => undefined,
    nowMs: tested.clock.nowMs,
  })
  url = (await http.listen()).url
})
afterAll(() => http.close())

/** A valid request of an endpoint, about an agent. */
function requestOf(name: string, { method, path, body, bodyTypes }: Endpoint, agent: string) {
  const params: Readonly<Record<string, string>> = { agent, scope: 'email:full', path: 'gradus/decision' }
  const about = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(SELF, agent)
  const at = path.replaceAll(/\{([a-z]+)\}/gu, (_, param: string) => params[param] ?? 'none')
  const query = name === 'readData' ? `?input=${encodeURIComponent(about(EXAMPLES.Request))}` : ''
  const example = body === 'Json' ? EXAMPLES.Request : body === undefined ? undefined : EXAMPLES[body]
  if (body !== undefined) expect(example, `EXAMPLES has one of ${body}, so that ${name} can be tried`).toBeDefined()
  const [type] = Object.entries(bodyTypes ?? {}).find(([, schema]) => schema === body) ?? ['application/json']
  const sent = example === undefined ? null : about(example)
  return { method: method.toUpperCase(), address: `${url}${at}${query}`, body: sent, type }
}

/** The status that a credential is answered with; a stream is left at once. */
async function statusOf(id: string, name: string, endpoint: Endpoint, agent = SELF): Promise<number> {
  const { method, address, body, type } = requestOf(name, endpoint, agent)
  const leave = new AbortController()
  const response = await fetch(address, {
    method,
    body,
    headers: { ...bearer(id), ...(body === null ? {} : { 'content-type': type, 'gradus-signature': SIGNATURE }) },
    signal: leave.signal,
  })
  leave.abort()
  return response.status
}

const isRefused = (status: number): boolean => status === 401 || status === 403

describe('every role at every endpoint', () => {
  test.each(endpoints)('%s is for the roles of its verb, and no other', async (name, endpoint) => {
    const { roles } = endpoint
    const verbs: readonly (readonly Role[])[] = [...Object.values(VERB_ROLES), POLICY_READERS]
    expect(roles === 'public' || verbs.includes(roles)).toBe(true)
    for (const role of ROLES) {
      const status = await statusOf(role, name, endpoint)
      expect({ name, role, refused: isRefused(status), status }).toEqual({
        name,
        role,
        refused: roles !== 'public' && !roles.includes(role),
        status,
      })
      expect(status).toBeLessThan(500)
    }
  })
})

describe('no agent reaches a verb of people, whatever its roles', () => {
  const steering = endpoints.filter(([, endpoint]) => !forAgents(endpoint))

  test.each(steering)('%s refuses it, about itself and about another, and writes nothing', async (name, endpoint) => {
    const before = tested.store.size()
    for (const id of AGENTS)
      for (const agent of [SELF, OTHER])
        expect({ name, id, agent, status: await statusOf(id, name, endpoint, agent) }).toEqual({ name, id, agent, status: 403 })
    expect(tested.store.size()).toBe(before)
  })

  test('what is left to it is deciding, reading trust, asking for permissions and having decisions explained', () => {
    const left = endpoints.filter(([, endpoint]) => endpoint.roles !== 'public' && forAgents(endpoint)).map(([name]) => name)
    expect(left.toSorted()).toEqual(
      [
        'askPermission',
        'decide',
        'evaluate',
        'evaluateAll',
        'explainDecision',
        'followEvents',
        'listAgents',
        'queryData',
        'queryDataV0',
        'readData',
        'readTrust',
        'readTrustHistory',
      ].toSorted(),
    )
  })

  test.each([
    'decide',
    'askPermission',
    'readTrust',
    'readTrustHistory',
    'queryData',
    'queryDataV0',
    'readData',
    'evaluate',
  ] as const)('%s answers it about itself and refuses it about another', async (name) => {
    for (const id of AGENTS) {
      expect({ id, self: isRefused(await statusOf(id, name, ENDPOINTS[name], SELF)) }).toEqual({ id, self: false })
      expect({ id, other: isRefused(await statusOf(id, name, ENDPOINTS[name], OTHER)) }).toEqual({ id, other: true })
    }
  })
})
