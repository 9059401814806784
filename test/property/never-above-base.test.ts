import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { readBaseResult } from '../../src/pdp/base-result.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { claims, doing, hostileBase, hostileGraduation, requestOf } from '../support/arbitraries.ts'
import { anonymous, gateway, stranger } from '../support/callers.ts'
import { runs } from '../support/runs.ts'
import { scopesAskedFor, worldOf } from '../support/world.ts'

const evaluation = (value: fc.Arbitrary<unknown>): fc.Arbitrary<PolicyEvaluation> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: value.map((each): PolicyEvaluation => ({ kind: 'value', value: JSON.parse(JSON.stringify(each)) as unknown })),
    },
    { weight: 1, arbitrary: fc.constant<PolicyEvaluation>({ kind: 'undefined' }) },
    { weight: 1, arbitrary: fc.constant<PolicyEvaluation>({ kind: 'failed', cause: 'trap', message: 'unreachable' }) },
  )

/** A world of autonomous agents whose policies answer what they are told to. */
async function hostileWorld() {
  const answers: { base: PolicyEvaluation | undefined; graduation: PolicyEvaluation | undefined } = {
    base: undefined,
    graduation: undefined,
  }
  const telling = (policy: Policy, which: 'base' | 'graduation'): Policy => ({
    digest: policy.digest,
    entrypoints: policy.entrypoints,
    evaluate: (entrypoint, input) => {
      const answer = answers[which]
      return answer === undefined ? policy.evaluate(entrypoint, input) : answer
    },
    close: () => undefined,
  })
  const world = await worldOf(await scopesAskedFor(), {
    policySet: (policySet) => ({
      ...policySet,
      base: telling(policySet.base, 'base'),
      graduation: telling(policySet.graduation, 'graduation'),
    }),
  })
  return { ...world, answers }
}

let world: Awaited<ReturnType<typeof hostileWorld>>
beforeAll(async () => {
  world = await hostileWorld()
})

describe('a decision is never above the base', () => {
  it('whatever the policies answer, whoever asks, and whatever the body claims; and it is always recorded', async () => {
    const { service, answers, store } = world
    const who = fc.constantFrom(gateway, anonymous, stranger)
    await fc.assert(
      fc.asyncProperty(
        evaluation(hostileBase),
        evaluation(hostileGraduation),
        doing,
        claims,
        who,
        async (base, graduation, what, claimed, caller) => {
          Object.assign(answers, { base, graduation })
          const answer = await service.evaluate(caller, { request: requestOf(what, claimed), protocol: 'native' })
          const granted = readBaseResult(base).outcome
          expect(outcomeLeq(answer.outcome, granted)).toBe(true)
          for (const { outcome } of answer.ceilings) expect(outcomeLeq(answer.outcome, outcome)).toBe(true)
          expect(answer.decision).toBe(answer.outcome === 'allow' || answer.outcome === 'allow_guarded')
          expect(answer.recorded).toBe(true)
          const [stored] = await store.query({ newestFirst: true, limit: 1 })
          expect(stored?.record).toMatchObject({ id: answer.decision_id, outcome: answer.outcome })
        },
      ),
      runs(250),
    )
  })

  it.each<readonly [string, PolicyEvaluation]>([
    ['an empty list', { kind: 'value', value: [] }],
    ['an empty object', { kind: 'value', value: {} }],
    ['undefined', { kind: 'undefined' }],
    ['null', { kind: 'value', value: null }],
    ['true', { kind: 'value', value: true }],
    ['allow', { kind: 'value', value: 'allow' }],
    ['a failure', { kind: 'failed', cause: 'trap', message: 'unreachable' }],
    [
      'only one term',
      { kind: 'value', value: [{ source: 'trust', outcome: 'allow', reason: 'x', obligations: [], guardrails: {} }] },
    ],
  ])('a graduation bundle that answers %s raises nothing: every agent is denied', async (_what, graduation) => {
    const { service, answers } = world
    Object.assign(answers, { base: { kind: 'value', value: true }, graduation })
    await fc.assert(
      fc.asyncProperty(doing, async (what) => {
        const answer = await service.evaluate(gateway, { request: requestOf(what), protocol: 'native' })
        expect(answer.outcome).toBe('deny')
      }),
      { ...runs(10), numRuns: 10 },
    )
  })
})
