import { describe, expect, test } from 'vitest'

import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { ServiceError } from '../../src/format/error.ts'
import { ANSWER, bearer, DENIED, get, post, REQUEST, start } from './support.ts'

const one = '/access/v1/evaluation'
const many = '/access/v1/evaluations'
const bare = { authzen_context: false }
/** Allows reading and denies the rest. */
const byAction = { evaluate: (_caller: unknown, ask: DecisionRequest) => (ask.request.action.name === 'read' ? ANSWER : DENIED) }

const item = (name: string) => ({ action: { name } })
const defaults = { subject: REQUEST.subject, resource: REQUEST.resource }

describe('evaluation', () => {
  test('unknown members are ignored everywhere, known ones reach the service', async () => {
    const { url, calls } = await start({ config: bare })
    const request = { ...REQUEST, context: { ip: '::1' } }
    const sent = { ...request, extra: 1, subject: { ...REQUEST.subject, name: 'x' }, action: { ...REQUEST.action, verb: 'y' } }
    const { status, text } = await post(`${url}${one}`, sent)
    expect([status, text]).toEqual([200, '{"decision":true}'])
    expect(calls[0]?.args[0]).toMatchObject({ request, protocol: 'authzen' })
    expect(Object.keys((calls[0]?.args[0] as DecisionRequest).request.subject)).toEqual(['type', 'id'])
  })

  test.each([
    ['no subject', { action: REQUEST.action, resource: REQUEST.resource }],
    ['a subject that is a string', { ...REQUEST, subject: 'alice' }],
    ['no id', { ...REQUEST, subject: { type: 'user' } }],
    ['a name that is a number', { ...REQUEST, action: { name: 123 } }],
    ['properties that are a list', { ...REQUEST, resource: { ...REQUEST.resource, properties: [] } }],
    ['a context that is a string', { ...REQUEST, context: 'x' }],
    ['a chain of another shape', { ...REQUEST, context: { chain: 'x' } }],
    ['no JSON', '{'],
    ['nothing', ''],
  ])('%s is 400 with a message string', async (_name, sent) => {
    const { url, calls } = await start()
    const { status, headers, text } = await post(`${url}${one}`, sent)
    expect([status, headers.get('content-type'), calls]).toEqual([400, 'text/plain; charset=utf-8', []])
    expect(text.length).toBeGreaterThan(10)
  })

  test('a wrong content type is 400, not 415', async () => {
    const { url } = await start()
    expect((await post(`${url}${one}`, JSON.stringify(REQUEST), { 'content-type': 'text/plain' })).status).toBe(400)
  })

  test.each(['r 1', '\u00fcmlaut', 'x'.repeat(500)])('the request id "%s" comes back identical', async (id) => {
    const { url } = await start()
    expect((await post(`${url}${one}`, REQUEST, { 'x-request-id': id })).headers.get('x-request-id')).toBe(id)
    expect((await post(`${url}${one}`, '{', { 'x-request-id': id })).headers.get('x-request-id')).toBe(id)
  })

  test('search is not offered', async () => {
    const { url } = await start()
    expect((await post(`${url}/access/v1/search/subject`, {})).status).toBe(404)
  })
})

describe('the context of an answer', () => {
  const contextOf = async (answer: Partial<DecisionAnswer>, headers = {}) => {
    const { url } = await start({ answers: { evaluate: () => ({ ...ANSWER, ...answer }) } })
    return (await post(`${url}${one}`, REQUEST, headers)).body
  }
  const refused = { decision: false } as const
  const duty = { id: 'redact', performer: 'pep', properties: { field: 'iban' } } as const
  const ours = { id: 'log', performer: 'pdp' } as const

  test('allow carries the id to ask about later', async () => {
    expect(await contextOf({})).toEqual({
      decision: true,
      context: {
        evaluation_id: ANSWER.decision_id,
        evaluated_at: ANSWER.decided_at,
        valid_until: ANSWER.valid_until,
        outcome: 'allow',
      },
    })
  })

  test('duties of the enforcement point and guardrails go along, ours stay here', async () => {
    const { context } = await contextOf({ outcome: 'allow_guarded', obligations: [duty, ours], guardrails: { amount_max: 5 } })
    expect(context.obligations).toEqual([{ id: 'redact', type: 'custom', properties: { field: 'iban' } }])
    expect(context.guardrails).toEqual({ amount_max: 5 })
  })

  test.each([
    ['deny', 'policy_denied'],
    ['suggest', 'suggest_only'],
    ['require_approval', 'approval_required'],
    ['allow_guarded', 'obligation_unsupported'],
  ] as const)('%s is false with the reason %s', async (outcome, reason) => {
    const { decision, context } = await contextOf({ ...refused, outcome })
    expect([decision, context.reason, context.outcome]).toEqual([false, reason, outcome])
    expect(context).not.toHaveProperty('access_request')
  })

  test('the full reasons are for those who may read the audit', async () => {
    const answer: Partial<DecisionAnswer> = { ...refused, outcome: 'deny', reasons: ['base: secret'] }
    expect((await contextOf(answer)).context).not.toHaveProperty('reason_admin')
    expect((await contextOf(answer, bearer('auditor'))).context.reason_admin).toEqual({ '403': 'base: secret' })
  })

  test('containment ends the session, step-up is spelt both ways', async () => {
    const ceilings: DecisionAnswer['ceilings'] = [
      { source: 'containment', outcome: 'deny', reason: 'stopped', obligations: [], guardrails: {} },
    ]
    const contained = (await contextOf({ ...refused, outcome: 'deny', ceilings })).context
    expect([contained.reason, contained.obligations[0].type]).toEqual(['contained', 'session_termination'])
    const stepUp = { id: 'step-up', performer: 'pep', properties: { acr_value: 'phr' } } as const
    const context = (await contextOf({ ...refused, outcome: 'allow_guarded', obligations: [stepUp] })).context
    expect([context.acr_values, context.obligations[0]]).toEqual([
      'phr',
      { id: 'step-up', type: 'step-up', properties: { acr_value: 'phr' } },
    ])
  })
})

