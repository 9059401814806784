import { actorOf, authorize, namedPerson, isOneOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { decisionOf, proposalOf } from '../evidence/judged-decision.ts'
import { evaluationContextOf } from '../evidence/raters/agent-judges.ts'
import { judge, judgementDocumentKeys } from '../evidence/raters/judge.ts'
import { coverageOf } from '../evidence/sampling.ts'
import type { Judged, Verdict, Weighed } from '../evidence/rules/weighing.ts'
import { ServiceError } from '../format/error.ts'
import type { Approval } from '../ledger/documents/approval.ts'
import type { DocumentKey } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { activityKey, agentKey, boundsKey, inboxKey, raterKey, tenantKey } from '../ledger/keys.ts'
import type { StoredRecord, Transaction, View } from '../ledger/store.ts'
import { OUTCOME_CLASSES } from '../model/outcome-classes.ts'
import { refuseSteppedClock } from '../policy/stepped-clock.ts'
import { isRubberStamp } from '../trust/raters.ts'
import { approvalIsOver, locateApproval, notOfThisScope, ownApproval, recordApprovalStep } from './record-approval.ts'
import { refuseVote, type VoteRefusal } from './rules/approval-rules.ts'
import { pausableApproval, pausesKeysOf, pausesOf } from './rules/pauses.ts'
import { mayApprove } from './rules/who-may-approve.ts'
import type { ApprovalAnswer, ApprovalReport } from './wire.ts'

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
  const { tenant } = caller
  if (report.verdict === 'approve') refuseSteppedClock(deps, 'nothing that ends by itself is granted')
  const { stored, key } = await locateApproval(deps, caller, decisionId)
  const { decided } = await deps.store.read([], (view) => decisionOf(view, tenant, decisionId))
  if (stored.state === 'erased')
    throw new ServiceError('conflict', `the request of decision "${decisionId}" is erased, so nobody can see what would run`, {
      fix: 'ask for the decision anew',
    })
  const judged = proposalOf(decisionId, decided)
  const documentKeys = [
    key,
    inboxKey(tenant),
    tenantKey(tenant),
    raterKey(tenant, person),
    ...pausesKeysOf(tenant, stored.record.agent === null ? [] : [stored.record.agent]),
    ...evidenceKeys(tenant, judged, actorOf(caller)),
    ...(judged === null ? [] : [activityKey(tenant, judged.agent), boundsKey(tenant, judged.agent)]),
  ]
  return deps.store.transact(documentKeys, (transaction) => {
    // The time is read here: what was recorded in the meantime came before it.
    const nowMs = deps.nowMs()
    const before = ownApproval(transaction.document(key), decisionId)
    const vote = { caller, person, report, before, nowMs }
    refuseVoteOf(vote)
    if (report.verdict === 'approve') refusePaused(before, tenant, transaction)
    return recordVote(deps, { ...vote, judged, payload: stored.state }, transaction)
  })
}

/** What a person says about an approval as it is now. */
type Vote = {
  readonly caller: Caller
  readonly person: string
  readonly report: ApprovalReport
  readonly before: Approval
  readonly nowMs: number
}

/** A vote that is taken, what it says something about, and how much of the request people could see. */
type TakenVote = Vote & { readonly judged: Judged | null; readonly payload: StoredRecord['state'] }

function recordVote(deps: EvidenceDeps, taken: TakenVote, transaction: Transaction): ApprovalAnswer {
  const { caller, person, report, before, nowMs, judged, payload } = taken
  const { verdict, reason } = report
  const vote = { person, verdict, reason, at_ms: nowMs }
  const evidence = evidenceOf(deps, judged, { caller, verdict, nowMs }, transaction)
  const effects: readonly Effect[] = [
    { kind: 'approval', request_digest: before.request_digest, step: { kind: 'voted', vote } },
    ...evidence.effects,
    ...verifiedBy(taken, evidence, transaction),
  ]
  const latencyMs = nowMs - before.requested_at_ms
  const body = {
    verb: verdict,
    reason,
    ...(evidence.verdict === null ? {} : { verdict: evidence.verdict }),
    ...(evidence.canary ? { canary: true } : {}),
    latency_ms: latencyMs,
    payload,
    evidence: evidence.reason,
  }
  const step = { caller, before, nowMs, effects, body, evidence: evidence.reason }
  const answer = { ...recordApprovalStep(deps, step, transaction), payload }
  observeRater(deps, { tenant: caller.tenant, person, effects }, transaction)
  deps.observe({ kind: 'approval', verdict, seconds: latencyMs / 1_000 })
  if (evidence.counted)
    deps.observe({ kind: 'evidence', layer: 'outcome', polarity: verdict === 'approve' ? 'positive' : 'negative' })
  return answer
}

