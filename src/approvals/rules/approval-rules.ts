import { hasActor, isSameActor } from '../../access/actor-name.ts'
import type { Approval, RedemptionProblem } from '../../ledger/documents/approval.ts'
import { approvalState } from '../../ledger/fold/approvals.ts'
import type { RiskBand } from '../../model/outcome.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { ApproverRule } from '../settings.ts'

/** How many people have to say yes: the first line that fits, one where none does. */
export function approversNeeded(
  rules: readonly ApproverRule[],
  of: { readonly category: string; readonly scope: ScopeKey; readonly band: RiskBand },
): number {
  const rule = rules.find(
    ({ category, scope, band }) =>
      (category === undefined || category === of.category) &&
      (scope === undefined || scope === of.scope) &&
      (band === undefined || band === of.band),
  )
  return rule?.approvers ?? 1
}

/** Why somebody's verdict cannot be taken, or null. */
export type VoteRefusal = 'over' | 'own_request' | 'already_voted'

/** Whether this person may still say something: the requester never, and nobody twice. */
export function refuseVote(approval: Approval, person: string, nowMs: number): VoteRefusal | null {
  if (approvalState(approval, nowMs) !== 'pending') return 'over'
  if (hasActor(approval.not_by, person)) return 'own_request'
  return hasVoted(approval.votes, person) ? 'already_voted' : null
}

/** Whether this person is among those who have said something. */
export function hasVoted(votes: readonly { readonly person: string }[], person: string): boolean {
  return hasActor(
    votes.map((vote) => vote.person),
    person,
  )
}

/** Who redeems: as established for this decision, never from its body alone. */
export type Redeemer = {
  readonly approvalId: string
  readonly agent: string | null
  readonly human: string | null
  readonly requester: string
  /** The scope that the action has by now; the people who said yes decide for another one otherwise. */
  readonly scope: ScopeKey
}

/** What makes an approval that of somebody or something else, although the request is the same; null: nothing. */
export function approvalMismatch(approval: Approval, by: Omit<Redeemer, 'approvalId'>): RedemptionProblem | null {
  if (approval.agent !== by.agent || approval.human !== by.human) return 'other_agent'
  if (!isSameActor(approval.requester, by.requester)) return 'other_requester'
  return approval.scope === by.scope ? null : 'other_scope'
}

/**
 * What stands against redeeming the approval kept under the digest of this very request; null: nothing but, once the risk is known,
 * the number of people it takes by now. `paused`: something came between, and nobody resumed it. Changed arguments and another tenant have another digest, so nothing is found for them.
 */
export function redemptionProblem(
  approval: Approval | undefined,
  by: Redeemer,
  { nowMs, paused }: { readonly nowMs: number; readonly paused: boolean },
): RedemptionProblem | null {
  // A canary is no approval: whoever said yes to it, nothing may come of it.
  if (approval?.id !== by.approvalId || approval.canary === true) return 'unknown'
  const strange = approvalMismatch(approval, by)
  if (strange !== null) return strange
  const state = approvalState(approval, nowMs)
  if (state !== 'approved') return state
  return paused ? 'paused' : null
}
