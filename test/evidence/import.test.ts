import { generateKeyPairSync, sign } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { IMPORT_BYTES_MAX } from '../../src/evidence/import/import-history.ts'
import { IMPORT_LINES_MAX } from '../../src/evidence/import/lines.ts'
import { type ImportKey, ImportKeys } from '../../src/evidence/import/settings.ts'
import { administrator, inTenant, operator } from '../support/callers.ts'
import { START_MS, testService } from '../support/test-service.ts'
import { scene, stateOf } from './server.ts'

const DAY_MS = 86_400_000
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
const importKeys: readonly ImportKey[] = [
  { id: 'of-rsa', public_key: other },
  { id: 'history', public_key: pem },
]
const LAYERS = ['identity', 'behaviour', 'context', 'outcome']

const line = (more: object = {}) => ({
  agent: 'coding-agent',
  scope: 'source_control:full',
  layer: 'outcome',
  polarity: 'positive',
  event_time: new Date(START_MS).toISOString(),
  ...more,
})
const fileOf = (lines: readonly unknown[]) => new TextEncoder().encode(lines.map((each) => JSON.stringify(each)).join('\n'))
const signed = (bytes: Uint8Array) => ({ bytes, signature: sign(null, bytes, privateKey) })
const many = (count: number, more: object = {}) =>
  LAYERS.flatMap((layer) => Array.from({ length: count }, () => line({ layer, ...more })))

