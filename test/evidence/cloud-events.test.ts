import { describe, expect, test } from 'vitest'

import { request } from '../support/callers.ts'
import { START_MS } from '../support/test-service.ts'
import { scene, stateOf } from './server.ts'

const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const BATCH = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }
const event = (more: object = {}) => ({
  specversion: '1.0',
  id: '1',
  source: '/detectors/session',
  type: 'gradus.signal.session_risk',
  subject: 'support-agent',
  time: new Date(START_MS).toISOString(),
  data: { session: 's', level: 'high' },
  ...more,
})

describe('a CloudEvent', () => {
  test('of the structured and of the binary form is the same event', async () => {
    const at = await scene()
    const sent = event({ datacontenttype: 'application/json' })
    const { status, body } = await at.send('detectors', '/signals', sent, STRUCTURED)
    expect([status, body.class, body.layer, body.did]).toEqual([
      200,
      'session_risk',
      'context',
      ['the session is capped at 0.49'],
    ])
    const headers = Object.fromEntries(
      Object.entries(sent).flatMap(([name, value]) =>
        typeof value === 'string' && name !== 'datacontenttype' ? [[`ce-${name}`, encodeURIComponent(value)]] : [],
      ),
    )
    expect((await at.send('detectors', '/signals', sent.data, headers)).body).toEqual({ ...body, duplicate: true })
  })

  test('with extensions is the same whatever traces its sending, and another when another extension changed', async () => {
    const at = await scene()
    const traced = (part: string) => event({ traceparent: `00-${part.repeat(32)}-${'1'.repeat(16)}-01`, tenantname: 'a' })
    expect((await at.send('detectors', '/signals', traced('1'), STRUCTURED)).body.duplicate).toBe(false)
    expect((await at.send('detectors', '/signals', traced('2'), STRUCTURED)).body.duplicate).toBe(true)
    expect((await at.send('detectors', '/signals', { ...traced('2'), tenantname: 'b' }, STRUCTURED)).status).toBe(409)
  })

  test('about a decision is evidence, and its agent may be named if it is right', async () => {
    const at = await scene()
    const { body } = await at.send('gateway', '/decisions', request('coding-agent', 'read_file'))
    const judged = { type: 'gradus.signal.clean', data: { decision_id: body.decision_id, layer: 'context' } }
    const named = await at.send('detectors', '/signals', event({ ...judged, id: '1', subject: 'coding-agent' }), STRUCTURED)
    expect(named).toMatchObject({ status: 200, body: { decision_id: body.decision_id, agent: 'coding-agent' } })
    const other = await at.send('detectors', '/signals', event({ ...judged, id: '2' }), STRUCTURED)
    expect(other).toMatchObject({ status: 400, body: { detail: expect.stringContaining('not one of the agent') } })
    const outcome = { type: 'gradus.signal.failed', subject: undefined, data: { decision_id: body.decision_id, result: 'none' } }
    expect((await at.send('checks', '/signals', event({ ...outcome, id: '3' }), STRUCTURED)).body.layer).toBe('outcome')
  })

  test.each<[string, object, string]>([
    ['no id', { id: undefined }, '/id'],
    ['an empty id', { id: '' }, '/id'],
    ['no source', { source: undefined }, '/source'],
    ['a source with white space', { source: 'a b' }, '/source'],
    ['no type', { type: undefined }, '/type'],
    ['a type of somebody else', { type: 'com.example.thing' }, 'gradus.signal.clean'],
    ['a class that nobody knows', { type: 'gradus.signal.session_rsk' }, 'did you mean \\"session_risk\\"'],
    ['another version', { specversion: '0.3' }, '/specversion'],
    ['a subject that is a number', { subject: 4 }, '/subject'],
    ['no subject', { subject: undefined }, 'about an agent'],
    ['a time without a zone', { time: '2026-03-02T10:00:00' }, '/time'],
    ['a time in the future', { time: '2027-03-02T10:00:00+01:00' }, 'in the future'],
    ['data that are no JSON', { datacontenttype: 'text/xml' }, '/datacontenttype'],
    ['data in Base64', { data_base64: 'AA==' }, '/data_base64'],
    ['an extension with a capital', { Tenant: 'a' }, '/Tenant'],
    ['an extension that is an object', { tenantname: {} }, '/tenantname'],
    ['data that are a list', { data: [] }, '/data'],
    ['wrong data', { data: { session: 's', level: 'huge' } }, '/data/level'],
  ])('with %s is refused with the place, and changes nothing', async (_what, more, text) => {
    const at = await scene()
    const [size, before] = [at.store.size(), await stateOf(at.store)]
    const { status, body } = await at.send('detectors', '/signals', event(more), STRUCTURED)
    expect(status, JSON.stringify(body)).toBe(400)
    expect(JSON.stringify(body)).toContain(text)
    expect([at.store.size(), await stateOf(at.store)]).toEqual([size, before])
  })

  test('of the binary form with a header that cannot be read is refused', async () => {
    const at = await scene()
    const headers = { 'ce-specversion': '1.0', 'ce-id': '%', 'ce-source': '/d', 'ce-type': 'gradus.signal.revoked' }
    expect(await at.send('detectors', '/signals', {}, headers)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('ce-id') },
    })
  })

  test('in XML is refused by its media type', async () => {
    const at = await scene()
    expect((await at.send('detectors', '/signals', '<event/>', { 'content-type': 'application/cloudevents+xml' })).status).toBe(
      415,
    )
  })
})

