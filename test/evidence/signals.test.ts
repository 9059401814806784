import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { createFindings } from '../../src/audit/verify-findings.ts'
import { createStateCheck } from '../../src/audit/verify-state.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import { DOCUMENT_KINDS } from '../../src/ledger/documents/documents.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { boundsKey, sessionKey } from '../../src/ledger/keys.ts'
import type { Store } from '../../src/ledger/store.ts'
import { ANY_SIGNAL_CLASSES, STATE_CLASSES } from '../../src/model/signal-classes.ts'
import { request } from '../support/callers.ts'
import { HOUR_MS, START_MS } from '../support/test-service.ts'
import { type Name, scene, type Scene, stateOf } from './server.ts'

const AGENT = 'support-agent'
const iso = (ms: number): string => new Date(ms).toISOString()

async function agentOf({ store }: Scene) {
  const key = { kind: 'agent', tenant: 'default', id: AGENT } as const
  return store.read([key], (view) => view.document(key))
}
async function sessionOf({ store }: Scene, session: string) {
  const key = sessionKey('default', AGENT, session)
  return store.read([key], (view) => view.document(key))
}
async function postureOf({ store }: Scene) {
  const key = boundsKey('default', AGENT)
  return (await store.read([key], (view) => view.document(key)))?.posture
}
async function decided(at: Scene, agent = AGENT, action = 'read_email'): Promise<string> {
  const { body } = await at.send(
    'gateway',
    '/decisions',
    request(agent, action, action === 'read_email' ? { resource: { type: 'mailbox', id: 'support' } } : {}),
  )
  expect(body.recorded).toBe(true)
  return body.decision_id as string
}
const state = (name: string, data: object = {}, more: object = {}) => ({ class: name, agent: AGENT, data, ...more })

describe('a signal about an agent', () => {
  test.each([
    ['credential_issued', {}, { credential_issued_ms: START_MS }],
    ['credential_rotated', { issued_at: iso(START_MS - HOUR_MS) }, { credential_issued_ms: START_MS - HOUR_MS }],
    ['certificate_renewed', { not_after: iso(START_MS + HOUR_MS) }, { certificate_not_after_ms: START_MS + HOUR_MS }],
    ['workload_attested', { ok: true, until: iso(START_MS + HOUR_MS) }, { attested: { ok: true, until_ms: START_MS + HOUR_MS } }],
    ['workload_attested', { ok: false }, { attested: { ok: false } }],
    ['delegator_mfa', { ok: false }, { delegator_mfa: false }],
    ['provisioned', { owner: 'team-a', issued_at: iso(START_MS) }, { credential_issued_ms: START_MS }],
  ])('%s %j becomes its posture', async (name, data, posture) => {
    const at = await scene()
    const { status, body } = await at.send('detectors', '/signals', state(name, data))
    expect([status, body.layer, body.agent, body.duplicate]).toEqual([200, 'identity', AGENT, false])
    expect(body.did).toEqual([`posture: ${Object.keys(posture).join(', ')}`])
    expect(await postureOf(at)).toEqual(posture)
  })

  test.each([
    ['deprovisioned', 'credential_compromise', 0],
    ['revoked', 'credential_compromise', 0],
    ['canary_tripped', 'injection_confirmed', 0.2],
    ['exfiltration', 'exfiltration', 0.2],
    ['permission_escalation', 'permission_escalation', 0.2],
  ])('%s is the incident %s, once while it waits for its review', async (name, of, cap) => {
    const at = await scene()
    const first = await at.send('detectors', '/signals', state(name))
    expect(first.body.changes).toMatchObject([{ kind: 'incident_raised', class: of, cap, review: true }])
    const second = await at.send('detectors', '/signals', state(name))
    expect([second.status, second.body.changes]).toEqual([200, []])
    expect(second.body.did).toEqual([`an incident "${of}" of the agent waits for its review already`])
    expect((await agentOf(at))?.incidents).toHaveLength(1)
  })

  test('that is provisioned without more is recorded, and that is all', async () => {
    const at = await scene()
    const before = await stateOf(at.store)
    expect((await at.send('detectors', '/signals', state('provisioned', { owner: 'team-a' }))).body.did).toEqual([])
    expect(await stateOf(at.store)).toBe(before)
  })

  test('stops also one that nobody knows, when it is revoked', async () => {
    const at = await scene()
    expect((await at.send('detectors', '/signals', { class: 'revoked', agent: 'stranger' })).status).toBe(200)
  })

  test('keeps the whole event in its record, sealed', async () => {
    const at = await scene()
    const sent = state('delegator_mfa', { ok: true, detail: { issuer: 'idp' } }, { source: '/idp', id: '1' })
    const { body } = await at.send('detectors', '/signals', sent)
    const record = await at.store.read([], (view) => view.record('default', body.record_id as string))
    expect(record?.record).toMatchObject({ kind: 'signal', agent: AGENT, outcome: 'delegator_mfa', body: { signal: sent } })
    expect(await at.store.erase([body.leaf_index as number], ['/body/signal'])).toBe(1)
  })
})

