import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'

import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { ServiceError } from '../../src/format/error.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import type { Store } from '../../src/ledger/store.ts'
import { type Outcome, OUTCOMES } from '../../src/model/outcome.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { verifyWhole } from '../faults/log.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { EVERY_DOING, requestOf } from '../support/arbitraries.ts'
import { caller, gateway, inTenant, operator } from '../support/callers.ts'
import { AGENT, ENGINES, notReplayed, SCOPE } from '../support/people.ts'
import { runs } from '../support/runs.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

// Grace may do all that is asked here, so that the base, which is asked about her too, lets it through.
const PEOPLE = ['bea', 'cem', 'grace', AGENT]
const ASKERS = [gateway, { ...gateway, credential: 'gateway-2' }, { ...gateway, person: 'bea' }, inTenant(gateway, 'globex')]
/** Harmless to reach, of low and of high risk, with and without a human behind it. */
const ASKED = [...EVERY_DOING.filter(({ action }) => ['categorise_expense', 'send_email'].includes(action))].flatMap((what) => [
  requestOf(what),
  requestOf(what, { context: { on_behalf_of: { type: 'user', id: 'grace' } } }),
])

/** Left as it is four times out of five. */
const mostly = <T>(other: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: other })
const nth = fc.nat(4)
const person = fc.nat(PEOPLE.length - 1)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), what: fc.nat(ASKED.length - 1), by: fc.nat(ASKERS.length - 1) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('retry' as const),
      nth,
      by: mostly(fc.nat(ASKERS.length - 1)),
      id: mostly(nth),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      nth,
      person,
      yes: fc.integer({ min: 0, max: 9 }).map((each) => each > 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), nth, person }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('override' as const),
      person,
      mail: fc.boolean(),
      minutes: fc.constantFrom(1, 30, 60),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const), nth, person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('contain' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lift' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('resume' as const), nth, person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(1, 6, 16) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('base' as const),
      outcome: fc.constantFrom<Outcome | 'policy'>('policy', 'policy', ...OUTCOMES),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A service in which people decide, and what was asked and answered so far. */
async function played(steps: readonly Step[], engine: Store, config: object = {}) {
  let base: Outcome | 'policy' = 'policy'
  const answering = (set: PolicySet): PolicySet => ({
    ...set,
    base: {
      ...set.base,
      evaluate: (entrypoint, input) =>
        base === 'policy' ? set.base.evaluate(entrypoint, input) : { kind: 'value', value: { outcome: base, reason: 'told' } },
    },
  })
  const tested = await testService({ engine, config, policySet: answering })
  const { service, clock } = tested
  await tested.earn('support-agent', 'email:full', 3)
  await tested.earn(AGENT, SCOPE, 2)
  const asked: { what: number; by: number; answer: DecisionAnswer; named: string | undefined }[] = []
  const overrides: string[] = []
  const containments: string[] = []
  const recent = <T>(from: readonly T[], at: number): T | undefined => from[from.length - 1 - (at % Math.max(1, from.length))]
  const somebody = (at: number) => caller(`${PEOPLE[at]!}-token`, { roles: ['approver'], person: PEOPLE[at] })
  const decide = async (what: number, by: number, named: string | undefined) => {
    const request = ASKED[what]!
    const again = named === undefined ? request : { ...request, context: { ...request.context, approval: named } }
    const answer = await service.evaluate(ASKERS[by]!, { request: again, protocol: 'native' })
    expect(outcomeLeq(answer.outcome, answer.base_granted)).toBe(true)
    // Only an approval that a base asks for itself lifts what it grants.
    if (answer.base_granted !== answer.base)
      expect([answer.base, answer.base_granted, named === undefined]).toEqual(['require_approval', 'allow_guarded', false])
    asked.push({ what, by, answer, named })
  }
  const act = async (each: Step): Promise<unknown> => {
    switch (each.kind) {
      case 'ask':
        return decide(each.what, each.by, undefined)
      case 'retry': {
        const waiting = asked.filter(({ answer }) => answer.approval !== null)
        const first = recent(waiting, each.nth)
        if (first === undefined) return undefined
        const named =
          each.id === undefined
            ? (first.answer.approval?.id ?? first.answer.decision_id)
            : recent(asked, each.id)?.answer.decision_id
        return decide(first.what, each.by ?? first.by, named)
      }
      case 'vote': {
        const waiting = asked.filter(({ answer }) => answer.approval?.id === answer.decision_id)
        const verdict = each.yes ? 'approve' : 'reject'
        return service.decideApproval(somebody(each.person), recent(waiting, each.nth)?.answer.decision_id ?? 'none', {
          verdict,
          reason: 'r',
        })
      }
      case 'withdraw':
        return service.withdrawApproval(somebody(each.person), recent(asked, each.nth)?.answer.decision_id ?? 'none', {})
      case 'override': {
        const of = each.mail ? { agent: 'support-agent', scope: 'email:full' } : { agent: AGENT, scope: SCOPE }
        const { override } = await service.openOverride(somebody(each.person), { ...of, minutes: each.minutes, reason: 'r' })
        return overrides.push(override.id)
      }
      case 'confirm':
        return service.confirmOverride(somebody(each.person), recent(overrides, each.nth) ?? 'none')
      case 'end':
        return service.endOverride(operator, recent(overrides, each.nth) ?? 'none')
      case 'contain':
        return containments.push((await service.contain(operator, { target: { kind: 'agent', agent: AGENT }, reason: 'r' })).id)
      case 'lift':
        return service.lift(operator, containments.pop() ?? 'none')
      case 'resume':
        return service.resumeDecision(somebody(each.person), recent(asked, each.nth)?.answer.decision_id ?? 'none', {
          reason: 'r',
        })
      case 'wait':
        clock.advance(each.minutes * 60_000)
        return undefined
      case 'expire':
        return service.expireApprovals()
      case 'base':
        return (base = each.outcome)
    }
  }
  for (const each of steps)
    await act(each).catch((error: unknown) => {
      if (!(error instanceof ServiceError)) throw error
    })
  return { tested, asked }
}

/** What the log alone says of approvals, told slowly: who asked, who said what when, what ran on it. */
async function expectHonest(
  { store }: { readonly store: Store },
  asked: readonly {
    readonly by: number
    readonly what: number
    readonly answer: DecisionAnswer
    readonly named: string | undefined
  }[],
) {
  const log = [...(await store.query({ limit: 1_000 }))]
  const ran = asked.filter(({ answer }) => answer.approval?.state === 'redeemed')
  expect(new Set(ran.map(({ answer }) => answer.approval?.id)).size).toBe(ran.length)
  for (const { answer, named, what, by } of ran) {
    expect(answer).toMatchObject({ decision: true, recorded: true })
    expect(answer.approval?.id).toBe(named)
    const first = asked.find((each) => each.answer.decision_id === named)!
    expect([first.what, first.answer.request_digest]).toEqual([what, answer.request_digest])
    expect(ASKERS[first.by]!.credential).toBe(ASKERS[by]!.credential)
    const about = log.filter(
      ({ record, leafIndex }) => record.kind === 'approval' && record.decision_id === named && leafIndex < answer.leaf_index!,
    )
    expect(about.map(({ record }) => record.body['verb'])).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/reject|withdraw|expire/u)]),
    )
    const people = new Set(about.map(({ record }) => record.user))
    expect(people.size).toBeGreaterThanOrEqual(answer.risk.band === 'high' ? 2 : 1)
    for (const asker of [
      ASKERS[by]!.person,
      ASKERS[by]!.credential,
      ASKED[what]!.subject.id,
      (ASKED[what]!.context?.['on_behalf_of'] as { id?: string } | undefined)?.id,
    ])
      expect(people.has(asker ?? null)).toBe(asker === undefined ? people.has(null) : false)
    // Whatever paused it since it was asked for, as many people resumed it afterwards.
    const isBetween = (leafIndex: number, from: number): boolean => leafIndex > from && leafIndex < answer.leaf_index!
    const pauses = log.filter(
      ({ record, leafIndex }) =>
        isBetween(leafIndex, first.answer.leaf_index!) &&
        record.effects.some(({ kind }) => kind === 'paused') &&
        record.agent === ASKED[what]!.subject.id,
    )
    for (const pause of pauses) {
      const resumed = log.filter(
        ({ record, leafIndex }) =>
          isBetween(leafIndex, pause.leafIndex) && record.body['verb'] === 'resume' && record.decision_id === named,
      )
      expect(new Set(resumed.map(({ record }) => record.user)).size).toBeGreaterThanOrEqual(answer.risk.band === 'high' ? 2 : 1)
    }
    const atMs = about.map(({ record }) => Date.parse(record.at))
    expect(Math.max(...atMs) - Date.parse(first.answer.decided_at)).toBeLessThan(15 * 60_000)
    expect(Date.parse(answer.decided_at) - Math.max(...atMs)).toBeLessThan(15 * 60_000)
  }
  for (const { answer, by, what } of asked) {
    const override = answer.ceilings.find(({ source }) => source === 'trust')?.reason.match(/^override:(.*)$/u)?.[1]
    if (override === undefined) continue
    const steps = log.filter(
      ({ record, leafIndex }) =>
        record.kind === 'operator' && leafIndex < answer.leaf_index! && JSON.stringify(record.body).includes(override),
    )
    const behind = new Set(steps.map(({ record }) => record.user))
    expect(behind.size).toBeGreaterThanOrEqual(answer.risk.band === 'high' ? 2 : 1)
    expect(steps.map(({ record }) => record.body['verb'])).not.toContain('end_override')
    expect(Date.parse(answer.decided_at) - Date.parse(steps[0]!.record.at)).toBeLessThan(60 * 60_000)
    expect(behind.has(ASKERS[by]!.person ?? null) && ASKERS[by]!.person !== undefined).toBe(false)
    expect(behind.has((ASKED[what]!.context?.['on_behalf_of'] as { id: string } | undefined)?.id ?? 'nobody')).toBe(false)
  }
}

