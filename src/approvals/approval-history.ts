import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { recordedDecisionOf } from '../evidence/judged-decision.ts'
import { approvalKey } from '../ledger/keys.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { StoredRecord } from '../ledger/store.ts'
import type { Request } from '../model/request.ts'
import { formatScope } from '../model/scope.ts'
import { mayRead } from './rules/who-may-approve.ts'
import type { ApprovalHistory, ApprovalHistoryPage, ApprovalHistoryStep } from './wire.ts'

/** Steps of one page. */
const PAGE_STEPS = 25
/** Records that are read at once. */
const READ_AT_ONCE = 100
/** Records that one page looks through: a search that finds little ends with `next` instead of reading the whole log. */
const LOOKED_THROUGH_MAX = 1_000

/** What is in the body of every record of a step; a reason that is masked or erased is absent. */
type StepBody = {
  readonly verb: ApprovalHistoryStep['verb']
  readonly reason?: string
  readonly request_digest: string
  readonly payload?: ApprovalHistoryStep['payload']
}

type HistoryDeps = Pick<EvidenceDeps, 'store'>

/**
 * What people and time did to the approvals of the scopes that this caller may read, the newest first. A page may be short, or empty,
 * where little of the log is what is searched for: `next` goes on.
 */
export async function approvalHistory(
  { store }: HistoryDeps,
  caller: Caller,
  { from, search = '' }: ApprovalHistoryPage,
): Promise<ApprovalHistory> {
  authorize(caller, 'read_approvals')
  const steps: ApprovalHistoryStep[] = []
  const of = { tenant: caller.tenant, kinds: ['approval'], newestFirst: true, limit: READ_AT_ONCE } as const
  let next = from
  for (let read = 0; read < LOOKED_THROUGH_MAX; read += READ_AT_ONCE) {
    const records = await store.query({ ...of, ...(next === undefined ? {} : { from: next }) })
    for (const stored of records) {
      next = stored.leafIndex
      const step = isFound(stored.record, search) ? await stepOf(store, caller, stored) : null
      if (step !== null) steps.push(step)
      if (steps.length === PAGE_STEPS) return { steps, next }
    }
    if (records.length < READ_AT_ONCE) return { steps, next: null }
  }
  return { steps, next: next ?? null }
}

function isFound({ agent, action, actor, outcome, decision_id, body }: AuditRecord, search: string): boolean {
  const texts = [agent, action, actor, outcome, decision_id, body['verb'], body['reason']]
  const wanted = search.toLowerCase()
  return texts.some((text) => typeof text === 'string' && text.toLowerCase().includes(wanted))
}

/** A record as people read it; null where it is about a scope of others. */
async function stepOf(
  store: HistoryDeps['store'],
  caller: Caller,
  { record }: StoredRecord,
): Promise<ApprovalHistoryStep | null> {
  const { tenant } = caller
  const { verb, reason, request_digest: digest, payload } = record.body as StepBody
  const decisionId = record.decision_id ?? ''
  const key = approvalKey(tenant, digest)
  const kept = await store.read([key], (view) => view.document(key))
  // The document is of the newest decision with this request; an older one says by its own record which scope it was in.
  if (kept?.id === decisionId && !mayRead(caller, kept.scope)) return null
  const asked = await store.read([], (view) => view.record(tenant, decisionId))
  if (asked?.record.kind !== 'decision') return null
  const { action } = recordedDecisionOf(asked.record).facts
  const scope = kept?.id === decisionId ? kept.scope : formatScope(action.scope, action.stake)
  if (!mayRead(caller, scope)) return null
  return {
    decision_id: decisionId,
    at: record.at,
    by: record.actor,
    verb,
    reason: reason ?? null,
    state: record.outcome ?? '',
    agent: record.agent,
    action: record.action,
    scope,
    resource: resourceText(asked.record.body['request']),
    payload: payload ?? asked.state,
  }
}

function resourceText(request: unknown): string {
  const { resource } = request as Pick<Request, 'resource'>
  return `${resource.type} ${resource.id}`
}