describe('a signed history', () => {
  test('lifts every layer to the limit at most, refreshes nothing, and moves no rung', async () => {
    const { service } = await testService({ importKeys })
    const answer = await service.importHistory(administrator, signed(fileOf(many(400))))
    expect(answer).toMatchObject({ key: 'history', lines: 1_600, duplicate: false })
    for (const { good, good_given } of answer.totals)
      expect([good.toFixed(2), good_given.toFixed(2)]).toEqual(['45.43', '120.00'])
    const { scopes } = await service.agentTrust(administrator, 'coding-agent')
    expect(scopes).toMatchObject([{ score: 0, level_granted: 0, ladder: { k: 0, e: 0 }, freshness: { tp_ms: null } }])
  })

  test('is taken only from a key that may sign for the tenant', async () => {
    const file = signed(fileOf([line()]))
    const keyFor = (tenants: readonly string[]) => [{ id: 'history', public_key: pem, tenants: [...tenants] }]
    const { service } = await testService({ importKeys: keyFor(['acme']) })
    await expect(service.importHistory(administrator, file)).rejects.toMatchObject({ code: 'bad_request' })
    await expect(service.importHistory(inTenant(administrator, 'acme'), file)).resolves.toMatchObject({ key: 'history' })
    const { service: ours } = await testService({ importKeys: keyFor(['default']) })
    await expect(ours.importHistory(administrator, file)).resolves.toMatchObject({ key: 'history' })
  })

  test('with one fresh success is worth L2 at most, in however many scopes, and still no rung', async () => {
    const { service, write } = await testService({ importKeys })
    const scopes = ['source_control:full', 'source_control:light', 'file_operations:full', 'file_operations:light']
    await service.importHistory(administrator, signed(fileOf(scopes.flatMap((scope) => many(400, { scope })))))
    for (const layer of ['identity', 'behaviour', 'context', 'outcome'] as const)
      await write([
        {
          ...{ kind: 'evidence', agent: 'coding-agent', scope: 'source_control:full', layer, polarity: 'positive', weight: 0.35 },
          ...{ kappa: 0, event_time_ms: START_MS, verifier: 'v', counts: layer === 'outcome', self_flagged: false, blast: 0 },
        } as never,
      ])
    const view = (await service.agentTrust(administrator, 'coding-agent')).scopes.find(
      ({ scope }) => scope === 'source_control:full',
    )
    expect(view?.score).toBeGreaterThan(0.5)
    expect(view?.score).toBeLessThan(0.7)
    expect(view?.level_effective).toBe(0)
  })

  test('weighs each line by its age and by what was at stake', async () => {
    const { service } = await testService({ importKeys })
    const close = (value: number): unknown => expect.closeTo(value, 9)
    const old = { event_time: new Date(START_MS - 60 * DAY_MS).toISOString() }
    const lines = [
      line(old),
      line({ stake: 'read' }),
      line({ polarity: 'negative', severity: 'moderate' }),
      line({ polarity: 'negative' }),
    ]
    const { totals } = await service.importHistory(administrator, signed(fileOf(lines)))
    expect(totals).toEqual([
      {
        agent: 'coding-agent',
        scope: 'source_control:full',
        layer: 'outcome',
        good: close(0.225),
        good_given: close(0.225),
        bad: 1.5,
      },
    ])
  })

  test('of failures takes away a level whose ground it takes', async () => {
    const { service, earn } = await testService({ importKeys })
    await earn('coding-agent', 'source_control:full', 3)
    const { changes } = await service.importHistory(
      administrator,
      signed(fileOf(Array.from({ length: 100 }, () => line({ polarity: 'negative', severity: 'critical' })))),
    )
    expect(changes).toMatchObject([{ kind: 'demoted', scope: 'source_control:full', from: 3 }])
  })

  test('twice is one', async () => {
    const { service, store } = await testService({ importKeys })
    const first = await service.importHistory(administrator, signed(fileOf([line()])))
    const [size, before] = [store.size(), await stateOf(store)]
    expect(await service.importHistory(administrator, signed(fileOf([line()])))).toEqual({ ...first, duplicate: true })
    expect([store.size(), await stateOf(store)]).toEqual([size, before])
  })

  test('is kept in its record, sealed, and told in the history of the agent', async () => {
    const { service, store, earn } = await testService({ importKeys })
    const answer = await service.importHistory(administrator, signed(fileOf([line()])))
    const record = await store.read([], (view) => view.record('default', answer.record_id))
    expect(record?.record.body).toMatchObject({ verb: 'import_trust', lines: 1, detail: JSON.stringify(line()) })
    await earn('coding-agent', 'source_control:full', 1)
    const failed = await service.importHistory(administrator, signed(fileOf([line({ polarity: 'negative' })])))
    const { points } = await service.trustHistory(administrator, 'coding-agent', { limit: 10 })
    const point = points.find(({ cause }) => cause?.record_id === failed.record_id)
    expect(point).toMatchObject({ cause: { class: 'import', actor: 'person:ada' } })
  })

  test.each<[string, readonly unknown[], readonly string[]]>([
    [
      'an agent that is nowhere',
      [line(), line({ agent: 'codng-agent' })],
      ['line 2: there is no agent "codng-agent"', 'coding-agent'],
    ],
    ['a scope without an action', [line({ scope: 'nothing:full' })], ['line 1: no action has the scope']],
    ['a time in the future', [line({ event_time: '2027-01-01T00:00:00Z' })], ['line 1: event_time is in the future']],
    ['a time before 1970', [line({ event_time: '1960-01-01T00:00:00Z' })], ['line 1: event_time is before 1970']],
    ['a success with a severity', [line({ severity: 'minor' })], ['line 1: severity']],
    ['a member that nobody knows', [line({ weight: 1 })], ['line 1: the line']],
    ['what is no object', [7, line()], ['line 1:']],
    ['an id twice', [line({ id: 'a' }), line({ id: 'a' })], ['line 2: the id "a" is there twice']],
    ['many wrong lines', Array.from({ length: 30 }, () => 7), ['line 20:', 'and 10 more']],
    ['nothing', [], ['the history is empty']],
  ])('with %s is refused by its lines, and nothing is taken', async (_what, lines, texts) => {
    const { service, store } = await testService({ importKeys })
    const [size, before] = [store.size(), await stateOf(store)]
    const error: unknown = await service.importHistory(administrator, signed(fileOf(lines))).catch((refusal: unknown) => refusal)
    expect(error).toMatchObject({ code: 'bad_request' })
    for (const text of texts) expect((error as Error).message).toContain(text)
    expect([store.size(), await stateOf(store)]).toEqual([size, before])
  })

  test('that is not UTF-8 or not JSON is refused by its lines; empty lines are none', async () => {
    const { service } = await testService({ importKeys })
    const bytes = Buffer.concat([fileOf([line()]), Buffer.from('\n\n'), Buffer.from([0xff]), Buffer.from('\n{')])
    await expect(service.importHistory(administrator, signed(bytes))).rejects.toThrow(/^line 3: .*line 4: /u)
  })

  test.each([
    ['bytes', new Uint8Array(IMPORT_BYTES_MAX + 1)],
    ['lines', new TextEncoder().encode('7\n'.repeat(IMPORT_LINES_MAX + 1))],
    ['scopes', fileOf(Array.from({ length: 201 }, (_, index) => line({ scope: `s${index}:full` })))],
  ])('with too many %s is refused', async (what, bytes) => {
    const { service, write } = await testService({ importKeys })
    if (what === 'scopes')
      for (let from = 0; from < 201; from += 50)
        await write(
          Array.from({ length: Math.min(50, 201 - from) }, (_, index) => ({
            ...({ kind: 'import', agent: 'coding-agent', layer: 'outcome', good: 0, bad: 0, at_ms: START_MS } as const),
            scope: `s${from + index}:full`,
          })),
        ).catch(() => undefined)
    await expect(service.importHistory(administrator, signed(bytes))).rejects.toMatchObject({
      code: what === 'scopes' ? expect.stringMatching(/bad_request|too_large/u) : 'too_large',
    })
  })

  test('is refused with another signature, a changed byte, no keys, no role, or an unsteady clock', async () => {
    const { service, clock } = await testService({ importKeys })
    const file = signed(fileOf([line()]))
    const changed = { ...file, bytes: fileOf([line({ polarity: 'negative' })]) }
    await expect(service.importHistory(administrator, changed)).rejects.toThrow('signature is of none')
    await expect(service.importHistory(operator, file)).rejects.toMatchObject({ code: 'forbidden' })
    clock.step(false)
    await expect(service.importHistory(administrator, file)).rejects.toMatchObject({ code: 'not_ready' })
    const { service: without } = await testService()
    await expect(without.importHistory(administrator, file)).rejects.toThrow('no key is configured')
    const { service: broken } = await testService({ importKeys: [{ id: 'x', public_key: 'none' }] })
    await expect(broken.importHistory(administrator, file)).rejects.toThrow('signature is of none')
  })
})

