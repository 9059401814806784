import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { PolicyEvaluation } from '../../model/evaluation.ts'
import type { Mode } from '../../model/mode.ts'
import { answeredElsewhere, decide, observe } from '../../pdp/decide.ts'
import type { BudgetRefusal, Decision, DecisionInputs } from '../../pdp/decision-inputs.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { RiskFacts } from '../../risk/facts.ts'
import type { RiskView } from '../../risk/risk-view.ts'
import { type AssessedRisk, baseOf, type DelegatorEvaluation, delegatorOf, type Derived, graduate } from './ask-policies.ts'
import { approvalIn, degradedIn, inputsOf } from './meet-inputs.ts'

/** Everything between the facts and the decision; with the budget still open. */
export type Derivation = {
  /** What the risk rules read. */
  readonly measured: RiskFacts
  readonly risk: RiskView
  readonly base: PolicyEvaluation
  /** Null: the base was asked about the subject alone. */
  readonly delegator: DelegatorEvaluation | null
  readonly graduation: PolicyEvaluation
  readonly mode: Mode
  /** How the answer is made from its inputs. */
  readonly answer: (inputs: DecisionInputs) => Decision
  /** What the answer is made from. */
  readonly inputs: DecisionInputs
  readonly decision: Decision
  /** What would have been answered if everything were enforced; null where everything is. */
  readonly would: Would | null
}

/** The answer that was not given, because something is only observed. */
export type Would = {
  readonly inputs: DecisionInputs
  readonly decision: Decision
  /** Parts that failed, so that this is not what a healthy decision point would have answered. */
  readonly degraded: readonly string[]
}

/** The base and the graduation bundle are asked, and all terms meet. */
export function deriveAtRisk(derived: Derived, { whole: risk, enforced }: AssessedRisk): Derivation {
  const { question, facts, timed } = derived
  const base = baseOf(derived)
  const delegator = delegatorOf(derived)
  const graduation = graduate(derived, risk)
  const whole = inputsOf(derived, { risk, base, delegator, graduation })
  const { mode, observed_terms } = facts.mode
  const common = { measured: derived.measured, risk, base, delegator, graduation, mode }
  if (mode === 'enforce' && observed_terms.length === 0 && facts.mode.observed_rules.length === 0)
    return { ...common, answer: decide, inputs: whole, decision: timed('decide', () => decide(whole)), would: null }
  const would = { inputs: whole, decision: decide(whole), degraded: degradedIn(facts, risk, graduation) }
  if (mode === 'observe') {
    const answer = question.answered === undefined ? observe : answeredElsewhere
    return { ...common, answer, inputs: whole, decision: answer(whole), would }
  }
  const again = enforced === risk ? graduation : graduate(derived, enforced)
  const inputs = { ...inputsOf(derived, { risk: enforced, base, delegator, graduation: again }), observed: observed_terms }
  return { ...common, answer: decide, inputs, decision: decide(inputs), would }
}

/** The same derivation when budgets refuse: decided again with the refusals as a term, those of the rehearsed budgets apart. */
export function deriveRefused(
  derivation: Derivation,
  refusals: readonly BudgetRefusal[],
  rehearsed: readonly BudgetRefusal[] = [],
): Derivation {
  if (refusals.length === 0 && rehearsed.length === 0) return derivation
  return decidedAgain(derivation, { budget_refusals: refusals }, { budget_refusals: rehearsed })
}

/** Decides again with some inputs changed: those of the answer, and those of what would have been answered. */
function decidedAgain(derivation: Derivation, change: Partial<DecisionInputs>, wouldChange: Partial<DecisionInputs>): Derivation {
  const inputs = { ...derivation.inputs, ...change }
  const would = derivation.would === null ? null : { ...derivation.would.inputs, ...wouldChange }
  return {
    ...derivation,
    inputs,
    decision: derivation.answer(inputs),
    would: derivation.would === null || would === null ? null : { ...derivation.would, inputs: would, decision: decide(would) },
  }
}

/** The same derivation under links, containments, a kill switch and an approval as they are by now; no policy reads them. */
export function deriveFresh(derivation: Derivation, facts: DecisionFacts, policySet: PolicySet): Derivation {
  const { links, containment, kill_switch } = facts
  const change = ({ band }: DecisionInputs) => ({
    links,
    containment,
    kill_switch,
    approval: approvalIn(facts, policySet, band),
  })
  const { inputs, would } = derivation
  return decidedAgain(derivation, change(inputs), would === null ? {} : change(would.inputs))
}