/** A person looked at the proposal, and says so in time: it is verified, unless it was one of known answer. */
function verifiedBy(
  { caller: { tenant }, judged, nowMs }: TakenVote,
  { counted, canary }: VoteEvidence,
  view: View,
): readonly Effect[] {
  if (judged === null || !counted || canary) return []
  const { agent, decision_id } = judged
  const covered = coverageOf(agent, decision_id, { tenant, nowMs }, view)
  return covered.length === 0 ? [] : [...covered, { kind: 'release', agent, decision_id }]
}

/** Tells the metrics of a rater who looks like a rubber stamp, and of what waits. */
function observeRater(
  { observe }: EvidenceDeps,
  { tenant, person, effects }: { readonly tenant: string; readonly person: string; readonly effects: readonly Effect[] },
  view: View,
): void {
  const record = view.document(raterKey(tenant, person))
  if (record !== undefined && isRubberStamp(record, view.constants())) observe({ kind: 'rubber_stamp' })
  for (const effect of effects) if (effect.kind === 'hold') observe({ kind: 'held', reason: effect.hold.reason })
}

/** What a vote is as evidence, and what it counts for. */
type VoteEvidence = Weighed & { readonly verdict: Verdict | null; readonly canary: boolean }

const NO_EVIDENCE = { effects: [], counted: false, verdict: null, canary: false } as const

function evidenceOf(
  deps: EvidenceDeps,
  judged: Judged | null,
  { caller, verdict, nowMs }: { readonly caller: Caller; readonly verdict: 'approve' | 'reject'; readonly nowMs: number },
  view: View,
): VoteEvidence {
  if (judged === null) return { ...NO_EVIDENCE, reason: 'nobody is judged: no proven agent asked' }
  if (!deps.clockSteady()) return { ...NO_EVIDENCE, reason: 'the clock stepped: no evidence is taken until it is steady' }
  const verdictClass = verdict === 'approve' ? 'approved' : 'rejected'
  const reported: Verdict = {
    layer: 'outcome',
    class: verdictClass,
    gravity: OUTCOME_CLASSES[verdictClass],
    source: 'human',
    by: actorOf(caller),
    event_time_ms: verdict === 'approve' ? judged.decided_at_ms : nowMs,
  }
  const context = evaluationContextOf(caller, { decisionId: judged.decision_id, nowMs, newId: deps.newId }, view)
  return judge(judged, reported, context, view)
}

function evidenceKeys(tenant: string, judged: Judged | null, by: string): readonly DocumentKey[] {
  if (judged === null) return []
  return [
    ...[judged.agent, ...judged.delegators].map((id) => agentKey(tenant, id)),
    ...judgementDocumentKeys(tenant, judged, { layer: 'outcome', by }),
  ]
}

const REFUSALS: Readonly<Record<Exclude<VoteRefusal, 'over'>, string>> = {
  own_request: 'asked for this approval, and nobody approves their own request',
  already_voted: 'has already decided; a second person has to be another one',
}

/** Nobody says yes to what is paused: whoever resumes it has looked at why. A no ends it, and stays open. */
function refusePaused(approval: Approval, tenant: string, view: View): void {
  const [pause] = pausesOf(pausableApproval(approval), tenant, view)
  if (pause === undefined) return
  throw new ServiceError('conflict', `decision "${approval.id}" is paused by the ${pause.cause} "${pause.id}"`, {
    fix: 'look at what happened, resume it (gradus approvals resume), then approve; or reject it',
  })
}

function refuseVoteOf({ caller, person, report, before, nowMs }: Vote): void {
  if (!mayApprove(caller, before.scope)) throw notOfThisScope(caller, before.scope)
  const refusal = refuseVote(before, person, nowMs) ?? (isOneOf(caller, before.not_by) ? ('own_request' as const) : null)
  if (refusal === 'over') throw approvalIsOver(before.id, approvalState(before, nowMs))
  if (refusal !== null) throw new ServiceError('forbidden', `"${person}" ${REFUSALS[refusal]}`)
  if (report.request_digest !== undefined && report.request_digest !== before.request_digest)
    throw new ServiceError('conflict', 'the verdict is about another request than this decision', {
      place: { pointer: '/request_digest' },
      fix: 'look at the decision again, and send its request_digest',
    })
}
