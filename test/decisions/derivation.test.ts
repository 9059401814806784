import { describe, expect, it } from 'vitest'

import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { refusals } from '../../src/decisions/rules/guardrail-budgets.ts'
import type { DecisionFacts } from '../../src/ledger/decision-facts.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { gateway, request } from '../support/callers.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

const asked = request('finance-agent', 'categorise_expense')

/** Facts and accounts of a request of a new agent under the shipped policies. */
async function sources() {
  const policySet = await shippedPolicySet()
  const tested = await testService()
  const context = requestContext({ request: asked, caller: gateway, policySet, atMs: tested.clock.nowMs() })
  const facts = await tested.store.read([], (view) => gatherFacts(context, view))
  return { policySet, facts, accounts: context.accounts, question: { request: asked, entrypoint: 'rbac/decision' } }
}

/** The policy set whose graduation keeps what it was asked. */
function listening(policySet: PolicySet): { readonly told: unknown[]; readonly policySet: PolicySet } {
  const told: unknown[] = []
  const evaluate = (entrypoint: string, input: unknown): PolicyEvaluation => {
    told.push(input)
    return policySet.graduation.evaluate(entrypoint, input)
  }
  return { told, policySet: { ...policySet, graduation: { ...policySet.graduation, evaluate } } }
}

describe('a derivation', () => {
  it('of an agent whose trust could not be read asks the graduation bundle nothing, denies, and says so where it observes', async () => {
    const { facts, question, ...rest } = await sources()
    const { told, policySet } = listening(rest.policySet)
    const unread: DecisionFacts = { ...facts, trust: null }
    expect((await derive({ question, facts: unread, policySet })).decision).toMatchObject({ outcome: 'deny', decision: false })
    expect(told).toEqual([undefined])
    const observed: DecisionFacts = { ...unread, mode: { ...facts.mode, mode: 'observe' } }
    expect((await derive({ question, facts: observed, policySet })).would).toMatchObject({
      decision: { outcome: 'deny' },
      degraded: expect.arrayContaining(['trust']) as unknown,
    })
  })

  it("reads the matrix of the tenant's own deviation, in the meet as in the bundle", async () => {
    const { facts, question, policySet } = await sources()
    const { settings, matrices } = policySet
    const strict = { ...matrices.standard, 0: { ...matrices.standard[0], low: 'deny' as const } }
    const deviating: PolicySet = {
      ...policySet,
      settings: { ...settings, overrides: { [facts.caller.tenant]: { matrix: { standard: strict } } } },
    }
    const { inputs } = await derive({ question, facts, policySet: deviating })
    expect(inputs.matrices).toEqual({ ...matrices, standard: strict })
  })

  it('answers what another decision point answered, and observes what it would have been', async () => {
    const { facts, question, policySet } = await sources()
    const answered = { ...question, answered: { kind: 'value', value: true } as const }
    const observed: DecisionFacts = { ...facts, mode: { ...facts.mode, mode: 'observe' } }
    const { decision, would } = await derive({ question: answered, facts: observed, policySet })
    expect(decision).toMatchObject({ outcome: 'allow', decision: true })
    expect(would?.decision.outcome).not.toBe('allow')
  })

  it('asks the graduation bundle again where some risk rules are only observed and change the risk', async () => {
    const { facts, question, ...rest } = await sources()
    const { told, policySet } = listening(rest.policySet)
    const whole = { points: 90, band: 'high', rules: [], unavailable: [], obligations: [] } as const
    const enforced = { points: 0, band: 'low', rules: [], unavailable: [], obligations: [] } as const
    const risk: PolicySet['risk'] = {
      ...policySet.risk,
      evaluate: (_facts, withoutRules) => Promise.resolve(withoutRules === undefined ? whole : enforced),
    }
    const partly: DecisionFacts = { ...facts, mode: { ...facts.mode, observed_rules: ['spend/large'] } }
    const derivation = await derive({ question, facts: partly, policySet: { ...policySet, risk } })
    expect(told.map((input) => (input as { risk: unknown }).risk)).toEqual([whole, enforced])
    expect(derivation.inputs.band).toBe('low')
    expect(derivation.would?.inputs.band).toBe('high')
  })

  it('under terms that are only observed asks the graduation bundle once, at the same risk', async () => {
    const { facts, question, ...rest } = await sources()
    const { told, policySet } = listening(rest.policySet)
    const partly: DecisionFacts = { ...facts, mode: { ...facts.mode, observed_terms: ['category'] } }
    const { inputs, would } = await derive({ question, facts: partly, policySet })
    expect(told).toHaveLength(1)
    expect(inputs.observed).toEqual(['category'])
    expect(would?.inputs.observed).toEqual([])
  })

  it('denies where the graduation bundle fails, and says which parts failed where it observes', async () => {
    const { facts, question, ...rest } = await sources()
    const failing: PolicySet = {
      ...rest.policySet,
      graduation: { ...rest.policySet.graduation, evaluate: () => ({ kind: 'failed', cause: 'trap', message: 'out of memory' }) },
      risk: {
        ...rest.policySet.risk,
        evaluate: () => Promise.resolve({ points: 100, band: 'high', rules: [], unavailable: ['rules'], obligations: [] }),
      },
    }
    const { decision } = await derive({ question, facts, policySet: failing })
    expect(decision).toMatchObject({ outcome: 'deny', decision: false })
    const observed: DecisionFacts = { ...facts, mode: { ...facts.mode, mode: 'observe' } }
    const { would } = await derive({ question, facts: observed, policySet: failing })
    expect(would).toMatchObject({ decision: { outcome: 'deny' }, degraded: ['graduation', 'risk'] })
  })

  it('under topic drift denies, however quiet everything else is', async () => {
    const { facts, question, policySet } = await sources()
    const drifting: DecisionFacts = { ...facts, watch: { ...facts.watch, drift: 'outside of what was declared' } }
    const { decision } = await derive({ question, facts: drifting, policySet })
    expect(decision.outcome).toBe('deny')
    expect(decision.reasons.join(' ')).toContain('topic_drift: outside of what was declared')
  })
})

