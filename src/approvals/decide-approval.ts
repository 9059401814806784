import { actorOf, authorize, namedPerson, requesterOf } from '../access/authority.ts'
import type { Caller, Role } from '../access/caller.ts'
import { decisionOf, proposalOf } from '../evidence/judged-decision.ts'
import { evaluationContextOf } from '../evidence/raters/agent-judges.ts'
import { judge, judgementDocumentKeys } from '../evidence/raters/judge.ts'
import type { EvidenceDeps } from '../evidence/report-outcome.ts'
import type { Judged, Verdict, Weighed } from '../evidence/weigh-verdict.ts'
import { ServiceError } from '../format/error.ts'
import { SECOND_MS } from '../format/time.ts'
import { consequencesOf } from '../ledger/changes.ts'
import type { Approval, ApprovalState } from '../ledger/documents/approval.ts'
import type { DocumentKey } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { agentKey, approvalKey, inboxKey, tenantKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { StoredRecord, Transaction, View } from '../ledger/store.ts'
import { OUTCOME_CLASSES } from '../model/outcome-classes.ts'
import { parseScope } from '../model/scope.ts'
import { isRubberStamp } from '../trust/raters.ts'
import { summaryOf, approvalViewOf } from './answers.ts'
import { approvalBlocker } from './approval-blockers.ts'
import { refuseVote, type VoteRefusal } from './approval-rules.ts'
import type { ApprovalAnswer, ApprovalReport, ApprovalsAnswer, ApprovalView, WithdrawalReport } from './wire.ts'

/** Whether this credential may decide for a scope: by `approver_scopes`, a scope, a whole tool category, or `*`. */
export function mayApprove(caller: Caller, scope: string): boolean {
  const category = parseScope(scope)?.category
  return (caller.approver_scopes ?? ['*']).some((each) => each === '*' || each === scope || each === category)
}

/** Where the trust of those is kept who asked. */
function agentKeysOf(tenant: string, asked: readonly { readonly agent: string | null }[]): readonly DocumentKey[] {
  return [...new Set(asked.flatMap(({ agent }) => agent ?? []))].map((agent) => agentKey(tenant, agent))
}

/** Roles that see the approvals of every scope; an approver sees those of the scopes it decides for. */
const READS_ALL = ['operator', 'auditor', 'administrator'] as const satisfies readonly Role[]

function mayRead(caller: Caller, scope: string): boolean {
  return READS_ALL.some((role) => caller.roles.includes(role)) || mayApprove(caller, scope)
}

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
  const touches = [...keys, tenantKey(tenant), ...agentKeysOf(tenant, open)]
  const approvals = await deps.store.read(touches, (view) =>
    keys
      .flatMap((key) => view.document(key) ?? [])
      .filter((each) => mayRead(caller, each.scope))
      .map((each) => summaryOf(each, nowMs, approvalBlocker(each, tenant, view))),
  )
  return { approvals: approvals.filter((each) => state === undefined || each.state === state) }
}

/** One approval with its decision's complete request, terms, risk, trust and way back. */
export async function approval(deps: EvidenceDeps, caller: Caller, decisionId: string): Promise<ApprovalView> {
  authorize(caller, 'read_approvals')
  const nowMs = deps.nowMs()
  const { tenant } = caller
  const { stored, key } = await locate(deps, caller, decisionId)
  const verdicts = { kind: 'verdicts', tenant, id: decisionId } as const
  const touches = [key, tenantKey(tenant), verdicts, ...agentKeysOf(tenant, [stored.record])]
  const { found, standing } = await deps.store.read(touches, (view) => {
    const kept = theApproval(view.document(key), decisionId)
    const { advice = [] } = view.document(verdicts) ?? {}
    return { found: kept, standing: { paused: approvalBlocker(kept, tenant, view), advice } }
  })
  if (!mayRead(caller, found.scope)) throw notOfThisScope(caller, found.scope)
  return approvalViewOf(found, stored, nowMs, standing)
}

/**
 * A named person's yes or no: never of who asked, never of an agent, once per person. It is evidence about the agent too, and settles
 * the approval as soon as enough people said yes, or one said no.
 */