const newDirectory = temporaryDirectories()
const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

describe('whatever people say, in whatever order', () => {
  it('no decision is above its base, and each approval was given by enough others and used once, in time, by who asked', async () => {
    let redeemed = 0
    let overridden = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
        const { tested, asked } = await played(steps, await ENGINES.memory())
        await expectHonest(tested, asked)
        redeemed += asked.filter(({ answer }) => answer.approval?.state === 'redeemed').length
        overridden += asked.filter(({ answer }) => answer.ceilings.some(({ reason }) => reason.startsWith('override:'))).length
      }),
      runs(120),
    )
    // Otherwise nothing was tried here.
    expect(redeemed).toBeGreaterThan(5)
    expect(overridden).toBeGreaterThan(5)
  })

  it.each([
    ['with everything enforced', {}],
    ['with one agent observed', { modes: [{ mode: 'observe', agent: 'support-agent' }] }],
  ])('every decision replays from its record, and the log verifies, %s', async (_what, config) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (given) => {
        const steps = given.filter(({ kind }) => kind !== 'base')
        const directory = newDirectory()
        const store = await ENGINES.sqlite(() => directory)
        const { tested } = await played(steps, store, config)
        expect(await notReplayed(tested, await shippedPolicySet(config))).toEqual([])
        await store.close()
        verifyWhole(directory)
      }),
      { ...runs(3), numRuns: 3 },
    )
  })
})
