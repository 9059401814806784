import { hasActor } from '../../access/actor-name.ts'
import { invariant } from '../../format/error.ts'
import type { Approval, ApprovalInbox, ApprovalState, ApprovalVote } from '../documents/approval.ts'
import type { EffectOf } from '../effect.ts'
import { approvalKey, inboxKey, raterKey } from '../keys.ts'
import { withVerdict } from './rater-record.ts'
import { type FoldRules, type Moment, NO_CHANGES, type ProjectionState } from './state.ts'

/** One step in the life of an approval: the approval itself, the tenant's list of open ones, and who decided how. */
export const APPROVAL_RULES: FoldRules<'approval'> = {
  approval: ({ request_digest, step }, moment, state) => {
    const key = approvalKey(moment.tenant, request_digest)
    const before = step.kind === 'requested' ? step.approval : state.document(key)
    invariant(before !== undefined, `there is no approval of ${request_digest}`)
    const after = stepped(before, step, moment.nowMs)
    state.put(key, after)
    putInbox(after, moment, state)
    if (step.kind === 'voted') {
      const { person, verdict, at_ms } = step.vote
      const rater = raterKey(moment.tenant, person)
      state.put(rater, withVerdict(state.document(rater), verdict, at_ms - before.requested_at_ms))
    }
    return NO_CHANGES
  },
}

type Step = EffectOf<'approval'>['step']

function stepped(approval: Approval, step: Step, nowMs: number): Approval {
  switch (step.kind) {
    case 'requested':
      return approval
    case 'expired':
      return expired(approval, nowMs)
    case 'voted':
      return withVote(approval, step.vote)
    case 'withdrawn':
      return withdrawn(approval, nowMs)
    case 'redeemed':
      return redeemed(approval, step.by)
  }
}

/** Open is what somebody can still decide or redeem. What ran out of time leaves with its record that says so. */
function putInbox(approval: Approval, { tenant, nowMs }: Moment, state: ProjectionState): void {
  const key = inboxKey(tenant)
  const others = (state.document(key)?.open ?? []).filter(({ request_digest }) => request_digest !== approval.request_digest)
  const standing = approvalState(approval, nowMs)
  const isOpen = standing === 'pending' || standing === 'approved'
  const entry: ApprovalInbox['open'] = isOpen ? [inboxEntry(approval)] : []
  state.put(key, { open: [...others, ...entry] })
}

function inboxEntry(approval: Approval): ApprovalInbox['open'][number] {
  const { id, request_digest, agent, unvouched } = approval
  return { id, request_digest, agent, until_ms: approvalEndsMs(approval), ...(unvouched === undefined ? {} : { unvouched }) }
}

/** Where an approval stands at a time. One no is a no; being over is final. */
export function approvalState(approval: Approval, nowMs: number): ApprovalState {
  if (approval.redeemed_by !== null) return 'redeemed'
  if (approval.withdrawn_at_ms !== null) return 'withdrawn'
  if (approval.votes.some(({ verdict }) => verdict === 'reject')) return 'rejected'
  if (approval.expired_at_ms !== null) return 'expired'
  return nowMs >= approvalEndsMs(approval) ? 'expired' : isApproved(approval) ? 'approved' : 'pending'
}

/** The approval with one more verdict. */
export function withVote(approval: Approval, vote: ApprovalVote): Approval {
  return { ...approval, votes: [...approval.votes, vote] }
}

/** The approval taken back by who asked, or by an approver before it is redeemed. */
export function withdrawn(approval: Approval, atMs: number): Approval {
  return { ...approval, withdrawn_at_ms: atMs }
}

/** The approval of which the log says that it ran out of time. */
export function expired(approval: Approval, atMs: number): Approval {
  return { ...approval, expired_at_ms: atMs }
}

/** The approval after the one decision it was good for. */
export function redeemed(approval: Approval, decisionId: string): Approval {
  return { ...approval, redeemed_by: decisionId }
}

/** When an approval that nothing more happens to is over, ms since 1970. */
export function approvalEndsMs(approval: Approval): number {
  const last = approval.votes.at(-1)
  return isApproved(approval) && last !== undefined ? last.at_ms + approval.redeem_within_ms : approval.expires_at_ms
}

function isApproved(approval: Approval): boolean {
  return approversOf(approval) >= approval.approvers_needed
}

/** Distinct people who said yes, without those who are behind the request themselves. */
export function approversOf({ votes }: Approval, requesters: readonly string[] = []): number {
  const people = votes.filter(({ verdict }) => verdict === 'approve').map(({ person }) => person)
  return new Set(people.filter((person) => !hasActor(requesters, person))).size
}
