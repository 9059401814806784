import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import type { DecisionFacts } from '../../src/ledger/decision-facts.ts'
import type { StoredRecord } from '../../src/ledger/store.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import { readBaseResult } from '../../src/pdp/base-result.ts'
import { modeOfFacts } from '../../src/policy/modes.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { type ModeRule, ModeRules } from '../../src/policy/settings.ts'
import { claimedFacts, claims, type Claims, doing, hostileBase, hostileGraduation, requestOf } from '../support/arbitraries.ts'
import { anonymous, gateway, stranger } from '../support/callers.ts'
import { runs } from '../support/runs.ts'
import { testService } from '../support/test-service.ts'

const evaluation = (value: fc.Arbitrary<unknown>): fc.Arbitrary<PolicyEvaluation> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: value.map((each): PolicyEvaluation => ({ kind: 'value', value: JSON.parse(JSON.stringify(each)) as unknown })),
    },
    { weight: 1, arbitrary: fc.constant<PolicyEvaluation>({ kind: 'undefined' }) },
    { weight: 1, arbitrary: fc.constant<PolicyEvaluation>({ kind: 'failed', cause: 'trap', message: 'unreachable' }) },
  )

const MODE_WORDS = ['observe', 'enforce', { mode: 'observe' }, [{ mode: 'observe' }], true, 0, 100] as const
/** Everything in a request that looks as if it could choose a mode. */
const modeLike = fc.record(
  {
    mode: fc.constantFrom(...MODE_WORDS),
    modes: fc.constantFrom(...MODE_WORDS),
    observe: fc.constantFrom(...MODE_WORDS),
    enforce: fc.constantFrom(...MODE_WORDS),
    percent: fc.constantFrom(...MODE_WORDS),
    dry_run: fc.boolean(),
    'dry-run': fc.boolean(),
    would: fc.constantFrom(...MODE_WORDS),
    facts: claimedFacts,
  },
  { requiredKeys: [] },
)
const session = fc.option(fc.string({ maxLength: 20 }), { nil: undefined })
const withModeLike = (claimed: Claims, like: object, of: string | undefined): Claims => ({
  ...claimed,
  properties: { ...claimed.properties, ...like },
  context: { ...claimed.context, ...like, ...(of === undefined ? {} : { session: of }) },
})

async function worldUnder(modes: readonly ModeRule[]) {
  const answers: { base: PolicyEvaluation | undefined; graduation: PolicyEvaluation | undefined } = {
    base: undefined,
    graduation: undefined,
  }
  const telling = (policy: Policy, which: 'base' | 'graduation'): Policy => ({
    ...policy,
    evaluate: (entrypoint, input) => {
      const answer = answers[which]
      return answer === undefined ? policy.evaluate(entrypoint, input) : answer
    },
  })
  const tested = await testService({
    config: { modes },
    policySet: (policySet) => ({
      ...policySet,
      base: telling(policySet.base, 'base'),
      graduation: telling(policySet.graduation, 'graduation'),
    }),
  })
  const newest = async (): Promise<StoredRecord> => {
    const [stored] = await tested.store.query({ newestFirst: true, limit: 1 })
    if (stored === undefined) throw new Error('nothing is recorded')
    return stored
  }
  return { ...tested, answers, newest }
}

const modeIn = ({ record }: StoredRecord) => (record.body['facts'] as unknown as DecisionFacts).mode
const who = fc.constantFrom(gateway, anonymous, stranger)

describe('observe mode', () => {
  let world: Awaited<ReturnType<typeof worldUnder>>
  beforeAll(async () => {
    world = await worldUnder([{ mode: 'observe' }])
  })

  it('answers nothing above the base, and nothing of its own, whatever the policies answer and the request says', async () => {
    const { service, answers, newest } = world
    await fc.assert(
      fc.asyncProperty(
        fc.record({ base: evaluation(hostileBase), graduation: evaluation(hostileGraduation) }),
        doing,
        fc.tuple(claims, modeLike, session).map((parts) => withModeLike(...parts)),
        who,
        async (policies, what, claimed, caller) => {
          Object.assign(answers, policies)
          const answer = await service.evaluate(caller, { request: requestOf(what, claimed), protocol: 'native' })
          const granted = readBaseResult(policies.base)
          expect(outcomeLeq(answer.outcome, granted.outcome)).toBe(true)
          const ofBase = answer.ceilings.find(({ source }) => source === 'base')
          expect(answer.obligations.map(({ id }) => id).sort()).toEqual((ofBase?.obligations ?? []).map(({ id }) => id).sort())
          expect(answer.guardrails).toEqual(ofBase?.guardrails)
          expect(answer.advice).toEqual([])
          expect(answer.ceilings.map(({ source }) => source)).toEqual(['base', 'containment'])
          expect(JSON.stringify(answer)).not.toContain('"would"')
          expect(modeIn(await newest())).toEqual({ mode: 'observe', observed_terms: [], observed_rules: [] })
        },
      ),
      runs(150),
    )
  })
})

describe('nothing in a request', () => {
  it('chooses the mode: where everything is enforced nothing is observed, whatever the body claims', async () => {
    const { service, newest } = await worldUnder([{ mode: 'enforce' }, { mode: 'observe', agent: 'grace' }])
    await fc.assert(
      fc.asyncProperty(
        doing,
        fc.tuple(claims, modeLike, session).map((parts) => withModeLike(...parts)),
        who,
        async (what, claimed, caller) => {
          await service.evaluate(caller, { request: requestOf(what, claimed), protocol: 'native' })
          const stored = await newest()
          expect(modeIn(stored).mode).toBe('enforce')
          expect(stored.record.body['would']).toBeNull()
        },
      ),
      runs(100),
    )
  })

  it('but the session, and that not without the key: the side is a function of tenant, agent, session and key', () => {
    const rules = ModeRules.parse([{ mode: 'enforce', percent: 50 }])
    const factsOf = (agent: string, tenant: string, scope: string) =>
      ({
        caller: { tenant },
        parties: { agent: { type: 'agent', id: agent }, agent_claimed: false },
        action: { scope, stake: 'full' },
      }) as unknown as DecisionFacts
    const name = fc.constantFrom('a', 'b', 'c')
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(
        fc.record({ agent: name, tenant: name, of: session, key }),
        fc.tuple(doing, claims, modeLike, name),
        fc.tuple(doing, claims, modeLike, name),
        ({ agent, tenant, of, key: secret }, ...both) => {
          const [one, other] = both.map(([what, claimed, like, scope]) =>
            modeOfFacts(
              rules,
              factsOf(agent, tenant, scope),
              requestOf(what, sessionOnly(withModeLike(claimed, like, of), of)),
              secret,
            ),
          )
          expect(one).toEqual(other)
        },
      ),
      runs(200),
    )
  })
})

/** The claims with this session and no other. */
function sessionOnly(claimed: Claims, of: string | undefined): Claims {
  const others = Object.entries(claimed.context ?? {}).filter(([name]) => name !== 'session')
  return { ...claimed, context: { ...Object.fromEntries(others), ...(of === undefined ? {} : { session: of }) } }
}
