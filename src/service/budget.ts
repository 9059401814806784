import { usageOf, type Usage } from './activity.ts'
import { agentsOf, type DecisionFacts } from './facts.ts'
import type { View } from './ports.ts'
import type { BudgetRefusal, Decision, DecisionInputs } from '../model/decision-inputs.ts'
import type { Effect } from '../model/effect.ts'
import { formatScope } from '../model/scope.ts'

const HOUR_MS = 3_600_000

/** Guardrails that are budgets: what this decision would add to what is used, under which cap. */
const BUDGETS = {
  actions_per_hour_max: (usage: Usage) => usage.actions_last_hour + 1,
  actions_per_day_max: (usage: Usage) => usage.actions_last_day + 1,
  amount_per_day_max: (usage: Usage, amount: number) => usage.amount_last_day + amount,
  outstanding_unverified_max: (usage: Usage) => usage.outstanding + 1,
} as const satisfies Record<string, (usage: Usage, amount: number) => number>

/** The amount a decision is charged with; one that cannot be read is refused by the guardrails before it gets here. */
function amountOf(inputs: DecisionInputs): number {
  return typeof inputs.measures.amount === 'number' ? inputs.measures.amount : 0
}

/** Whether a decision takes from budgets at all: only where something may run, by an agent, and reads are exempt. */
export function isCharged(decision: Decision, facts: DecisionFacts): boolean {
  return decision.decision && facts.parties.agent !== null && facts.action.category !== 'read_only'
}

/**
 * The budgets that this decision would exceed, over every agent of the chain, worst use first named. Empty: it can be reserved.
 * Asked and reserved in one transaction, so that two requests cannot both take the last slot.
 */
export function refusals(decision: Decision, inputs: DecisionInputs, facts: DecisionFacts, view: View): readonly BudgetRefusal[] {
  if (!isCharged(decision, facts)) return []
  const scope = formatScope(facts.action.scope, facts.action.stake)
  const usages = agentsOf(facts.parties).map((id) =>
    usageOf(view.document({ kind: 'activity', tenant: facts.caller.tenant, id }), scope, facts.at_ms),
  )
  return Object.entries(BUDGETS).flatMap(([guardrail, after]) => {
    const limit = decision.guardrails[guardrail]
    if (typeof limit !== 'number') return []
    const worst = Math.max(...usages.map((usage) => after(usage, amountOf(inputs))))
    return worst > limit ? [{ guardrail, have: worst, limit }] : []
  })
}

/** The charges of a decision that lets something run, one per agent of the chain. */
export function charges(
  decisionId: string,
  decision: Decision,
  inputs: DecisionInputs,
  facts: DecisionFacts,
  verifyWithinHours: number,
): readonly Effect[] {
  if (!isCharged(decision, facts)) return []
  const scope = formatScope(facts.action.scope, facts.action.stake)
  return agentsOf(facts.parties).map((agent) => ({
    kind: 'charge',
    agent,
    scope,
    decision_id: decisionId,
    amount: amountOf(inputs),
    verify_by_ms: facts.at_ms + Math.round(verifyWithinHours * HOUR_MS),
  }))
}