export async function decideApproval(
  deps: EvidenceDeps,
  caller: Caller,
  decisionId: string,
  report: ApprovalReport,
): Promise<ApprovalAnswer> {
  authorize(caller, 'approve')
  const person = namedPerson(caller)
  if (report.verdict === 'approve') refuseSteppedClock(deps)
  const { stored, key } = await locate(deps, caller, decisionId)
  const { decided } = await deps.store.read([], (view) => decisionOf(view, caller.tenant, decisionId))
  if (stored.state === 'erased')
    throw new ServiceError('conflict', `the request of decision "${decisionId}" is erased, so nobody can see what would run`, {
      fix: 'ask for the decision anew',
    })
  const judged = proposalOf(decisionId, decided)
  const touches = [
    key,
    inboxKey(caller.tenant),
    tenantKey(caller.tenant),
    { kind: 'rater', tenant: caller.tenant, id: person } as const,
    ...evidenceKeys(caller.tenant, judged, actorOf(caller)),
  ]
  return deps.store.transact(touches, (transaction) => {
    // The time is read here: what was recorded in the meantime came before it.
    const nowMs = deps.nowMs()
    const before = theApproval(transaction.document(key), decisionId)
    refuse(caller, person, before, report, nowMs)
    const vote = { person, verdict: report.verdict, reason: report.reason, at_ms: nowMs }
    const evidence = weighed(deps, judged, { caller, verdict: report.verdict, nowMs }, transaction)
    const effects: readonly Effect[] = [
      { kind: 'approval', request_digest: key.id, step: { kind: 'voted', vote } },
      ...evidence.effects,
    ]
    const body = {
      verb: report.verdict,
      reason: report.reason,
      ...(evidence.verdict === null ? {} : { verdict: evidence.verdict }),
      ...(evidence.canary ? { canary: true } : {}),
      latency_ms: nowMs - before.requested_at_ms,
      payload: stored.state,
      evidence: evidence.reason,
    }
    const answer = write(deps, { caller, before, nowMs, effects, body, evidence: evidence.reason }, transaction)
    observeRater(deps, { tenant: caller.tenant, person, effects }, transaction)
    deps.observe({ kind: 'approval', verdict: report.verdict, seconds: (nowMs - before.requested_at_ms) / SECOND_MS })
    if (evidence.counted)
      deps.observe({ kind: 'evidence', layer: 'outcome', polarity: report.verdict === 'approve' ? 'positive' : 'negative' })
    return answer
  })
}

/** Tells the metrics of a rater who looks like a rubber stamp, and of what waits. */
function observeRater(
  { observe }: EvidenceDeps,
  { tenant, person, effects }: { readonly tenant: string; readonly person: string; readonly effects: readonly Effect[] },
  view: View,
): void {
  const record = view.document({ kind: 'rater', tenant, id: person })
  if (record !== undefined && isRubberStamp(record, view.constants())) observe({ kind: 'rubber_stamp' })
  for (const effect of effects) if (effect.kind === 'hold') observe({ kind: 'held', reason: effect.hold.reason })
}

/** Takes an approval out of the world before it is redeemed: by who asked for it, or by an approver of its scope. */
export async function withdrawApproval(
  deps: EvidenceDeps,
  caller: Caller,
  decisionId: string,
  report: WithdrawalReport,
): Promise<ApprovalAnswer> {
  authorize(caller, 'withdraw_approval')
  const { stored, key } = await locate(deps, caller, decisionId)
  const touches = [key, inboxKey(caller.tenant), tenantKey(caller.tenant), ...agentKeysOf(caller.tenant, [stored.record])]
  return deps.store.transact(touches, (transaction) => {
    const nowMs = deps.nowMs()
    const before = theApproval(transaction.document(key), decisionId)
    const approver = caller.roles.includes('approver') && mayApprove(caller, before.scope)
    if (!approver && before.requester !== requesterOf(caller))
      throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" did not ask for this approval`, {
        fix: 'withdraw with the credential that asked, or as an approver of the scope',
      })
    const state = approvalState(before, nowMs)
    if (state !== 'pending' && state !== 'approved') throw isOver(decisionId, state)
    const effects: readonly Effect[] = [{ kind: 'approval', request_digest: key.id, step: { kind: 'withdrawn' } }]
    const body = { verb: 'withdraw', ...(report.reason === undefined ? {} : { reason: report.reason }) }
    return write(deps, { caller, before, nowMs, effects, body, evidence: 'a withdrawal is no evidence' }, transaction)
  })
}

/** Writes to the log which approvals ran out of time: nobody decided, or nobody redeemed. Returns how many. */
export async function expireApprovals(deps: EvidenceDeps, caller: Caller): Promise<number> {
  const { tenant } = caller
  const over = await deps.store.read([inboxKey(tenant)], (view) => {
    const nowMs = deps.nowMs()
    return (view.document(inboxKey(tenant))?.open ?? []).filter(({ until_ms }) => nowMs >= until_ms)
  })
  let expired = 0
  for (const { request_digest, agent } of over) {
    const touches = [
      approvalKey(tenant, request_digest),
      inboxKey(tenant),
      tenantKey(tenant),
      ...agentKeysOf(tenant, [{ agent }]),
    ]
    await deps.store.transact(touches, (transaction) => {
      const nowMs = deps.nowMs()
      const before = transaction.document(approvalKey(tenant, request_digest))
      const listed = transaction.document(inboxKey(tenant))?.open.some((each) => each.request_digest === request_digest)
      if (before === undefined || listed !== true || approvalState(before, nowMs) !== 'expired') return
      const effects: readonly Effect[] = [{ kind: 'approval', request_digest, step: { kind: 'expired' } }]
      write(deps, { caller, before, nowMs, effects, body: { verb: 'expire' }, evidence: 'silence is not evidence' }, transaction)
      expired += 1
    })
  }
  return expired
}

type Write = {
  readonly caller: Caller
  readonly before: Approval
  readonly nowMs: number
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
  readonly evidence: string
}