describe('a signal about a session', () => {
  test('risk only lowers: high stays when low or medium follows', async () => {
    const at = await scene()
    for (const level of ['medium', 'high', 'low', 'medium'])
      await at.send('detectors', '/signals', state('session_risk', { session: 's', level }))
    expect((await sessionOf(at, 's'))?.caps).toEqual([{ source: 'session:risk', value: 0.49 }])
  })

  test('risk that is low bounds nothing', async () => {
    const at = await scene()
    expect((await at.send('detectors', '/signals', state('session_risk', { session: 's', level: 'low' }))).body.did).toEqual([])
    expect(await sessionOf(at, 's')).toBeUndefined()
  })

  test('the output of another agent is remembered', async () => {
    const at = await scene()
    await at.send('detectors', '/signals', state('used_output_of', { session: 's', agent: 'research-agent' }))
    expect((await sessionOf(at, 's'))?.used).toEqual(['research-agent'])
  })
})

describe('an indicator of injection', () => {
  const send = (at: Scene, data: object, who: Name = 'detectors') => at.send(who, '/signals', state('injection_indicator', data))

  test.each([
    [{ confidence: 0.8, found_in: 'arguments' }, 'injection_suspected', 0.4],
    [{ confidence: 1, found_in: 'behaviour', session: 's' }, 'injection_suspected', 0.4],
    [{ confidence: 0.1, found_in: 'output', session: 's', confirmed: true }, 'injection_confirmed', 0.2],
    [{ confidence: 0.79, found_in: 'arguments' }, 'injection_weak', 0.69],
    [{ confidence: 0.5, found_in: 'behaviour' }, 'injection_weak', 0.69],
  ])('%j is the incident %s of the agent', async (data, of, cap) => {
    const at = await scene()
    const { body } = await send(at, data)
    expect(body.changes).toMatchObject([{ kind: 'incident_raised', class: of, cap }])
  })

  test.each([0.8, 0.79, 0.5])(
    'of confidence %d in the output of a tool lowers the session, caps no score, and leaves the agent',
    async (confidence) => {
      const at = await scene()
      const { body } = await send(at, { confidence, found_in: 'output', session: 's' })
      expect(body.did).toEqual(['in the session a person is asked before anything is written or reaches outside'])
      expect(await sessionOf(at, 's')).toMatchObject({
        caps: [],
        injections: [
          { record_id: body.record_id, by: 'credential:detectors', confidence, action: null, everywhere_until_ms: null },
        ],
      })
      expect(await agentOf(at)).toBeUndefined()
    },
  )

  test.each(['arguments', 'output'])('below one half in %s is recorded, and that is all', async (found_in) => {
    const at = await scene()
    const before = await stateOf(at.store)
    expect((await send(at, { confidence: 0.499, found_in, session: 's' })).status).toBe(200)
    expect(await stateOf(at.store)).toBe(before)
  })

  test('in output, seen by a second source within the hour, is the incident of the agent', async () => {
    const at = await scene()
    const data = { confidence: 0.9, found_in: 'output', session: 's' }
    await send(at, data)
    at.clock.advance(HOUR_MS)
    expect((await send(at, data, 'second')).body.changes).toMatchObject([{ class: 'injection_suspected', cap: 0.4 }])
  })

  test.each([
    ['by the same source', 'detectors', 's', 0],
    ['in another session', 'second', 't', 0],
    ['after more than an hour', 'second', 's', HOUR_MS + 1],
  ] as const)('in output, seen again %s, caps no agent', async (_how, who, session, wait) => {
    const at = await scene()
    await send(at, { confidence: 0.9, found_in: 'output', session: 's' })
    at.clock.advance(wait)
    expect((await send(at, { confidence: 0.9, found_in: 'output', session }, who)).body.changes).toEqual([])
  })

  test('that is weak weighs two units in the scope of its decision, in one record with the incident', async () => {
    const at = await scene()
    await at.earn(AGENT, 'email:light', 3)
    const decision_id = await decided(at)
    const size = at.store.size()
    const { body } = await send(at, { confidence: 0.6, found_in: 'arguments', decision_id })
    expect(at.store.size()).toBe(size + 1)
    expect(body).toMatchObject({ decision_id, agent: AGENT, changes: [{ kind: 'incident_raised', class: 'injection_weak' }] })
    const record = await at.store.read([], (view) => view.record('default', body.record_id as string))
    const evidence = record?.record.effects.find(({ kind }) => kind === 'evidence')
    expect(evidence).toMatchObject({ layer: 'behaviour', polarity: 'negative', kappa: 2 })
  })

  test('that is weak and about a decision that cannot be judged is an incident all the same', async () => {
    const at = await scene()
    const { body: denied } = await at.send('gateway', '/decisions', request(AGENT, 'wire_transfer'))
    const { body } = await send(at, { confidence: 0.6, found_in: 'arguments', decision_id: denied.decision_id })
    expect(body.changes).toMatchObject([{ class: 'injection_weak' }])
  })

  test('names a decision of its agent', async () => {
    const at = await scene()
    const decision_id = await decided(at, 'coding-agent', 'read_file')
    expect((await send(at, { confidence: 0.6, found_in: 'arguments', decision_id })).status).toBe(400)
    expect((await send(at, { confidence: 0.6, found_in: 'arguments', decision_id: 'none' })).status).toBe(404)
  })
})

