import type { ProjectionState } from './projection-state.ts'
import type { Approval, ApprovalInbox } from '../model/approval.ts'
import type { Effect } from '../model/effect.ts'
import { invariant } from '../model/error.ts'
import { approvalEndsMs, approvalState, expired, redeemed, withdrawn, withVerdict, withVote } from '../workflows/approvals.ts'

/** Applies one step in the life of an approval: the approval itself, the tenant's list of open ones, and who decided how. */
export function applyApproval(
  { request_digest, step }: Extract<Effect, { kind: 'approval' }>,
  nowMs: number,
  tenant: string,
  state: ProjectionState,
): void {
  const key = { kind: 'approval', tenant, id: request_digest } as const
  const before = step.kind === 'requested' ? step.approval : state.document(key)
  invariant(before !== undefined, `there is no approval of ${request_digest}`)
  const after = stepped(before, step, nowMs)
  state.put(key, after)
  putInbox(after, nowMs, tenant, state)
  if (step.kind === 'voted') {
    const { person, verdict, at_ms } = step.vote
    const rater = { kind: 'rater', tenant, id: person } as const
    state.put(rater, withVerdict(state.document(rater), verdict, at_ms - before.requested_at_ms))
  }
}

type Step = Extract<Effect, { kind: 'approval' }>['step']

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
function putInbox(approval: Approval, nowMs: number, tenant: string, state: ProjectionState): void {
  const key = { kind: 'inbox', tenant, id: '' } as const
  const others = (state.document(key)?.open ?? []).filter(({ request_digest }) => request_digest !== approval.request_digest)
  const standing = approvalState(approval, nowMs)
  const entry: ApprovalInbox['open'] =
    standing === 'pending' || standing === 'approved'
      ? [{ id: approval.id, request_digest: approval.request_digest, agent: approval.agent, until_ms: approvalEndsMs(approval) }]
      : []
  state.put(key, { open: [...others, ...entry] })
}
