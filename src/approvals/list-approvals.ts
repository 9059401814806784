import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { standingIncidentsOf } from '../incidents/list.ts'
import type { ApprovalState } from '../ledger/documents/approval.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { agentKey, approvalKey, inboxKey, tenantKey } from '../ledger/keys.ts'
import { findAdviceReasons } from './advice-reasons.ts'
import { approvalViewOf, heldBack, summaryOf } from './answers.ts'
import { agentKeysOf, locateApproval, notOfThisScope, ownApproval } from './record-approval.ts'
import { resumptionView } from './resumption-checks.ts'
import { pausableApproval } from './rules/pauses.ts'
import { mayRead } from './rules/who-may-approve.ts'
import type { ApprovalsAnswer, ApprovalView } from './wire.ts'

/** Approvals that are not over, of the scopes this caller may read; in one state only, where asked. */
export async function openApprovals(
  deps: EvidenceDeps,
  caller: Caller,
  { state }: { readonly state?: ApprovalState | undefined },
): Promise<ApprovalsAnswer> {
  authorize(caller, 'read_approvals')
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const open = await deps.store.read([inboxKey(tenant)], (view) => view.document(inboxKey(tenant))?.open ?? [])
  const keys = open.map(({ request_digest }) => approvalKey(tenant, request_digest))
  const documentKeys = [...keys, tenantKey(tenant), ...agentKeysOf(tenant, open)]
  const approvals = await deps.store.read(documentKeys, (view) =>
    keys
      .flatMap((key) => view.document(key) ?? [])
      .filter((each) => mayRead(caller, each.scope))
      .map((each) => summaryOf(each, nowMs, heldBack(pausableApproval(each), tenant, view))),
  )
  return { approvals: approvals.filter((each) => state === undefined || each.state === state) }
}

/** One approval with its decision's complete request, terms, risk, trust and way back. */
export async function approval(deps: EvidenceDeps, caller: Caller, decisionId: string): Promise<ApprovalView> {
  authorize(caller, 'read_approvals')
  const nowMs = deps.nowMs()
  const { tenant } = caller
  const { stored, key } = await locateApproval(deps, caller, decisionId)
  const verdicts = { kind: 'verdicts', tenant, id: decisionId } as const
  const documentKeys = [key, tenantKey(tenant), verdicts, ...agentKeysOf(tenant, [stored.record])]
  const { found, standing } = await deps.store.read(documentKeys, (view) => {
    const own = ownApproval(view.document(key), decisionId)
    const { advice = [], rollback } = view.document(verdicts) ?? {}
    const { agent, scope } = own
    const all = agent === null ? [] : standingIncidentsOf(agentKey(tenant, agent), nowMs, view)
    const incidents = all.filter((each) => each.scope === null || each.scope === scope)
    const thing = pausableApproval(own)
    const over = !['pending', 'approved'].includes(approvalState(own, nowMs))
    const resumption = over ? null : resumptionView(caller, { decisionId, thing, behind: own.not_by }, view)
    return { found: own, standing: { held: heldBack(thing, tenant, view), advice, rollback, incidents, resumption } }
  })
  if (!mayRead(caller, found.scope)) throw notOfThisScope(caller, found.scope)
  const adviceReasons = await findAdviceReasons(deps.store, { tenant, decisionId, any: standing.advice.length > 0 })
  return approvalViewOf(found, stored, nowMs, { ...standing, adviceReasons })
}
