import { byCodeUnit } from '../format/order.ts'
import { rollbackViewOf } from '../evidence/rollback-view.ts'
import { gravestFirst } from '../incidents/rules/gravest-first.ts'
import type { IncidentView } from '../incidents/wire.ts'
import { type DecisionFacts, trustAnswer } from '../ledger/decision-facts.ts'
import type { Approval } from '../ledger/documents/approval.ts'
import type { JudgeAdvice } from '../ledger/documents/tally.ts'
import type { Rollback } from '../ledger/documents/verdicts.ts'
import { approvalEndsMs, approvalState } from '../ledger/fold/approvals.ts'
import { type Pausable, resumedBy } from '../ledger/fold/pauses.ts'
import type { StoredRecord, View } from '../ledger/store.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { RiskView } from '../risk/risk-view.ts'
import type { FindReason } from './advice-reasons.ts'
import { blockerOf, pauseReason } from './rules/approval-blockers.ts'
import { pausesOf } from './rules/pauses.ts'
import type { ApprovalSummary, ApprovalView } from './wire.ts'

const iso = (atMs: number): string => new Date(atMs).toISOString()

/** What stands in the way of something, and what paused it. */
export function heldBack(thing: Pausable, tenant: string, view: View): HeldBack {
  const pauses = pausesOf(thing, tenant, view)
  return {
    paused: pauseReason(blockerOf(thing, tenant, view), pauses),
    pauses: pauses.map(({ id, cause, at_ms }) => ({ cause, id, since: iso(at_ms), resumed_by: [...resumedBy(id, thing)] })),
  }
}

/** Why something cannot go on for now. */
export type HeldBack = Pick<ApprovalSummary, 'paused' | 'pauses'>

/** An approval as it is listed. `held`: why it cannot be used for now. */
export function summaryOf(approval: Approval, nowMs: number, held: HeldBack): ApprovalSummary {
  return {
    decision_id: approval.id,
    state: approvalState(approval, nowMs),
    request_digest: approval.request_digest,
    agent: approval.agent,
    human: approval.human,
    requester: approval.requester,
    action: approval.action,
    scope: approval.scope,
    band: approval.band,
    requested_at: iso(approval.requested_at_ms),
    ends_at: iso(approvalEndsMs(approval)),
    approvers_needed: approval.approvers_needed,
    votes: approval.votes.map(({ at_ms, ...vote }) => ({ ...vote, at: iso(at_ms) })),
    redeemed_by: approval.redeemed_by,
    ...held,
  }
}

/** What stands beside an approval by now: why it cannot be used, what judging agents said, what is known of its way back, incidents of the agent in its scope, whether who looks may resume it. */
type Standing = {
  readonly held: HeldBack
  readonly advice: readonly JudgeAdvice[]
  readonly adviceReasons: FindReason
  readonly rollback: Rollback | undefined
  readonly incidents: readonly IncidentView[]
  readonly resumption: ApprovalView['resumption']
}

/** An approval with all that its decision's record holds: nothing is cut, and it says where something was masked or erased. */
export function approvalViewOf(
  approval: Approval,
  { record, state }: StoredRecord,
  nowMs: number,
  { held, advice, adviceReasons, rollback, incidents, resumption }: Standing,
): ApprovalView {
  const body = record.body as unknown as {
    readonly request: ApprovalView['request']
    readonly facts: DecisionFacts
    readonly decision: Decision
    readonly risk: RiskView
    readonly masked?: ApprovalView['masked']
  }
  const { facts, decision, risk, masked = {} } = body
  const { action } = facts
  return {
    ...summaryOf(approval, nowMs, held),
    request: body.request,
    payload: state,
    masked,
    ceilings: [...decision.ceilings],
    reasons: [...decision.reasons],
    risk: { points: risk.points, band: risk.band, rules: [...risk.rules], unavailable: [...risk.unavailable] },
    trust: trustAnswer(facts.trust, facts),
    incidents: incidents.toSorted(gravestFirst),
    injections: injectionsOf(facts),
    advice: advice.map((each) => {
      const at = iso(each.at_ms)
      return { by: each.by, class: each.class, at, reason: adviceReasons({ by: each.by, at }) }
    }),
    rollback: rollbackViewOf(action, rollback, nowMs),
    resumption,
  }
}

function injectionsOf({ injections = [] }: DecisionFacts): ApprovalView['injections'] {
  return injections
    .toSorted((a, b) => b.at_ms - a.at_ms || byCodeUnit(a.record_id, b.record_id))
    .map(({ agent, record_id, decision_id, action, by, confidence, reason, at_ms, until_ms }) => ({
      agent,
      record_id,
      decision_id,
      action,
      by,
      confidence,
      reason,
      at: iso(at_ms),
      until: iso(until_ms),
    }))
}
