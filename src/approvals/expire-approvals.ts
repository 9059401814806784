import type { Caller } from '../access/caller.ts'
import { systemCaller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import type { ApprovalInbox } from '../ledger/documents/approval.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { approvalKey, inboxKey } from '../ledger/keys.ts'
import { approvalStepKeys, recordApprovalStep } from './record-approval.ts'

/** Writes to the log which approvals of all tenants ran out of time: nobody decided, or nobody redeemed. Returns how many. */
export async function expireApprovals(deps: EvidenceDeps): Promise<number> {
  let expired = 0
  for (const tenant of await deps.store.tenants()) expired += await expireOfTenant(deps, systemCaller(tenant))
  return expired
}

async function expireOfTenant(deps: EvidenceDeps, caller: Caller): Promise<number> {
  const { tenant } = caller
  const over = await deps.store.read([inboxKey(tenant)], (view) => {
    const nowMs = deps.nowMs()
    return (view.document(inboxKey(tenant))?.open ?? []).filter(({ until_ms }) => nowMs >= until_ms)
  })
  let expired = 0
  for (const entry of over) if (await expire(deps, caller, entry)) expired += 1
  return expired
}

/** Records that an approval ran out of time; false where it was redeemed or recorded meanwhile. */
function expire(deps: EvidenceDeps, caller: Caller, { request_digest, agent }: ApprovalInbox['open'][number]): Promise<boolean> {
  const { tenant } = caller
  return deps.store.transact(approvalStepKeys(tenant, request_digest, agent), (transaction) => {
    const nowMs = deps.nowMs()
    const before = transaction.document(approvalKey(tenant, request_digest))
    const listed = transaction.document(inboxKey(tenant))?.open.some((each) => each.request_digest === request_digest)
    if (before === undefined || listed !== true || approvalState(before, nowMs) !== 'expired') return false
    const effects: readonly Effect[] = [{ kind: 'approval', request_digest, step: { kind: 'expired' } }]
    const step = { caller, before, nowMs, effects, body: { verb: 'expire' }, evidence: 'silence is not evidence' }
    recordApprovalStep(deps, step, transaction)
    return true
  })
}