describe('a signal about a decision', () => {
  test('in the plain form without an id is answered with the evidence that it was', async () => {
    const at = await scene()
    const decision_id = await decided(at)
    const { status, body } = await at.send('detectors', '/signals', { decision_id, layer: 'behaviour', class: 'clean' })
    expect([status, body.decision_id, typeof body.counted]).toEqual([200, decision_id, 'boolean'])
    const event_time = iso(at.clock.nowMs()).replace('Z', '+00:00')
    const again = await at.send('detectors', '/signals', { decision_id, layer: 'context', class: 'clean', event_time })
    expect(again.body).toHaveProperty('trust_after')
  })

  test('with an id is counted once, and the same again is answered alike without a record', async () => {
    const at = await scene()
    const decision_id = await decided(at)
    const sent = { decision_id, layer: 'behaviour', class: 'anomalous', source: '/d', id: '1' }
    const first = await at.send('detectors', '/signals', sent)
    expect(first).toMatchObject({ status: 200, body: { class: 'anomalous', layer: 'behaviour', duplicate: false } })
    const [size, before] = [at.store.size(), await stateOf(at.store)]
    const again = await at.send('detectors', '/signals', Object.fromEntries(Object.entries(sent).reverse()))
    expect(again).toEqual({ status: 200, body: { ...first.body, duplicate: true } })
    expect([at.store.size(), await stateOf(at.store)]).toEqual([size, before])
  })

  test('under a new id, but said by this source already, leaves its id behind and nothing else', async () => {
    const at = await scene()
    const decision_id = await decided(at)
    const sent = { decision_id, layer: 'behaviour', class: 'anomalous', source: '/d' }
    await at.send('detectors', '/signals', { ...sent, id: '1' })
    const before = await agentOf(at)
    const second = await at.send('detectors', '/signals', { ...sent, id: '2' })
    expect(second).toMatchObject({ status: 200, body: { duplicate: false, changes: [] } })
    expect(await agentOf(at)).toEqual(before)
    expect((await at.send('detectors', '/signals', { ...sent, id: '2' })).body).toEqual({ ...second.body, duplicate: true })
  })

  test('may be an outcome, by a verifier with that layer', async () => {
    const at = await scene()
    const decision_id = await decided(at)
    const sent = { decision_id, class: 'failed', result: { error: 'timeout' }, source: '/ci', id: '1' }
    const { status, body } = await at.send('checks', '/signals', sent)
    expect([status, body.layer, body.class]).toEqual([200, 'outcome', 'failed'])
    expect(body.did[0]).toContain('evidence: negative')
    expect((await at.send('detectors', '/signals', { ...sent, id: '2' })).status).toBe(403)
  })
})