function write(
  deps: EvidenceDeps,
  { caller, before, nowMs, effects, body, evidence }: Write,
  transaction: Transaction,
): ApprovalAnswer {
  const trial = sandbox(transaction)
  const { changes, named } = consequencesOf(effects, nowMs, caller.tenant, trial)
  const after = theApproval(trial.document(approvalKey(caller.tenant, before.request_digest)), before.id)
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
      effects,
    }),
  })
  for (const change of changes)
    if (change.kind === 'demoted') deps.observe({ kind: 'demotion', from: change.from, to: change.to })
  return {
    approval: summaryOf(after, nowMs, approvalBlocker(after, caller.tenant, transaction)),
    record_id: id,
    leaf_index: leafIndex,
    state_version: transaction.stateVersion(),
    evidence,
    changes: [...changes],
  }
}

/** What a verdict is as evidence, and what it counts for. */
type VerdictWeighed = Weighed & { readonly verdict: Verdict | null; readonly canary: boolean }

const NOBODY_JUDGED = { effects: [], counted: false, verdict: null, canary: false } as const

function weighed(
  deps: EvidenceDeps,
  judged: Judged | null,
  { caller, verdict, nowMs }: { readonly caller: Caller; readonly verdict: 'approve' | 'reject'; readonly nowMs: number },
  view: View,
): VerdictWeighed {
  if (judged === null) return { ...NOBODY_JUDGED, reason: 'nobody is judged: no proven agent asked' }
  if (!deps.clockSteady()) return { ...NOBODY_JUDGED, reason: 'the clock stepped: no evidence is taken until it is steady' }
  const verdictClass = verdict === 'approve' ? 'approved' : 'rejected'
  const said: Verdict = {
    layer: 'outcome',
    class: verdictClass,
    gravity: OUTCOME_CLASSES[verdictClass],
    source: 'human',
    by: actorOf(caller),
    event_time_ms: verdict === 'approve' ? judged.decided_at_ms : nowMs,
  }
  return judge(judged, said, evaluationContextOf(deps, caller, judged.decision_id, nowMs, view), view)
}

function evidenceKeys(tenant: string, judged: Judged | null, by: string): readonly DocumentKey[] {
  if (judged === null) return []
  return [
    ...[judged.agent, ...judged.delegators].map((id) => ({ kind: 'agent', tenant, id }) as const),
    ...judgementDocumentKeys(tenant, judged, { layer: 'outcome', by }),
  ]
}

async function locate(
  deps: EvidenceDeps,
  { tenant }: Caller,
  decisionId: string,
): Promise<{ readonly stored: StoredRecord; readonly key: ReturnType<typeof approvalKey> }> {
  const stored = await deps.store.read([], (view) => decisionOf(view, tenant, decisionId))
  const { request_digest } = stored.record.body as unknown as { readonly request_digest: string }
  return { stored, key: approvalKey(tenant, request_digest) }
}

function theApproval(found: Approval | undefined, decisionId: string): Approval {
  if (found?.id === decisionId) return found
  const fix = 'see the pending ones in GET /api/v1/approvals'
  throw new ServiceError('not_found', `decision "${decisionId}" asked for no approval of its own`, {
    fix: found === undefined ? fix : `the approval of this request is that of decision "${found.id}"`,
  })
}

/** Refuses what has to end by itself, while nobody knows what time it is. */
export function refuseSteppedClock({ clockSteady, observe }: Pick<EvidenceDeps, 'clockSteady' | 'observe'>): void {
  if (clockSteady()) return
  observe({ kind: 'degraded', cause: 'clock' })
  throw new ServiceError('not_ready', 'the clock stepped: nothing that ends by itself is granted until it is steady', {
    fix: 'check time synchronisation',
  })
}

const REFUSALS: Readonly<Record<Exclude<VoteRefusal, 'over'>, string>> = {
  own_request: 'asked for this approval, and nobody approves their own request',
  already_voted: 'has already decided; a second person has to be another one',
}

function refuse(caller: Caller, person: string, before: Approval, report: ApprovalReport, nowMs: number): void {
  if (!mayApprove(caller, before.scope)) throw notOfThisScope(caller, before.scope)
  const refusal =
    refuseVote(before, person, nowMs) ?? (before.not_by.includes(caller.credential ?? '') ? ('own_request' as const) : null)
  if (refusal === 'over') throw isOver(before.id, approvalState(before, nowMs))
  if (refusal !== null) throw new ServiceError('forbidden', `"${person}" ${REFUSALS[refusal]}`)
  if (report.request_digest !== undefined && report.request_digest !== before.request_digest)
    throw new ServiceError('conflict', 'the verdict is about another request than this decision', {
      place: { pointer: '/request_digest' },
      fix: 'look at the decision again, and send its request_digest',
    })
}

function notOfThisScope(caller: Caller, scope: string): ServiceError {
  return new ServiceError('forbidden', `the credential "${actorOf(caller)}" does not decide for the scope "${scope}"`, {
    fix: 'add the scope to "approver_scopes" of the credential',
  })
}

function isOver(decisionId: string, state: ApprovalState): ServiceError {
  return new ServiceError('conflict', `the approval of decision "${decisionId}" is over: ${state}`, {
    fix: 'let the request be asked anew',
  })
}
