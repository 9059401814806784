import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { derive } from '../../src/decisions/derive.ts'
import { ATTEMPTS_MAX } from '../../src/decisions/decide-and-record.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import type { LogLine } from '../../src/decisions/opa-log/wire.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { replayDecision } from '../../src/decisions/replay.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import type { DecisionFacts } from '../../src/ledger/decision-facts.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import type { StoredRecord } from '../../src/ledger/store.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { ask, caller, gateway } from '../support/callers.ts'
import { runs } from '../support/runs.ts'
import { shippedPolicySet, START_MS, testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const CHAIN = { context: { chain: [{ type: 'agent', id: 'research-agent' }] } }
const asked = () => ask('finance-agent', 'categorise_expense', CHAIN)

const evidence = (agent: string, polarity: 'positive' | 'negative', units: number, atMs: number): Effect => ({
  kind: 'evidence',
  agent,
  scope,
  layer: 'outcome',
  polarity,
  weight: units,
  kappa: polarity === 'negative' ? units : 0,
  event_time_ms: atMs,
  verifier: 'v',
  counts: true,
  self_flagged: false,
  blast: 1,
})
const incident = (agent: string, id: string, cap: number, review: boolean): Effect => ({
  kind: 'incident',
  agent,
  incident: { id, class: cap === 0 ? 'kill_switch' : 'injection_suspected', reach: 'agent', scope: null, cap, review },
})
const agent = fc.constantFrom('finance-agent', 'research-agent')
/** What may come in between reading and writing; each knows its place, so that ids differ. */
type Strike = (place: number, atMs: number) => readonly Effect[]
const strike = fc.oneof<fc.WeightedArbitrary<Strike>[]>(
  {
    weight: 3,
    arbitrary: fc
      .tuple(agent, fc.constantFrom(0.5, 1, 5))
      .map(([of, units]) => (_place: number, atMs: number) => [evidence(of, 'negative', units, atMs)]),
  },
  { weight: 4, arbitrary: agent.map((of) => (_place: number, atMs: number) => [evidence(of, 'positive', 1, atMs)]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(agent, fc.constantFrom(0, 0.4, 0.69), fc.boolean())
      .map(([of, cap, review]) => (place: number) => [incident(of, `i${String(place)}`, cap, review)]),
  },
  {
    weight: 1,
    arbitrary: agent.map((of) => (place: number, atMs: number) => [
      {
        kind: 'contain',
        containment: { id: `c${String(place)}`, target: { kind: 'agent', agent: of }, by: 'person', reason: 'r', at_ms: atMs },
      },
    ]),
  },
)

type Struck = TestService & { readonly fresh: () => DecisionFacts | undefined; readonly writes: () => number }

/** A service whose documents change before every write of a decision, once `begin` was called. */
async function struck(strikes: readonly Strike[], who: Caller = gateway): Promise<Struck & { begin: () => void }> {
  let isOn = false
  let writes = 0
  let fresh: DecisionFacts | undefined
  const policySet = await shippedPolicySet()
  const tested: TestService = await testService({
    store: (store) => ({
      ...store,
      transact: async (touches, change) => {
        if (isOn) {
          const effects = strikes[writes % strikes.length]!(writes, tested.clock.nowMs())
          writes += 1
          await tested.write(effects)
          fresh = await store.read([], (view) =>
            gatherFacts(requestContext({ request: asked().request, caller: who, policySet, atMs: tested.clock.nowMs() }), view),
          )
        }
        return store.transact(touches, change)
      },
    }),
  })
  return { ...tested, fresh: () => fresh, writes: () => writes, begin: () => (isOn = true) }
}

describe('a decision under which facts change before every write', () => {
  it('ends, is never above what the newest facts give, and replays', async () => {
    const policySet = await shippedPolicySet()
    await fc.assert(
      fc.asyncProperty(fc.array(strike, { minLength: 1, maxLength: ATTEMPTS_MAX }), async (strikes) => {
        const tested = await struck(strikes)
        await tested.earn(['finance-agent', 'research-agent'], scope, 3)
        tested.begin()
        const answer = await tested.service.evaluate(gateway, asked())
        expect(tested.writes()).toBeLessThanOrEqual(ATTEMPTS_MAX)
        const expected = await derive({
          question: { request: asked().request, entrypoint: 'rbac/decision' },
          facts: tested.fresh()!,
          policySet,
        })
        expect(outcomeLeq(answer.outcome, expected.decision.outcome)).toBe(true)
        const stored = await tested.store.read([], (view) => view.record('default', answer.decision_id))
        expect(await replayDecision(stored!, policySet)).toEqual({ state: 'equal' })
      }),
      { ...runs(40), numRuns: 40 },
    )
  })

  it('is allowed where trust only rose meanwhile', async () => {
    const tested = await struck([(_place, atMs) => [evidence('finance-agent', 'positive', 1, atMs)]])
    await tested.earn(['finance-agent', 'research-agent'], scope, 3)
    tested.begin()
    expect(await tested.service.evaluate(gateway, asked())).toMatchObject({ decision: true, recorded: true })
    expect(tested.writes()).toBe(ATTEMPTS_MAX)
  })

  it('is denied, with the reason, where trust fell once too often', async () => {
    const tested = await struck([(_place, atMs) => [evidence('finance-agent', 'negative', 0.5, atMs)]])
    await tested.earn(['finance-agent', 'research-agent'], scope, 4)
    tested.begin()
    const answer = await tested.service.evaluate(gateway, asked())
    expect(answer.outcome).toBe('deny')
    expect(answer.reasons[0]).toContain('its trust fell while this was being decided')
    expect(START_MS).toBeLessThan(Date.parse(answer.decided_at))
  })

  it('takes the chain as it stands at last', async () => {
    const tested = await struck([
      (place, atMs) => [evidence('research-agent', 'negative', place < ATTEMPTS_MAX - 1 ? 0.5 : 40, atMs)],
    ])
    await tested.earn(['finance-agent', 'research-agent'], scope, 4)
    tested.begin()
    const answer = await tested.service.evaluate(gateway, asked())
    expect(answer.ceilings.find(({ source }) => source === 'chain')?.outcome).not.toBe('allow')
    expect(answer.decision).toBe(false)
  })
})

const uploader = caller('opa', { roles: ['log_uploader'] })

async function* uploaded(): AsyncGenerator<LogLine> {
  const value = {
    decision_id: 'one',
    timestamp: '2026-03-02T09:59:00.000Z',
    path: 'authz/allow',
    input: asked().request,
    result: true,
  }
  yield Promise.resolve({ ok: true as const, value })
}

/** Uploads one entry under which the facts change; its record, how often it was to be written, and how it replays. */
async function ingested(strikes: readonly Strike[]) {
  const tested = await struck(strikes, uploader)
  await tested.earn(['finance-agent', 'research-agent'], scope, 3)
  tested.begin()
  expect(await tested.service.ingestLog(uploader, uploaded())).toMatchObject({ recorded: 1, repeated: 0, rejected: 0 })
  const [stored] = await tested.store.query({ kinds: ['decision'], limit: 2 })
  if (stored === undefined) throw new Error('nothing is recorded')
  return { tested, stored, replayed: await replayDecision(stored, await shippedPolicySet()) }
}

const wouldOf = ({ record }: StoredRecord) => record.body['would'] as { readonly decision: { readonly outcome: Outcome } }
const nothing: Strike = () => []

describe("an entry of an OPA's decision log under which facts change before it is recorded", () => {
  it.each<[string, Strike, object, object]>([
    [
      'a containment',
      (_place, at_ms) => [
        {
          kind: 'contain',
          containment: { id: 'c', target: { kind: 'agent', agent: 'finance-agent' }, by: 'person', reason: 'stop', at_ms },
        },
      ],
      { containment: [{ kind: 'agent', by: 'person', reason: 'stop' }], trust: { level_effective: 3 } },
      { outcome: 'deny' },
    ],
    [
      'a demotion',
      () => [{ kind: 'demote', agent: 'finance-agent', scope, level: 0 }],
      { containment: [], trust: { level_granted: 0, level_effective: 0 } },
      { outcome: 'deny' },
    ],
    [
      'a kill switch for a link of the chain',
      () => [incident('research-agent', 'i', 0, true)],
      { containment: [], kill_switch: true, links: [{ level_effective: 0 }], trust: { level_effective: 3 } },
      { outcome: 'deny' },
    ],
  ])('is decided anew under %s', async (_name, strike, facts, decision) => {
    const still = await ingested([nothing])
    expect(wouldOf(still.stored).decision.outcome).toBe('allow_guarded')
    expect(still.tested.writes()).toBe(1)
    const { tested, stored, replayed } = await ingested([strike, nothing])
    expect(tested.writes()).toBe(2)
    expect(stored.record).toMatchObject({ outcome: 'allow', body: { facts, would: { decision } } })
    expect(replayed).toEqual({ state: 'equal' })
  })

  it('says of an agent whose trust fell once too often that it would have been denied, and why', async () => {
    const { tested, stored } = await ingested([(_place, atMs) => [evidence('finance-agent', 'negative', 0.5, atMs)]])
    expect(tested.writes()).toBe(ATTEMPTS_MAX)
    expect(stored.record.outcome).toBe('allow')
    expect(wouldOf(stored)).toMatchObject({ decision: { outcome: 'deny' } })
    expect(JSON.stringify(wouldOf(stored))).toContain('its trust fell while this was being decided')
  })

  it('would never have been answered above what the newest facts give, and replays', async () => {
    const policySet = await shippedPolicySet()
    const question = { request: asked().request, entrypoint: 'authz/allow', answered: { kind: 'value', value: true } } as const
    await fc.assert(
      fc.asyncProperty(fc.array(strike, { minLength: 1, maxLength: ATTEMPTS_MAX }), async (strikes) => {
        const { tested, stored, replayed } = await ingested(strikes)
        expect(tested.writes()).toBeLessThanOrEqual(ATTEMPTS_MAX)
        const expected = await derive({ question, facts: tested.fresh()!, policySet })
        expect(outcomeLeq(wouldOf(stored).decision.outcome, expected.decision.outcome)).toBe(true)
        expect(replayed).toEqual({ state: 'equal' })
      }),
      { ...runs(15), numRuns: 15 },
    )
  })
})
