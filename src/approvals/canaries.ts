import { actorOf, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { decisionOf, proposalOf, type RecordedDecision } from '../evidence/judged-decision.ts'
import { knowsCanaries } from '../evidence/raters/agent-judges.ts'
import { ServiceError } from '../format/error.ts'
import type { Verdicts } from '../ledger/documents/verdicts.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { activityKey, approvalKey } from '../ledger/keys.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { StoredRecord, Transaction } from '../ledger/store.ts'
import { type VerbDeps, recordOperatorAction } from '../policy/operator-verbs.ts'
import type { CanaryAnswer, CanaryReport } from './wire.ts'

/**
 * Makes a decision that waits for people, or a proposal that verifiers judge, one of which the right answer is known. From then on every
 * verdict on it counts for its rater alone, and an approval of it can never be redeemed. Throws `not_found` or `conflict`.
 */
export async function seedCanary(deps: VerbDeps, caller: Caller, report: CanaryReport): Promise<CanaryAnswer> {
  authorize(caller, 'seed_canary')
  const { tenant } = caller
  const { decision_id, expected, note } = report
  const known = await deps.store.read([], (view) => decisionOf(view, tenant, decision_id))
  const { request_digest } = known.record.body as unknown as { readonly request_digest: string }
  const approval = approvalKey(tenant, request_digest)
  const verdicts = { kind: 'verdicts', tenant, id: decision_id } as const
  const asking = proposalOf(decision_id, known.decided)?.agent
  const keys = [approval, verdicts, ...(asking === undefined ? [] : [activityKey(tenant, asking)])]
  return deps.store.transact(keys, (transaction) => {
    const nowMs = deps.nowMs()
    const digest = openApproval(transaction, { tenant, decision_id, request_digest, nowMs })
    refuseUnfit(decision_id, known.decided, digest, transaction.document(verdicts))
    const canary = { expected, by: actorOf(caller), at_ms: nowMs }
    const effects: readonly Effect[] = [
      { kind: 'canary', decision_id, request_digest: digest, canary },
      // What is said of it verifies nothing about its agent, so its agent owes nothing for it.
      ...(asking === undefined ? [] : [{ kind: 'release' as const, agent: asking, decision_id }]),
    ]
    const body = { verb: 'seed_canary', expected, ...(note === undefined ? {} : { detail: note }) }
    const { agent, action } = known.record
    const draft = { caller, atMs: nowMs, agent, action, decisionId: decision_id, body, effects }
    return { decision_id, expected, approval: digest !== null, ...recordOperatorAction(deps, draft, transaction) }
  })
}

/** The digest of the request of an approval that waits and is this decision's own; null: there is none. */
function openApproval(
  transaction: Transaction,
  {
    tenant,
    decision_id,
    request_digest,
    nowMs,
  }: Readonly<Record<'tenant' | 'decision_id' | 'request_digest', string>> & { readonly nowMs: number },
): string | null {
  const found = transaction.document(approvalKey(tenant, request_digest))
  return found?.id === decision_id && approvalState(found, nowMs) === 'pending' && found.votes.length === 0
    ? request_digest
    : null
}

function refuseUnfit(
  decisionId: string,
  decided: RecordedDecision,
  digest: string | null,
  verdicts: Pick<Verdicts, 'heard' | 'canary'> | undefined,
): void {
  const refusal =
    verdicts?.canary !== undefined
      ? 'is a canary already'
      : (verdicts?.heard.length ?? 0) > 0
        ? 'was judged already'
        : proposalOf(decisionId, decided) === null
          ? 'has no proven agent'
          : digest === null && (decided.decision.decision || !decided.proposal)
            ? 'neither waits for an approval nor is a proposal'
            : undefined
  if (refusal === undefined) return
  throw new ServiceError('conflict', `decision "${decisionId}" ${refusal}`, {
    place: { pointer: '/decision_id' },
    fix: 'ask for one with a request of known answer, and mark it before anybody judges it',
  })
}

/** Whether a record says that a decision is a canary. */
function marks({ effects }: AuditRecord): boolean {
  return effects.some(({ kind }) => kind === 'canary')
}

/** A record as a caller may see it: who could be judging must not see that a decision is a canary. Undefined: not at all. */
export function seenBy(caller: Caller, stored: StoredRecord): StoredRecord | undefined {
  if (knowsCanaries(caller)) return stored
  const { record } = stored
  if (marks(record)) return undefined
  if (record.body['canary'] !== true) return stored
  const body = Object.fromEntries(Object.entries(record.body).filter(([name]) => name !== 'canary'))
  return { ...stored, record: { ...record, body, effects: record.effects.filter(({ kind }) => kind !== 'canary_judged') } }
}