describe('an id that was used for something else', () => {
  test('is refused with 409, told to the outside, counted, and changes no state', async () => {
    const at = await scene()
    const sent = state('workload_attested', { ok: false }, { source: '/spire', id: '1' })
    const { body: first } = await at.send('detectors', '/signals', sent)
    const before = await stateOf(at.store)
    const { status, body } = await at.send('detectors', '/signals', { ...sent, data: { ok: true } })
    expect([status, body.code]).toEqual([409, 'conflict'])
    expect(await stateOf(at.store)).toBe(before)
    const [last] = await at.store.query({ newestFirst: true, limit: 1 })
    expect(last === undefined ? [] : eventsOf(last)).toMatchObject([
      { type: 'signal.conflict', data: { conflict: { source: '/spire', id: '1', first_record: first.record_id } } },
    ])
    expect(await at.metrics()).toContain('gradus_signals_total{class="workload_attested",layer="identity",result="conflict"} 1')
  })

  test('is one of its credential, source and id alone', async () => {
    const at = await scene()
    const sent = state('canary_tripped', {}, { source: '/a', id: '1' })
    expect((await at.send('detectors', '/signals', sent)).body.duplicate).toBe(false)
    expect((await at.send('second', '/signals', { ...sent, data: { session: 's' } })).body.duplicate).toBe(false)
    expect((await at.send('detectors', '/signals', { ...sent, source: '/b', data: { session: 's' } })).body.duplicate).toBe(false)
  })

  test('is remembered longer than an event may be old', async () => {
    const at = await scene()
    const sent = state('delegator_mfa', { ok: true }, { source: '/idp', id: '1' })
    await at.send('detectors', '/signals', sent)
    at.clock.advance(30 * 24 * HOUR_MS)
    expect((await at.send('detectors', '/signals', sent)).body.duplicate).toBe(true)
    expect((await at.send('detectors', '/signals', { ...sent, data: { ok: false } })).status).toBe(409)
  })

  test('sent many times at once counts once', async () => {
    const at = await scene()
    const decision_id = await decided(at)
    const size = at.store.size()
    const sent = { decision_id, layer: 'behaviour', class: 'violating', source: '/d', id: '1' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => at.send('detectors', '/signals', sent)))
    expect(answers.map(({ body }) => body.duplicate).filter((each) => each === false)).toHaveLength(1)
    expect(new Set(answers.map(({ body }) => body.record_id)).size).toBe(1)
    expect(at.store.size()).toBe(size + 1)
  })
})

describe('a verifier who may speak of some agents and classes only', () => {
  test('may not speak of others as an outcome either', async () => {
    const at = await scene()
    const [own, other] = [await decided(at), await decided(at, 'coding-agent')]
    const size = at.store.size()
    for (const path of ['/outcomes', '/signals'])
      for (const [report, limit] of [
        [{ decision_id: other, class: 'failed' }, 'signal_agents'],
        [{ decision_id: own, class: 'validated' }, 'signal_classes'],
      ] as const) {
        const { status, body } = await at.send('narrow', path, report)
        expect([path, status, body.fix]).toEqual([path, 403, expect.stringContaining(limit)])
      }
    expect(at.store.size()).toBe(size)
    expect((await at.send('narrow', '/outcomes', { decision_id: own, class: 'failed' })).status).toBe(200)
  })
})