describe('a budget', () => {
  it('of an action that is not in the catalogue counts no tool, and a cap that is no number lets nothing run', async () => {
    const { facts, accounts, question, policySet } = await sources()
    const { inputs, decision } = await derive({ question, facts, policySet })
    const guardrails = { tool_actions_per_day_max: ['not', 'a', 'number'] }
    const capped = { inputs, decision: { ...decision, decision: true, guardrails } }
    const unknown: DecisionFacts = { ...facts, action: { ...facts.action, known: false } }
    for (const each of [facts, unknown])
      expect(refusals(capped, { facts: each, accounts }, { document: () => undefined })).toEqual([
        { guardrail: 'tool_actions_per_day_max', have: 1, limit: 0 },
      ])
  })
})

describe('a budget of money', () => {
  it.each([
    ['an amount that cannot be read is more than any cap', 'unknown', [Number.MAX_SAFE_INTEGER]],
    ['no amount adds nothing', undefined, []],
    ['an amount is added up to what is counted exactly', 1.7e308, [Number.MAX_SAFE_INTEGER]],
  ] as const)('%s', async (_what, amount, have) => {
    const { facts, accounts, question, policySet } = await sources()
    const { inputs, decision } = await derive({ question, facts, policySet })
    const capped = { ...decision, decision: true, guardrails: { amount_per_day_max: 100 } }
    const measures = { ...inputs.measures, amount } as typeof inputs.measures
    const refused = refusals(
      { decision: capped, inputs: { ...inputs, measures } },
      { facts, accounts },
      { document: () => undefined },
    )
    expect(refused.map((refusal) => refusal.have)).toEqual(have)
  })
})