describe('a batch of CloudEvents', () => {
  test('is answered per item, and a bad one holds up no other', async () => {
    const at = await scene()
    const sent = [
      event({ id: '1' }),
      event({ id: '2', data: {} }),
      event({ id: '1' }),
      event({ id: '1', data: { session: 't', level: 'high' } }),
      7,
    ]
    const { status, body } = await at.send('detectors', '/signals', sent, BATCH)
    expect([status, body.accepted, body.duplicates, body.refused]).toEqual([200, 2, 1, 3])
    expect(body.items.map((each: { status: number }) => each.status)).toEqual([200, 400, 200, 409, 400])
    expect(body.items[1]).toMatchObject({ index: 1, id: '2', source: '/detectors/session', problem: { code: 'bad_request' } })
    expect(body.items[2].answer).toEqual({ ...body.items[0].answer, duplicate: true })
  })

  test('keeps the order of what is about one agent', async () => {
    const at = await scene()
    const attested = (index: number) =>
      event({ id: String(index), type: 'gradus.signal.workload_attested', data: { ok: index % 2 === 0 } })
    await at.send(
      'detectors',
      '/signals',
      Array.from({ length: 20 }, (_, index) => attested(index)),
      BATCH,
    )
    const key = { kind: 'bounds', tenant: 'default', id: 'support-agent' } as const
    expect((await at.store.read([key], (view) => view.document(key)))?.posture).toEqual({ attested: { ok: false } })
  })

  test('of a thousand events is taken, one more is too large', async () => {
    const at = await scene()
    const sent = Array.from({ length: 1_001 }, (_, index) => event({ id: String(index) }))
    expect((await at.send('detectors', '/signals', sent.slice(0, 1_000), BATCH)).body).toMatchObject({
      accepted: 1_000,
      refused: 0,
    })
    const before = await stateOf(at.store)
    expect((await at.send('detectors', '/signals', sent, BATCH)).status).toBe(413)
    expect(await stateOf(at.store)).toBe(before)
  })

  test('counts each of its events against the rate of its credential, and is refused whole', async () => {
    const at = await scene({ http: { rates: { reports: { per_second: 1, burst: 5 } } } })
    const sent = Array.from({ length: 6 }, (_, index) => event({ id: String(index) }))
    const before = await stateOf(at.store)
    // Waiting would not help: so many are never there at a time.
    const refused = await at.send('detectors', '/signals', sent, BATCH)
    expect([refused.status, refused.body.fix]).toEqual([413, expect.stringContaining('http.rates.reports.burst')])
    expect((await at.send('detectors', '/signals', sent.slice(0, 5), BATCH)).status).toBe(429)
    expect(await stateOf(at.store)).toBe(before)
    expect((await at.send('detectors', '/signals', sent.slice(0, 3), BATCH)).status).toBe(200)
  })

  test.each([
    ['an empty list', '[]', 200],
    ['no list', '{}', 400],
    ['no JSON', '[', 400],
  ])('that is %s is %s: %d', async (_what, body, status) => {
    const at = await scene()
    expect((await at.send('detectors', '/signals', body, BATCH)).status).toBe(status)
  })

  test('that cannot be written is refused whole, and may be sent again', async () => {
    const at = await scene()
    at.clock.step(false)
    expect((await at.send('detectors', '/signals', [event()], BATCH)).status).toBe(503)
    at.clock.step(true)
    expect((await at.send('detectors', '/signals', [event()], BATCH)).body).toMatchObject({ accepted: 1 })
  })
})
