import { isSameActor } from '../access/actor-name.ts'
import { shownName, authorize, requesterOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { ServiceError } from '../format/error.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { approvalIsOver, approvalStepKeys, locateApproval, ownApproval, recordApprovalStep } from './record-approval.ts'
import { mayApprove } from './rules/who-may-approve.ts'
import type { ApprovalAnswer, WithdrawalReport } from './wire.ts'

/** Takes an approval out of the world before it is redeemed: by who asked for it, or by an approver of its scope. */
export async function withdrawApproval(
  deps: EvidenceDeps,
  caller: Caller,
  decisionId: string,
  report: WithdrawalReport,
): Promise<ApprovalAnswer> {
  authorize(caller, 'withdraw_approval')
  const { stored, key } = await locateApproval(deps, caller, decisionId)
  return deps.store.transact(approvalStepKeys(caller.tenant, key.id, stored.record.agent), (transaction) => {
    const nowMs = deps.nowMs()
    const before = ownApproval(transaction.document(key), decisionId)
    const approver = caller.roles.includes('approver') && mayApprove(caller, before.scope)
    if (!approver && !isSameActor(before.requester, requesterOf(caller)))
      throw new ServiceError('forbidden', `the credential "${shownName(caller)}" did not ask for this approval`, {
        fix: 'withdraw with the credential that asked, or as an approver of the scope',
      })
    const state = approvalState(before, nowMs)
    if (state !== 'pending' && state !== 'approved') throw approvalIsOver(decisionId, state)
    const effects: readonly Effect[] = [{ kind: 'approval', request_digest: key.id, step: { kind: 'withdrawn' } }]
    const body = { verb: 'withdraw', ...(report.reason === undefined ? {} : { reason: report.reason }) }
    const step = { caller, before, nowMs, effects, body, evidence: 'a withdrawal is no evidence' }
    return recordApprovalStep(deps, step, transaction)
  })
}