describe('bad input is a clear refusal and changes nothing', () => {
  const old = iso(START_MS - 7 * 24 * HOUR_MS - 1)
  const soon = iso(START_MS + 5_001)
  const origin = { source: '/d', id: '1' }
  test.each<[string, Name, unknown, number, string]>([
    ['an unknown class', 'detectors', state('session_rsk'), 400, 'did you mean \\"session_risk\\"'],
    ['no class', 'detectors', { agent: AGENT }, 400, '/class'],
    [
      'an agent that is nowhere',
      'detectors',
      { ...state('exfiltration'), agent: 'suport-agent' },
      400,
      'did you mean \\"support-agent\\"',
    ],
    ['the wrong layer for the source', 'second', state('delegator_mfa', { ok: true }), 403, 'may not write the layer'],
    ['a class that the source may not send', 'directory', state('delegator_mfa', { ok: true }), 403, 'signal_classes'],
    [
      'an agent that the source may not speak of',
      'directory',
      { class: 'revoked', agent: 'research-agent' },
      403,
      'signal_agents',
    ],
    ['no role', 'gateway', state('exfiltration'), 403, 'may not'],
    [
      'a number that is not finite',
      'detectors',
      '{"class":"injection_indicator","agent":"support-agent","data":{"confidence":1e999,"found_in":"arguments"}}',
      400,
      'number',
    ],
    [
      'a number beyond its range',
      'detectors',
      state('injection_indicator', { confidence: 1.1, found_in: 'arguments' }),
      400,
      '/data/confidence',
    ],
    [
      'an indicator in output without its session',
      'detectors',
      state('injection_indicator', { confidence: 1, found_in: 'output' }),
      400,
      '/data/session',
    ],
    ['a member that nobody knows', 'detectors', state('exfiltration', { extra: 1 }), 400, '/data'],
    ['a time in the future', 'detectors', state('exfiltration', {}, { event_time: soon }), 400, 'in the future'],
    ['an ancient time', 'detectors', state('exfiltration', {}, { event_time: old }), 400, '7 days'],
    ['a time that is none', 'detectors', state('exfiltration', {}, { event_time: 'yesterday' }), 400, '/event_time'],
    ['a credential from the future', 'detectors', state('credential_rotated', { issued_at: soon }), 400, 'issued_at'],
    [
      'a certificate of before 1970',
      'detectors',
      state('certificate_renewed', { not_after: '1969-12-31T00:00:00Z' }),
      400,
      'not_after',
    ],
    ['an id without a source', 'detectors', state('exfiltration', {}, { id: '1' }), 400, '/source'],
    ['a source without an id', 'detectors', state('exfiltration', {}, { source: '/d' }), 400, '/id'],
    [
      'a decision that is none',
      'detectors',
      { decision_id: 'none', layer: 'context', class: 'clean', ...origin },
      404,
      'no decision',
    ],
    ['a judgement without a layer', 'detectors', { decision_id: 'none', class: 'clean', ...origin }, 400, '/layer'],
    [
      'an outcome in another layer',
      'checks',
      { decision_id: 'none', class: 'failed', layer: 'context', ...origin },
      400,
      '/layer',
    ],
    ['what is no object', 'detectors', '[]', 400, '/class'],
    ['what is no JSON', 'detectors', '{', 400, 'line 1'],
  ])('%s', async (_what, who, body, status, text) => {
    const at = await scene()
    const [size, before] = [at.store.size(), await stateOf(at.store)]
    const answer = await at.send(who, '/signals', body)
    expect(answer.status, JSON.stringify(answer.body)).toBe(status)
    expect(JSON.stringify(answer.body)).toContain(text)
    expect([at.store.size(), await stateOf(at.store)]).toEqual([size, before])
  })

  test('the bounds of time themselves are accepted', async () => {
    const at = await scene()
    for (const ms of [START_MS + 5_000, START_MS - 7 * 24 * HOUR_MS])
      expect((await at.send('detectors', '/signals', state('delegator_mfa', { ok: true }, { event_time: iso(ms) }))).status).toBe(
        200,
      )
  })

  test('while the clock is not steady, nothing is taken', async () => {
    const at = await scene()
    at.clock.step(false)
    expect((await at.send('detectors', '/signals', state('exfiltration'))).status).toBe(503)
  })

  test('a decision of an agent that the source may not speak of', async () => {
    const at = await scene()
    const decision_id = await decided(at, 'coding-agent', 'read_file')
    const only = { roles: ['signal_source'] as const, layers: ['behaviour'] as const, signal_agents: ['support-*'] }
    const who = { tenant: 'default', credential: 'only', ...only, roles: [...only.roles], layers: [...only.layers] }
    const caller = { ...who, human_subject_types: [], supported_obligations: [], verified_facts: [], trusted_composition: false }
    const report = { decision_id, layer: 'behaviour', class: 'clean' } as const
    await expect(at.service.reportSignal(caller, report)).rejects.toMatchObject({ code: 'forbidden' })
    const allowed = await at.service.reportSignal({ ...caller, signal_agents: ['coding-agent'] }, report)
    expect(allowed.decision_id).toBe(decision_id)
  })

  test('any JSON at all is answered below 500', async () => {
    const at = await scene()
    const word = fc.constantFrom(...ANY_SIGNAL_CLASSES, AGENT, 'output', 'high', iso(START_MS), 's')
    const data = fc.dictionary(
      fc.constantFrom(
        'session',
        'level',
        'agent',
        'ok',
        'until',
        'issued_at',
        'not_after',
        'confidence',
        'found_in',
        'decision_id',
        'layer',
        'detail',
      ),
      fc.oneof(word, fc.double(), fc.boolean(), fc.jsonValue()),
    )
    const body = fc.record(
      {
        class: fc.oneof(word, fc.jsonValue()),
        type: word.map((name) => `gradus.signal.${name}`),
        agent: fc.constantFrom(AGENT, 'nobody'),
        subject: fc.oneof(fc.constant(AGENT), fc.jsonValue()),
        data: fc.oneof(data, fc.jsonValue()),
        specversion: fc.constantFrom('1.0', '0.3'),
        source: word,
        id: word,
        time: word,
        event_time: word,
      },
      { requiredKeys: [] },
    )
    const type = fc.constantFrom('application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json')
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, fc.jsonValue(), fc.array(body, { maxLength: 4 })), type, async (sent, contentType) => {
        const { status } = await at.send('detectors', '/signals', sent, { 'content-type': contentType })
        expect(status).toBeLessThan(500)
      }),
      { numRuns: 300 },
    )
  })
})

