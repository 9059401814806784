import { requesterOf } from '../../access/authority.ts'
import { approvalMismatch, approversNeeded, type Redeemer, redemptionProblem } from '../../approvals/rules/approval-rules.ts'
import { isBehind } from '../../approvals/rules/override-rules.ts'
import { pausableApproval, pausesOf } from '../../approvals/rules/pauses.ts'
import { MINUTE_MS } from '../../format/time.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Approval, RedemptionProblem } from '../../ledger/documents/approval.ts'
import type { Effect } from '../../ledger/effect.ts'
import { approvalState, approversOf, redeemed } from '../../ledger/fold/approvals.ts'
import { openOverrides } from '../../ledger/fold/tenant.ts'
import { approvalKey, inboxKey, tenantKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import { decide } from '../../pdp/decide.ts'
import type { Decided, DecisionContext } from '../decision-context.ts'
import type { Derivation } from './derivation.ts'

/** The facts with what people said about this request: the approval it names, and the overrides it is under. */
export function withApprovalFacts(facts: DecisionFacts, context: DecisionContext, view: View): DecisionFacts {
  const { request, tenant, digest, clockSteady, behind } = context
  const named = request.context?.['approval']
  const kept = typeof named === 'string' ? view.document(approvalKey(tenant, digest)) : undefined
  const by = redeemerOf(context)
  const approval =
    typeof named !== 'string'
      ? null
      : {
          id: named,
          problem: clockSteady
            ? problemOf(kept, { approvalId: named, ...by }, { facts, paused: isPaused(kept, tenant, view) })
            : ('clock' as const),
          approvers: kept === undefined || behind === null ? 0 : approversOf(kept, behind),
          same_policy_set: kept?.policy_set === context.policySet.digest,
        }
  const open = openOverrides(view.document(tenantKey(tenant))?.overrides ?? [], facts.at_ms)
  // Whom nobody knows has no trust that a person could stand in for.
  const mine =
    facts.agent.known && clockSteady && behind !== null
      ? open.filter((each) => each.agent === by.agent && each.scope === by.scope && !isBehind(each, behind))
      : []
  return { ...facts, approval, overrides: mine }
}

function isPaused(kept: Approval | undefined, tenant: string, view: View): boolean {
  return kept !== undefined && pausesOf(pausableApproval(kept), tenant, view).length > 0
}

/** What stands against redeeming an approval: what it is bound to, a pause, or an injection that nobody who said yes was shown. */
function problemOf(
  kept: Approval | undefined,
  by: Redeemer,
  { facts, paused }: { facts: DecisionFacts; paused: boolean },
): RedemptionProblem | null {
  const problem = redemptionProblem(kept, by, { nowMs: facts.at_ms, paused })
  return problem === null && kept !== undefined && isNewlyInjected(kept, facts) ? 'new_injection' : problem
}

function isNewlyInjected({ injections: shown = [] }: Approval, { injections = [] }: DecisionFacts): boolean {
  return injections.some(({ record_id }) => !shown.includes(record_id))
}

/** Who asks, and in which scope: what an approval is bound to besides the request. */
function redeemerOf({ caller, parties, scope }: DecisionContext): Omit<Redeemer, 'approvalId'> {
  return { agent: parties.agent?.id ?? null, human: parties.human?.id ?? null, requester: requesterOf(caller), scope }
}

/** What became of approval in one decision. */
export type ApprovalOutcome = {
  readonly effects: readonly Effect[]
  /** The approval that people can decide about, or that this decision redeemed; null where there is none. */
  readonly approval: Approval | null
  /** The id of the approval that this decision redeemed: both count as one decision. */
  readonly redeemed: string | null
  /** Why people are not asked although they could be, or why the approval named was no good. */
  readonly reason: string | null
}

/** Nothing to ask people, and nothing that they said. */
export const NO_APPROVAL: ApprovalOutcome = { effects: [], approval: null, redeemed: null, reason: null }

/**
 * Redeems the approval that the request names, once something may run; or asks people, where their yes would let it run. An open
 * approval of the same request is not asked for twice, and nobody can fill the list.
 */
export function approvalOutcome(decided: Decided, view: View): ApprovalOutcome {
  const { context, facts, derivation } = decided
  const { decision, inputs, mode } = derivation
  const reason = refusalOf(facts, derivation)
  if (mode === 'observe') return { ...NO_APPROVAL, reason }
  if (decision.decision) return redemptionOf(decided, view) ?? { ...NO_APPROVAL, reason }
  if (
    decision.outcome !== 'require_approval' ||
    !decide({ ...inputs, approval: { id: context.id, same_policy_set: true } }).decision
  )
    return { ...NO_APPROVAL, reason }
  return askPeople(decided, view, reason)
}

/** The approval that a decision that lets something run redeems; undefined where it needed none. */
function redemptionOf({ context, derivation }: Decided, view: View): ApprovalOutcome | undefined {
  const { tenant, digest, id } = context
  const kept = view.document(approvalKey(tenant, digest))
  if (kept === undefined || derivation.inputs.approval === null) return undefined
  const effect: Effect = { kind: 'approval', request_digest: digest, step: { kind: 'redeemed', by: id } }
  return { effects: [effect], approval: redeemed(kept, id), redeemed: kept.id, reason: null }
}

/** Opens an approval, or goes on with the one that is open for this request. */
function askPeople(decided: Decided, view: View, reason: string | null): ApprovalOutcome {
  const { context, facts, derivation } = decided
  const { tenant, digest } = context
  // The request was drawn from a foreign input that says more than it.
  if (context.asked.baseInput !== undefined) return { ...NO_APPROVAL, reason: 'approval_unavailable:mapped_input' }
  const wanted = newApproval(decided)
  if (wanted === null) return { ...NO_APPROVAL, reason: 'approval_unavailable:too_many_parties' }
  const kept = view.document(approvalKey(tenant, digest))
  if (kept !== undefined && ['pending', 'approved'].includes(approvalState(kept, facts.at_ms))) {
    const strange = approvalMismatch(kept, redeemerOf(context))
    if (strange === 'other_agent' || strange === 'other_requester')
      return { ...NO_APPROVAL, reason: `approval_unavailable:${strange}` }
    // Where other or more people have to say so by now, of something that they were not shown, or the base asks under other policies, they are asked anew.
    const isOtherBase = derivation.decision.base === 'require_approval' && kept.policy_set !== wanted.policy_set
    const isStale = isOtherBase || isNewlyInjected(kept, facts)
    if (strange === null && !isStale && kept.approvers_needed >= wanted.approvers_needed)
      return { ...NO_APPROVAL, approval: kept, reason }
  }
  if (isFull(context, wanted, view)) return { ...NO_APPROVAL, reason: 'approval_unavailable:too_many_open' }
  const effect: Effect = { kind: 'approval', request_digest: digest, step: { kind: 'requested', approval: wanted } }
  return { ...NO_APPROVAL, effects: [effect], approval: wanted, reason }
}

/** Why the approval that the request names is no good, in one word. */
function refusalOf({ approval }: DecisionFacts, { inputs, decision }: Derivation): string | null {
  if (approval === null) return null
  if (inputs.approval !== null)
    return decision.base === 'require_approval' && !inputs.approval.same_policy_set ? 'approval_refused:other_policy_set' : null
  return `approval_refused:${approval.problem ?? 'more_approvers'}`
}

/**
 * Whether one agent, or all of a tenant, have as many approvals waiting as they may; what ran out of time waits for its record. Those of
 * callers for whom nobody vouches count apart, so that they fill no list but their own.
 */
function isFull({ tenant, digest, policySet }: DecisionContext, { agent, unvouched }: Approval, view: View): boolean {
  const { open_per_tenant_max, open_per_agent_max, open_unvouched_max } = policySet.settings.approvals
  const others = (view.document(inboxKey(tenant))?.open ?? []).filter(({ request_digest }) => request_digest !== digest)
  const open = others.filter((each) => each.unvouched === unvouched)
  if (unvouched === true) return open.length >= open_unvouched_max
  return open.length >= open_per_tenant_max || open.filter((each) => each.agent === agent).length >= open_per_agent_max
}

/** The approval that this decision asks for; null where nobody could tell who must not give it. */
function newApproval({ context, facts, derivation }: Decided): Approval | null {
  const { behind, id, digest, scope, policySet } = context
  const { approvals } = policySet.settings
  const { band } = derivation.inputs
  if (behind === null) return null
  return {
    ...redeemerOf(context),
    id,
    request_digest: digest,
    policy_set: policySet.digest,
    not_by: [...behind],
    action: facts.action.name,
    ...(facts.caller.vouched === false ? { unvouched: true as const } : {}),
    band,
    requested_at_ms: facts.at_ms,
    expires_at_ms: facts.at_ms + Math.round(approvals.expire_minutes * MINUTE_MS),
    redeem_within_ms: Math.max(1, Math.round(approvals.redeem_minutes * MINUTE_MS)),
    ...(facts.injections === undefined ? {} : { injections: [...new Set(facts.injections.map((each) => each.record_id))] }),
    approvers_needed: approversNeeded(approvals.approvers, { category: facts.action.category, scope, band }),
    votes: [],
    withdrawn_at_ms: null,
    expired_at_ms: null,
    redeemed_by: null,
    stake: facts.action.category === 'read_only' ? 'read' : 'proposal',
  }
}
