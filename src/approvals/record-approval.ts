import { shownName } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { decisionOf } from '../evidence/judged-decision.ts'
import { ServiceError } from '../format/error.ts'
import { consequencesOf, observeChanges } from '../ledger/changes.ts'
import type { Approval, ApprovalState } from '../ledger/documents/approval.ts'
import type { DocumentKey } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { agentKey, approvalKey, inboxKey, tenantKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { StoredRecord, Transaction } from '../ledger/store.ts'
import { heldBack, summaryOf } from './answers.ts'
import { pausableApproval } from './rules/pauses.ts'
import type { ApprovalAnswer } from './wire.ts'

/** The documents of those agents that asked. */
export function agentKeysOf(tenant: string, requests: readonly { readonly agent: string | null }[]): readonly DocumentKey[] {
  return [...new Set(requests.flatMap(({ agent }) => agent ?? []))].map((agent) => agentKey(tenant, agent))
}

/** The documents that a step in the life of an approval reads or writes. */
export function approvalStepKeys(tenant: string, requestDigest: string, agent: string | null): readonly DocumentKey[] {
  return [approvalKey(tenant, requestDigest), inboxKey(tenant), tenantKey(tenant), ...agentKeysOf(tenant, [{ agent }])]
}

/** The record of the decision that asked, and where its approval is kept. Throws `not_found`. */
export async function locateApproval(
  deps: Pick<EvidenceDeps, 'store'>,
  { tenant }: Caller,
  decisionId: string,
): Promise<{ readonly stored: StoredRecord; readonly key: ReturnType<typeof approvalKey> }> {
  const stored = await deps.store.read([], (view) => decisionOf(view, tenant, decisionId))
  const { request_digest } = stored.record.body as unknown as { readonly request_digest: string }
  return { stored, key: approvalKey(tenant, request_digest) }
}

/** The approval of this very decision. Throws `not_found` where another decision asked with the same request. */
export function ownApproval(found: Approval | undefined, decisionId: string): Approval {
  if (found?.id === decisionId) return found
  const fix = 'see the pending ones in GET /api/v1/approvals'
  throw new ServiceError('not_found', `decision "${decisionId}" asked for no approval of its own`, {
    fix: found === undefined ? fix : `the approval of this request is that of decision "${found.id}"`,
  })
}

/** A step in the life of an approval, as it is recorded. */
type ApprovalStep = {
  readonly caller: Caller
  readonly before: Approval
  readonly nowMs: number
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  /** What it counts for as evidence, in words. */
  readonly evidence: string
}

/** Records a step in the life of an approval, and answers with where it stands then. */
export function recordApprovalStep(
  deps: EvidenceDeps,
  { caller, before, nowMs, effects, body, evidence }: ApprovalStep,
  transaction: Transaction,
): ApprovalAnswer {
  const trial = sandbox(transaction)
  const { changes, named, effects: all } = consequencesOf(effects, nowMs, caller.tenant, trial)
  const after = ownApproval(trial.document(approvalKey(caller.tenant, before.request_digest)), before.id)
  const id = deps.newId()
  const { leafIndex } = transaction.append({
    record: recordOf({
      kind: 'approval',
      id,
      caller,
      atMs: nowMs,
      agent: before.agent,
      action: before.action,
      outcome: approvalState(after, nowMs),
      decisionId: before.id,
      body: { ...body, request_digest: before.request_digest, ...named },
      effects: all,
    }),
  })
  observeChanges(deps, changes)
  return {
    approval: summaryOf(after, nowMs, heldBack(pausableApproval(after), caller.tenant, transaction)),
    record_id: id,
    leaf_index: leafIndex,
    state_version: transaction.stateVersion(),
    evidence,
    changes: [...changes],
  }
}

/** The refusal of somebody who does not decide for a scope. */
export function notOfThisScope(caller: Caller, scope: string): ServiceError {
  return new ServiceError('forbidden', `the credential "${shownName(caller)}" does not decide for the scope "${scope}"`, {
    fix: 'add the scope to "approver_scopes" of the credential',
  })
}

/** The refusal of what comes too late. */
export function approvalIsOver(decisionId: string, state: ApprovalState): ServiceError {
  return new ServiceError('conflict', `the approval of decision "${decisionId}" is over: ${state}`, {
    fix: 'let the request be asked anew',
  })
}