test('a log full of signals makes the same state again', async () => {
  const at = await scene()
  await at.earn(AGENT, 'email:light', 3)
  const decision_id = await decided(at)
  const data: Readonly<Record<string, object>> = {
    credential_rotated: { issued_at: iso(START_MS) },
    certificate_renewed: { not_after: iso(START_MS) },
    workload_attested: { ok: true },
    delegator_mfa: { ok: true },
    session_risk: { session: 's', level: 'high' },
    used_output_of: { session: 's', agent: 'coding-agent' },
    injection_indicator: { confidence: 0.6, found_in: 'arguments', decision_id },
  }
  for (const [index, name] of STATE_CLASSES.entries())
    expect((await at.send('detectors', '/signals', state(name, data[name], { source: '/d', id: String(index) }))).status).toBe(
      200,
    )
  for (const layer of ['identity', 'behaviour', 'context'])
    await at.send('detectors', '/signals', { decision_id, layer, class: 'clean', source: '/d', id: layer })
  await at.send('detectors', '/signals', state('revoked', { detail: 1 }, { source: '/d', id: '0' }))
  for (const who of ['detectors', 'second'] as const)
    await at.send(who, '/signals', state('injection_indicator', { confidence: 0.9, found_in: 'output', session: 't' }))
  expect(await differencesOf(at.store)).toEqual([])
})

/** What differs between what is stored and what the records make. */
async function differencesOf(store: Store): Promise<readonly unknown[]> {
  const findings = createFindings()
  const check = createStateCheck(project, findings)
  for (const { leafIndex, record } of await store.query({ limit: 1_000 })) check.apply(leafIndex, record)
  const keys = await Promise.all(
    DOCUMENT_KINDS.map(async (kind) => (await store.list(kind, 'default')).map((id) => ({ kind, tenant: 'default', id }))),
  )
  const stored = await store.read(keys.flat(), (view) =>
    keys.flat().map((key) => ({ key, text: JSON.stringify(view.document(key)) })),
  )
  const constants = await store.read([], (view) => JSON.stringify(view.constants()))
  check.compare(stored, constants)
  check.close()
  return findings.list
}
