import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { eraseRecords } from '../../src/audit/removal/erase.ts'
import { Config } from '../../src/config/config.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import { timedSteps } from '../../src/decisions/observe-decision.ts'
import { replayDecision } from '../../src/decisions/replay.ts'
import { RECORD_PARTS } from '../../src/decisions/settings.ts'
import type { StoredRecord } from '../../src/ledger/store.ts'
import { ask, gateway } from '../support/callers.ts'
import { runs } from '../support/runs.ts'
import { shippedPolicySet, type TestService, testService } from '../support/test-service.ts'

const NETWORK = { address: '192.0.2.7', user_agent: 'gateway/1.4' }
/** Medium risk, which comes with `enhanced_logging`. */
const risky = (): DecisionRequest => ({
  ...ask('support-agent', 'send_email', {
    arguments: { to: ['bea@elsewhere.example'], subject: 'hello', body: 'hello' },
    resource: { type: 'mailbox', id: 'one' },
  }),
  network: NETWORK,
})
/** Low risk. */
const plain = (): DecisionRequest => ({ ...ask('finance-agent', 'categorise_expense'), network: NETWORK })

async function recorded({ service, store }: TestService, asked: DecisionRequest): Promise<StoredRecord> {
  const { decision_id, recorded: isRecorded } = await service.evaluate(gateway, asked)
  expect(isRecorded).toBe(true)
  return (await store.read([], (view) => view.record('default', decision_id)))!
}

function without<T>(body: Readonly<Record<string, T>>, ...names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)))
}

/** The record without its explanatory parts. */
function decidingPart({ record }: StoredRecord): unknown {
  return { ...record, body: without(record.body, 'extra') }
}

describe('enhanced_logging', () => {
  it('makes the record hold what was read out of the request, the whole answer of the graduation policy, times and network', async () => {
    const { record } = await recorded(await testService(), risky())
    expect(record.body).toMatchObject({
      risk: { band: expect.stringMatching(/medium|high/u) as unknown },
      decision: { obligations: expect.arrayContaining([{ id: 'enhanced_logging', performer: 'pdp' }]) as unknown },
      detail: 'enhanced',
      extra: {
        measured: {
          recipients: { count: 1, domains: ['elsewhere.example'], new_domains: ['elsewhere.example'] },
          content: { classes: [] },
          time: { hour: 10, off_hours: false },
          records: null,
          unavailable: [],
        },
        graduation: { kind: 'value', value: expect.arrayContaining([expect.objectContaining({ source: 'trust' })]) as unknown },
        timing: { risk: 0, base: 0, graduation: 0, decide: 0 },
        network: NETWORK,
      },
    })
  })

  it('is not done without the duty: a standard record has no more than its inputs, and says so', async () => {
    const { record } = await recorded(await testService(), plain())
    expect(record.body['detail']).toBe('standard')
    expect(record.body).not.toHaveProperty('extra')
    expect(JSON.stringify(record)).not.toContain(NETWORK.address)
  })

  it('does what the configuration names for either kind of record', async () => {
    const detail = { standard: ['timing'], enhanced: ['timing', 'network'] }
    const tested = await testService({ config: { audit: { detail } } })
    const [standard, enhanced] = [await recorded(tested, plain()), await recorded(tested, risky())]
    expect(Object.keys(standard.record.body['extra'] as object)).toEqual(['timing'])
    expect(Object.keys(enhanced.record.body['extra'] as object).sort()).toEqual(['network', 'timing'])
  })

  it.each([
    [{ enhanced: [] }],
    [{ standard: ['timing'], enhanced: ['timing'] }],
    [{ standard: ['timing'], enhanced: ['network'] }],
    [{ standard: [...RECORD_PARTS] }],
  ])('is not configured away: %j is refused with its place', (detail) => {
    const parsed = Config.safeParse({ audit: { detail } })
    expect(parsed.error?.issues).toMatchObject([
      { path: ['audit', 'detail', 'enhanced'], message: expect.stringContaining('enhanced_logging would do nothing') as unknown },
    ])
  })

  it('decides nothing: whatever is configured, the rest of the record is the same byte for byte, and both kinds replay', async () => {
    const policySet = await shippedPolicySet()
    const expected = await both(await testService())
    const choices = fc
      .tuple(fc.subarray([...RECORD_PARTS], { maxLength: RECORD_PARTS.length - 1 }), fc.shuffledSubarray([...RECORD_PARTS]))
      .map(([standard, more]) => ({ standard, enhanced: [...new Set([...standard, ...more])] }))
      .filter(({ standard, enhanced }) => enhanced.length > standard.length)
    await fc.assert(
      fc.asyncProperty(choices, async (detail) => {
        const found = await both(await testService({ config: { audit: { detail } } }))
        expect(JSON.stringify(found.map(decidingPart))).toBe(JSON.stringify(expected.map(decidingPart)))
        for (const stored of found) expect(await replayDecision(stored, policySet)).toEqual({ state: 'equal' })
      }),
      runs(8),
    )
  })

  it('replays without what is only there to explain, as records from before do', async () => {
    const stored = await recorded(await testService(), risky())
    const older = { ...stored, record: { ...stored.record, body: without(stored.record.body, 'extra', 'detail') } }
    expect(await replayDecision(older, await shippedPolicySet())).toEqual({ state: 'equal' })
  })

  it('does not repeat what a mask hides', async () => {
    const pointer = { kind: 'value', value: ['/input/action/properties/arguments/to'] } as const
    const tested = await testService({
      policySet: (policySet) => ({ ...policySet, mask: { ...policySet.base, evaluate: () => pointer } }),
    })
    const stored = await recorded(tested, risky())
    expect(stored.state).toBe('masked')
    expect(JSON.stringify(stored.record.body)).not.toContain('elsewhere.example')
    expect(stored.record.body['extra']).toMatchObject({ network: NETWORK })
  })

  it('is erased with the rest: neither what was read nor the network stays', async () => {
    const tested = await testService()
    const { record } = await recorded(tested, risky())
    const order = { newId: tested.newId, at: new Date(tested.clock.nowMs()).toISOString(), actor: 'ada', reason: 'asked for' }
    await eraseRecords(tested.store, { tenant: 'default', decisionId: record.id }, order)
    const [erased] = await tested.store.query({ kinds: ['decision'], limit: 1 })
    expect(erased?.state).toBe('erased')
    expect(JSON.stringify(erased?.record)).not.toMatch(/elsewhere\.example|192\.0\.2\.7/u)
  })
})

describe('the times of a record', () => {
  it('add up what each step took, to the microsecond', async () => {
    let now = 0
    const seconds = {}
    const elapsed = (): number => (now += 0.000_123_456)
    const timed = timedSteps({ observe: () => undefined, elapsed }, { protocol: 'native' }, seconds)
    expect(timed('base', () => 7)).toBe(7)
    timed('base', () => 7)
    await timed('risk', () => Promise.resolve())
    expect(seconds).toEqual({ base: 0.000_246, risk: 0.000_123 })
  })
})

async function both(tested: TestService): Promise<readonly StoredRecord[]> {
  return [await recorded(tested, plain()), await recorded(tested, risky())]
}
