import { approversNeeded } from '../../approvals/rules/approval-rules.ts'
import { liftsIncidents, overrideFor } from '../../approvals/rules/override-rules.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Override } from '../../ledger/documents/approval.ts'
import type { Ceiling, Guardrails } from '../../model/ceiling.ts'
import type { PolicyEvaluation } from '../../model/evaluation.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { Request } from '../../model/request.ts'
import { formatScope } from '../../model/scope.ts'
import { readBaseResult } from '../../pdp/base-result.ts'
import type { DecisionInputs, IncidentPosition } from '../../pdp/decision-inputs.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { measuresOf } from '../../risk/facts.ts'
import type { RiskView } from '../../risk/risk-view.ts'
import { bandOf, phiInverse } from '../../trust/score-scale.ts'
import { reachesOutside } from './reaches-outside.ts'
import { matricesOf } from '../../policy/tenant-matrices.ts'
import { type DelegatorEvaluation, type Derived, isHuman } from './ask-policies.ts'

/** What policies and rules said, on the way to the meet. */
export type PolicyAnswers = {
  readonly risk: RiskView
  readonly base: PolicyEvaluation
  readonly delegator: DelegatorEvaluation | null
  readonly graduation: PolicyEvaluation
}

/** What the meet is made from. */
export function inputsOf(
  { question, facts, policySet, reading, measured }: Derived,
  { risk, base, delegator, graduation }: PolicyAnswers,
): DecisionInputs {
  const override = overrideOf(facts, risk)
  const incidents = incidentsOf(facts, policySet)
  return {
    base: readBaseResult(base),
    ...(delegator === null ? {} : { delegator: { party: delegator.party, base: readBaseResult(delegator.base) } }),
    // A person who takes over takes the bounds that follow from trust out with it.
    graduation: override === null ? withOwnTerms(graduation, question.request, facts, policySet) : termsOf(graduation),
    human: isHuman(facts),
    action: { category: facts.action.category },
    tier: facts.agent.tier,
    band: risk.band,
    sensitive: reading.sensitive,
    matrices: matricesOf(policySet, facts.caller.tenant),
    links: facts.links,
    chain_problems: facts.parties.problems,
    containment: facts.containment,
    incidents,
    kill_switch: facts.kill_switch,
    measures: measuresOf(measured),
    budget_refusals: [],
    approval: approvalIn(facts, policySet, risk.band),
    override: override === null ? null : { id: override.id, lifts_incidents: liftsIncidents(override, incidents.due) },
    ...(facts.caller.vouched === false ? { unvouched: true as const } : {}),
    observed: [],
    guardrail_excess: policySet.settings.guardrails.excess,
    supported_obligations: facts.supported_obligations,
  }
}

/** What incidents cap the agent at, as a level by the thresholds of this policy set. */
function incidentsOf({ trust }: DecisionFacts, { constants }: PolicySet): IncidentPosition {
  const cap = trust?.incident.cap ?? 1
  return { cap, level: bandOf(cap, constants), due: trust?.incident.open ?? [] }
}

function overrideOf({ parties, action, overrides, at_ms }: DecisionFacts, { band }: RiskView): Override | null {
  if (parties.agent === null) return null
  const scope = formatScope(action.scope, action.stake)
  return overrideFor(overrides, { agent: parties.agent.id, scope, action: action.name, band }, at_ms)
}

/** The approval that a decision may rely on: redeemable, and with as many people behind it as it takes at this risk by now. */
export function approvalIn(
  { approval, action }: DecisionFacts,
  { settings }: PolicySet,
  band: RiskBand,
): DecisionInputs['approval'] {
  if (approval?.problem !== null) return null
  const scope = formatScope(action.scope, action.stake)
  const needed = approversNeeded(settings.approvals.approvers, { category: action.category, scope, band })
  return approval.approvers < needed ? null : { id: approval.id, same_policy_set: approval.same_policy_set }
}

/**
 * Bounds that follow from trust: at most one expected failure in flight, and an expected loss of at most B in money. U is φ⁻¹ of
 * the score, so that every ceiling on the score tightens them too. Reads are exempt, and so is a human.
 */
function limitsOf(facts: DecisionFacts, policySet: PolicySet): Guardrails {
  if (facts.trust === null || facts.action.category === 'read_only') return {}
  const failureBound = phiInverse(facts.trust.score, policySet.constants)
  const budget = policySet.settings.guardrails.expected_loss_max
  return {
    outstanding_unverified_max: Math.floor(1 / failureBound + 1e-9),
    ...(budget > 0 && facts.action.arguments.amount !== undefined ? { amount_max: budget / failureBound } : {}),
  }
}

/** The bundle's ceilings with what follows from trust in numbers and from what the request shows. What is not a list stays as it is, and denies. */
function withOwnTerms(graduation: PolicyEvaluation, request: Request, facts: DecisionFacts, policySet: PolicySet): unknown {
  const terms = termsOf(graduation)
  if (!Array.isArray(terms)) return terms
  return [
    ...(terms as unknown[]),
    ...limitTerms(limitsOf(facts, policySet)),
    ...driftTerms(facts),
    ...injectionTerms(request, facts),
  ]
}

function limitTerms(limits: Guardrails): readonly Ceiling[] {
  if (Object.keys(limits).length === 0) return []
  return [{ ...OWN_TERM, source: 'guardrails', outcome: 'allow', reason: 'bounds that follow from trust', guardrails: limits }]
}

/** What is outside of what was declared does not run, however quiet everything else is; of what may be outside a person is asked. */
function driftTerms({ watch }: DecisionFacts): readonly Ceiling[] {
  if (watch?.drift !== undefined) return [contextTerm('deny', `topic_drift: ${watch.drift}`)]
  if (watch?.drift_suspected === undefined) return []
  return [contextTerm('require_approval', `topic_drift_suspected: ${watch.drift_suspected}`)]
}

/** Where a tool gave back what looks like an injection, a person is asked before anything is written or leaves; what only reads goes on. */
function injectionTerms(request: Request, { injections = [], action }: DecisionFacts): readonly Ceiling[] {
  const [newest] = injections.toSorted((one, other) => other.at_ms - one.at_ms)
  if (newest === undefined || (action.category === 'read_only' && !reachesOutside(request, action))) return []
  return [contextTerm('require_approval', `injection_in_tool_output:${newest.record_id}`)]
}

function contextTerm(outcome: Ceiling['outcome'], reason: string): Ceiling {
  return { ...OWN_TERM, source: 'context', outcome, reason }
}

/** What the bundle answered; null where it failed. */
function termsOf(graduation: PolicyEvaluation): unknown {
  return graduation.kind === 'value' ? graduation.value : null
}

/** Parts without which what would have been answered says little. */
export function degradedIn(facts: DecisionFacts, risk: RiskView, graduation: PolicyEvaluation): readonly string[] {
  return [
    ...(graduation.kind === 'value' ? [] : ['graduation']),
    ...(risk.unavailable.length === 0 ? [] : ['risk']),
    ...(facts.trust === null && facts.parties.agent !== null ? ['trust'] : []),
  ]
}

const OWN_TERM: Pick<Ceiling, 'obligations' | 'guardrails'> = { obligations: [], guardrails: {} }