describe('evaluations', () => {
  test('an item replaces whole entities of the defaults', async () => {
    const { url, calls } = await start({ config: bare })
    const subject = { ...REQUEST.subject, properties: { kept: true } }
    const evaluations = [{}, { subject: { type: 'agent', id: 'other' } }]
    expect((await post(`${url}${many}`, { ...REQUEST, subject, evaluations })).body).toEqual({
      evaluations: [{ decision: true }, { decision: true }],
    })
    expect(calls.map(({ args }) => (args[0] as DecisionRequest).request.subject)).toEqual([
      subject,
      { type: 'agent', id: 'other' },
    ])
  })

  test.each([{ evaluations: [] }, {}])('without items (%j) it is one evaluation', async (more) => {
    const { url } = await start({ config: bare })
    expect((await post(`${url}${many}`, { ...REQUEST, ...more })).body).toEqual({ decision: true })
    expect((await post(`${url}${many}`, { ...defaults, ...more })).status).toBe(400)
  })

  test.each([
    ['execute_all', ['read', 'write', 'read'], [true, false, true]],
    ['deny_on_first_deny', ['read', 'write', 'read'], [true, false]],
    ['deny_on_first_deny', ['read', 'read'], [true, true]],
    ['permit_on_first_permit', ['write', 'read', 'write'], [false, true]],
    ['permit_on_first_permit', ['write', 'write'], [false, false]],
  ])('%s of %j', async (semantic, names, decisions) => {
    const { url, calls } = await start({ config: bare, answers: byAction })
    const body = { ...defaults, evaluations: names.map(item), options: { evaluations_semantic: semantic, other: 1 } }
    expect((await post(`${url}${many}`, body)).body).toEqual({ evaluations: decisions.map((decision) => ({ decision })) })
    expect(calls).toHaveLength(decisions.length)
  })

  test('more items than are decided at once keep their order', async () => {
    const { url } = await start({ config: bare, answers: byAction })
    const names = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? 'read' : 'write'))
    const { body } = await post(`${url}${many}`, { ...defaults, evaluations: names.map(item) })
    expect(body.evaluations.map(({ decision }: { decision: boolean }) => decision)).toEqual(names.map((name) => name === 'read'))
  })

  test.each([{}, item(''), { action: 'read' }, 7, null, []])(
    'a bad item %j is false and says why, the others are decided',
    async (bad) => {
      const { url, calls } = await start({ answers: byAction })
      const { status, body } = await post(`${url}${many}`, { ...defaults, evaluations: [bad, item('read')] })
      expect([status, body.evaluations[0].decision, body.evaluations[1].decision, calls.length]).toEqual([200, false, true, 1])
      expect(body.evaluations[0].context.error).toMatchObject({ status: 400, message: expect.stringContaining('/evaluations/0') })
    },
  )

  test('a bad item stops deny_on_first_deny', async () => {
    const { url, calls } = await start({ config: bare })
    const options = { evaluations_semantic: 'deny_on_first_deny' }
    expect((await post(`${url}${many}`, { ...defaults, evaluations: [{}, item('read')], options })).body).toEqual({
      evaluations: [{ decision: false }],
    })
    expect(calls).toEqual([])
  })

  test.each([
    { evaluations: 1 },
    { evaluations: [{}], options: { evaluations_semantic: 'x' } },
    { subject: 'alice', evaluations: [{}] },
    { evaluations: Array(1001).fill({}) },
  ])('a bad call is 400', async (body) => {
    const { url } = await start()
    expect((await post(`${url}${many}`, body)).status).toBe(400)
  })

  test('a default that no request may hold refuses the items that use it, at its own place', async () => {
    const { url, calls } = await start()
    const body = { ...REQUEST, context: { session: 7 }, evaluations: [{}, { context: {} }, {}] }
    const answered = (await post(`${url}${many}`, body)).body.evaluations
    expect(answered.map(({ decision }: { decision: boolean }) => decision)).toEqual([false, true, false])
    expect(answered[0].context.error).toMatchObject({ status: 400, message: expect.stringContaining('/context/session') })
    expect(calls).toHaveLength(1)
  })

  test('the defaults are checked once, however many items use them', async () => {
    const { url, calls } = await start({ config: bare })
    const properties = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key${index}`, index]))
    const body = { ...REQUEST, resource: { ...REQUEST.resource, properties }, evaluations: Array(500).fill({}) }
    expect((await post(`${url}${many}`, body)).status).toBe(200)
    const resources = calls.map(({ args }) => (args[0] as DecisionRequest).request.resource)
    expect([resources.length, new Set(resources).size]).toEqual([500, 1])
  })

  test('a thousand whole items are accepted', async () => {
    const { url, calls } = await start({ config: bare })
    const whole = { ...REQUEST, context: { session: 's', purpose: 'p', environment: 'e', facts: { a: 1, b: 2, c: 3 } } }
    expect((await post(`${url}${many}`, { evaluations: Array(1_000).fill(whole) })).status).toBe(200)
    expect(calls).toHaveLength(1_000)
  })

  test.each([
    ['bytes', { note: 'x'.repeat(3_000) }, 400, /`http\.body_bytes_max` is 1048576/u],
    ['values', { list: Array(100).fill(0) }, 500, /`authzen\.evaluations_values_max` is 40000/u],
  ])(
    'items that come to too many %s with the defaults in them are 413, and none is decided',
    async (_what, context, items, said) => {
      const { url, calls } = await start()
      const answer = await post(`${url}${many}`, { ...REQUEST, context, evaluations: Array(items).fill({}) })
      expect([answer.status, calls.length]).toEqual([413, 0])
      expect(answer.text).toMatch(said)
      expect((await post(`${url}${many}`, { ...REQUEST, context, evaluations: Array(items / 2).fill({}) })).status).toBe(200)
    },
  )

  test('an item larger than a request may be is refused, the others are decided', async () => {
    const { url, calls } = await start()
    const large = { context: { one: Array(8_000).fill(0), two: Array(2_000).fill(0) } }
    const { body } = await post(`${url}${many}`, { ...REQUEST, evaluations: [large, {}] })
    expect(body.evaluations[0].context.error).toMatchObject({
      status: 400,
      message: expect.stringContaining('10012 values: the limit `json.values_max` is 10000'),
    })
    expect([body.evaluations[1].decision, calls.length]).toEqual([true, 1])
  })

  test.each(['execute_all', 'deny_on_first_deny'])('others are served between the items of %s', async (semantic) => {
    const busy = (): DecisionAnswer => {
      const until = performance.now() + 5
      while (performance.now() < until);
      return ANSWER
    }
    const { url, calls } = await start({ answers: { evaluate: busy } })
    const body = { ...REQUEST, evaluations: Array(100).fill({}), options: { evaluations_semantic: semantic } }
    const batch = post(`${url}${many}`, body)
    while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect((await get(`${url}/health`)).status).toBe(200)
    expect(calls.length).toBeLessThan(100)
    expect((await batch).status).toBe(200)
  })

  test('after a refusal of the whole call no further item is started', async () => {
    const { url, calls } = await start(failing(new ServiceError('forbidden', 'no')))
    expect((await post(`${url}${many}`, { ...REQUEST, evaluations: Array(100).fill({}) })).status).toBe(403)
    expect(calls.length).toBeLessThan(5)
  })

  const failing = (error: Error) => ({
    answers: {
      evaluate: () => {
        throw error
      },
    },
  })

  test('a caller who may not decide is refused as a whole', async () => {
    const { url } = await start(failing(new ServiceError('forbidden', 'no')))
    expect((await post(`${url}${many}`, { ...defaults, evaluations: [item('read')] })).status).toBe(403)
  })

  test('a failing item is false, tells nothing, and is logged', async () => {
    const { url, log } = await start(failing(new Error('secret')))
    const { text, body } = await post(`${url}${many}`, { ...defaults, evaluations: [item('read')] })
    expect([body.evaluations[0].decision, body.evaluations[0].context.error.status]).toEqual([false, 500])
    expect(text).not.toContain('secret')
    expect(log).toHaveLength(1)
  })
})

describe('metadata', () => {
  test('names the endpoints where the listener is', async () => {
    const { url } = await start()
    expect((await get(`${url}/.well-known/authzen-configuration`)).body).toEqual({
      policy_decision_point: url,
      access_evaluation_endpoint: `${url}${one}`,
      access_evaluations_endpoint: `${url}${many}`,
    })
  })

  test('names the public URL, also under its own well-known path', async () => {
    const { url } = await start({ config: { public_url: 'https://pdp.example/tenant1/' } })
    const { body } = await get(`${url}/.well-known/authzen-configuration/tenant1`)
    expect(body.policy_decision_point).toBe('https://pdp.example/tenant1')
    expect(body.access_evaluation_endpoint).toBe(`https://pdp.example/tenant1${one}`)
    expect((await get(`${url}/.well-known/authzen-configuration/tenant2`)).status).toBe(404)
  })
})
