import type { ServiceError } from '../format/error.ts'
import { lowerOutcome } from '../lattice/outcome-order.ts'
import { trustAnswer } from '../ledger/decision-facts.ts'
import type { Approval } from '../ledger/documents/approval.ts'
import { approvalEndsMs, approvalState } from '../ledger/fold/approvals.ts'
import type { Decided } from './decision-context.ts'
import type { ApprovalOutcome } from './rules/approval-facts.ts'
import type { DecisionAnswer } from './wire.ts'

/** Where a decision is in the log, and the state it was made under; null: it is not in the log. */
type Place = { readonly leafIndex: number | null; readonly stateVersion: number }

/** The answer to a decision. What would have been answered in another mode is not in it: that is not the agent's to know. */
export function decisionAnswer(
  { context, facts, derivation }: Decided,
  approval: ApprovalOutcome,
  { leafIndex, stateVersion }: Place,
): DecisionAnswer {
  const { id, digest, policySet } = context
  const { decision, risk } = derivation
  return {
    decision_id: id,
    decided_at: new Date(facts.at_ms).toISOString(),
    valid_until: new Date(facts.at_ms + policySet.settings.answer_valid_ms).toISOString(),
    request_digest: digest,
    state_version: stateVersion,
    recorded: leafIndex !== null,
    outcome: decision.outcome,
    decision: decision.decision,
    base: decision.base,
    base_granted: decision.base_granted,
    ceilings: [...decision.ceilings],
    obligations: [...decision.obligations],
    guardrails: decision.guardrails,
    advice: [...decision.advice],
    risk: { points: risk.points, band: risk.band, rules: [...risk.rules], unavailable: [...risk.unavailable] },
    trust: trustAnswer(facts.trust, facts),
    policy_set: policySet.digest,
    leaf_index: leafIndex,
    approval: approvalAnswer(approval.approval, facts.at_ms),
    reasons: [...(approval.reason === null ? [] : [approval.reason]), ...decision.reasons],
  }
}

/** What may be answered when the log cannot be written: nothing above `suggest`, and it says so. */
export function unrecorded(decided: DecisionAnswer, error: ServiceError): DecisionAnswer {
  return {
    ...decided,
    recorded: false,
    outcome: lowerOutcome(decided.outcome, 'suggest'),
    decision: false,
    advice: [],
    reasons: [`not_recorded: ${error.code}`, ...decided.reasons],
  }
}

/** The approval as the caller is told: which decision to name in a retry, and until when. */
function approvalAnswer(approval: Approval | null, nowMs: number) {
  if (approval === null) return null
  return { id: approval.id, state: approvalState(approval, nowMs), ends_at: new Date(approvalEndsMs(approval)).toISOString() }
}