describe('POST /api/v1/trust/import', () => {
  test('takes the file as it is, with its signature in a header', async () => {
    const at = await scene({ importKeys })
    const { bytes, signature } = signed(fileOf([line(), line({ layer: 'identity' })]))
    const text = new TextDecoder().decode(bytes)
    const headers = { 'content-type': 'application/x-ndjson', 'gradus-signature': signature.toString('base64') }
    const { status, body } = await at.send('administrator', '/trust/import', text, headers)
    expect([status, body.lines, body.key]).toEqual([200, 2, 'history'])
    expect((await at.send('operator', '/trust/import', text, headers)).status).toBe(403)
    const wrong = await at.send('administrator', '/trust/import', text, { ...headers, 'gradus-signature': 'AA==' })
    expect(wrong).toMatchObject({ status: 400, body: { detail: expect.stringContaining('Gradus-Signature') } })
  })
})

test('keys have ids of their own, and are public keys in PEM', () => {
  const key = { id: 'a', public_key: pem }
  expect(ImportKeys.safeParse([key, key]).error?.issues[0]?.path).toEqual([1, 'id'])
  expect(ImportKeys.safeParse([{ id: 'a', public_key: 'MCow' }]).success).toBe(false)
  expect(ImportKeys.parse(undefined)).toEqual([])
})
