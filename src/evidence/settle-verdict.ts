import type { Caller } from '../access/caller.ts'
import type { ClassifierAnswers } from '../detect/external-classifier.ts'
import { ceilingsFor } from '../ladder/rules/score-ceilings.ts'
import { accountsOfFacts } from '../ledger/accounts.ts'
import { consequencesOf, observeChanges, type TrustConsequences } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { agentKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import { project } from '../ledger/fold/fold.ts'
import { sandbox, sandboxView } from '../ledger/sandbox.ts'
import type { Transaction, View } from '../ledger/store.ts'
import { newAgentTrust } from '../trust/stored-trust.ts'
import { scopeView, type TrustView } from '../trust/trust-view.ts'
import {
  type DetectorRun,
  type FinishedAction,
  NO_DETECTOR_RUN,
  runDetectorsOnOutcome,
  runDetectorsOnOutput,
} from './detectors/run-detectors.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import type { decisionOf, RecordedDecision } from './judged-decision.ts'
import { evaluationContextOf } from './raters/agent-judges.ts'
import type { EvaluationContext } from './raters/evaluation-context.ts'
import { judge, judgeEach, type Judgement } from './raters/judge.ts'
import type { VerdictPlace } from './repeated-verdict.ts'
import { rollbackEffects, type WayBackReport } from './rollback-effects.ts'
import { refuseOldSuccess } from './rules/event-time.ts'
import { isVerification, withUnsampledShare } from './rules/verification.ts'
import type { Judged, Verdict } from './rules/weighing.ts'
import { coverageOf, missesCharged } from './sampling.ts'
import type { EvidenceAnswer } from './wire.ts'

/** What was said of a decision, and what its record keeps besides. */
export type ReportedVerdict = {
  readonly kind: 'outcome' | 'signal'
  readonly verdict: Verdict
  readonly detail: Readonly<Record<string, unknown>>
  /** What it says of the way back. */
  readonly wayBack?: WayBackReport
}

/** A verdict that somebody reports on a decision. */
export type Report = {
  readonly caller: Caller
  /** The decision that was reported on; `judged` names the one it counts with. */
  readonly decisionId: string
  readonly judged: Judged
  readonly decision: ReturnType<typeof decisionOf>
  readonly reported: ReportedVerdict
}

/** A report at the moment at which it is recorded. */
type SettledReport = Report & {
  /** What models said of the output; undefined: none was asked. */
  readonly outside: ClassifierAnswers | undefined
  readonly nowMs: number
}

/** What an answer says but for the place in the log; null: nothing was recorded, because it already was. */
type VerdictAnswer = Omit<EvidenceAnswer, keyof VerdictPlace> & { readonly place: VerdictPlace | null }

/** Weighs, applies and records; the answer shows what moved. Said twice, it is answered alike and leaves nothing. */
export function settleVerdict(deps: EvidenceDeps, report: SettledReport, transaction: Transaction): VerdictAnswer {
  const { caller, decisionId, judged, decision, reported, nowMs } = report
  const before = trustNow(report, transaction)
  const context = evaluationContextOf(caller, { decisionId, nowMs, newId: deps.newId }, transaction)
  const verdict = withUnsampledShare(reported.verdict, decision.decided, transaction.constants())
  const undo = rollbackEffects(report, reported.wayBack, transaction)
  const trial = sandbox(transaction)
  project(undo, nowMs, caller.tenant, trial)
  const judgement = judge(judged, verdict, context, sandboxView(trial, transaction))
  const answer = { decision_id: decisionId, counted: judgement.counted, reason: judgement.reason, trust_before: before }
  if (judgement.effects.length + undo.length === 0)
    return { ...answer, place: null, state_version: transaction.stateVersion(), trust_after: before, changes: [] }
  refuseOldSuccess(reported.verdict, judged, nowMs)
  const id = deps.newId()
  const { effects, detectors } = reportEffects(deps, { report, id, context, judgement, undo }, transaction)
  const consequences = consequencesOf(effects, nowMs, caller.tenant, sandbox(transaction))
  const record = verdictRecord(report, { id, judgement, detectors, consequences })
  const { leafIndex } = transaction.append({ record })
  observeVerdict(deps, { reported, judgement, consequences })
  return {
    ...answer,
    place: { record_id: id, leaf_index: leafIndex },
    state_version: transaction.stateVersion(),
    trust_after: trustNow(report, transaction),
    changes: [...consequences.changes],
  }
}

function trustNow({ caller: { tenant }, judged: { agent, scope }, nowMs }: SettledReport, view: View): TrustView {
  const constants = view.constants()
  const ceilings = ceilingsFor(view, { tenant, agent, scope, nowMs }, constants)
  return scopeView(view.document(agentKey(tenant, agent)) ?? newAgentTrust(), scope, { nowMs, ceilings }, constants)
}

/** A verdict that was judged, under the id of its record. */
type JudgedReport = {
  readonly report: SettledReport
  readonly id: string
  readonly context: EvaluationContext
  readonly judgement: Judgement
  /** What it does to the way back; it goes before what is weighed. */
  readonly undo: readonly Effect[]
}

/** Everything the record does: the verdict, what detectors make of it, sampling, and slots that are free again. */
function reportEffects(
  deps: EvidenceDeps,
  { report, id, context, judgement, undo }: JudgedReport,
  transaction: Transaction,
): { readonly effects: readonly Effect[]; readonly detectors: DetectorRun } {
  // Said before: only the way back is news.
  if (judgement.effects.length === 0) return { effects: undo, detectors: NO_DETECTOR_RUN }
  const { caller, decisionId, judged, decision, reported, nowMs } = report
  const first = [...undo, ...judgement.effects]
  const isVerified =
    !judgement.canary && !context.untrustedJudge && isVerification(reported.verdict, judgement.counted, transaction.constants())
  const detectors = detectorsOn(deps, { report, id, isVerified }, transaction)
  const ofDetectors = { ...context, knowsCanaries: true, untrustedJudge: false }
  const detected = judgeEach(judged, detectors.verdicts, ofDetectors, { first, view: transaction })
  const moment = { tenant: caller.tenant, nowMs }
  const covered = isVerified ? coverageOf(judged.agent, decisionId, moment, transaction) : []
  const missed = missesCharged(judged.agent, moment, transaction)
  const released = isVerified ? releases(decisionId, decision.decided) : []
  return {
    effects: [...first, ...detectors.effects, ...detected, ...covered, ...missed, ...released],
    detectors,
  }
}

/** What was verified is judged by detectors too; of another outcome they look at what the tool gave back, which bounds the session. */
function detectorsOn(
  deps: EvidenceDeps,
  { report, id, isVerified }: { readonly report: SettledReport; readonly id: string; readonly isVerified: boolean },
  view: View,
): DetectorRun {
  const { judged, reported } = report
  const finished = finishedAction(report, id, view)
  if (isVerified) return runDetectorsOnOutcome(finished, judged, deps.policySet(), view)
  return reported.kind === 'outcome' ? runDetectorsOnOutput(finished, judged, deps.policySet(), view) : NO_DETECTOR_RUN
}

/** What detectors are shown of an action that came to its end. */
function finishedAction(
  { caller: { tenant }, judged, decision: { record, decided }, reported, outside, nowMs }: SettledReport,
  recordId: string,
  view: View,
): FinishedAction {
  const { tokens, result } = reported.detail
  return {
    tenant: record.tenant,
    // Where the request is erased, nothing is known of its session.
    request: decisionBodyOf(record).request,
    vouchedSession: decided.facts.caller.vouches_for_sessions === true,
    action: decided.facts.action,
    atMs: nowMs,
    gravity: reported.verdict.gravity,
    clean: decided.clean,
    tokens: typeof tokens === 'number' ? tokens : undefined,
    result,
    recordId,
    outside,
    retold: isRetold(judged, reported.verdict, view, tenant),
  }
}

/** Whether what came of a decision was told before by a source that counts: a failure once, a success where nothing was. */
function isRetold({ decision_id }: Judged, { gravity }: Verdict, view: Pick<View, 'document'>, tenant: string): boolean {
  const seen = view.document({ kind: 'verdicts', tenant, id: decision_id })?.layers.outcome
  if (seen === undefined) return false
  return seen.factual || (gravity === 'positive' && seen.positive > 0)
}

/** An account that was charged for a decision: for what really ran, or in a rehearsal. */
type ChargedPlace = { readonly account: string; readonly rehearsal: string | undefined }

/** Where a decision was charged: for what really ran, and in its rehearsal if there was one. Verification gives the slots back. */
export function chargedPlaces({ facts, rehearsal }: RecordedDecision): readonly ChargedPlace[] {
  const { charged } = accountsOfFacts(facts)
  const rehearsals = rehearsal === undefined ? [undefined] : [undefined, rehearsal]
  return rehearsals.flatMap((each) => charged.map((account) => ({ account, rehearsal: each })))
}

function releases(decisionId: string, decided: RecordedDecision): readonly Effect[] {
  return chargedPlaces(decided).map(({ account, rehearsal }) => ({
    kind: 'release',
    agent: account,
    decision_id: decisionId,
    ...(rehearsal === undefined ? {} : { rehearsal }),
  }))
}

type VerdictRecord = {
  readonly id: string
  readonly judgement: Judgement
  readonly detectors: DetectorRun
  readonly consequences: TrustConsequences
}

function verdictRecord(
  { caller, decisionId, judged, decision, reported, nowMs }: SettledReport,
  { id, judgement, detectors, consequences }: VerdictRecord,
): AuditRecord {
  return recordOf({
    kind: reported.kind,
    id,
    caller,
    atMs: nowMs,
    agent: judged.agent,
    action: decision.record.action,
    outcome: reported.verdict.class,
    decisionId,
    body: {
      verdict: judgement.verdict,
      ...(judgement.canary ? { canary: true } : {}),
      weighed: { counted: judgement.counted, reason: judgement.reason },
      ...reported.detail,
      ...(detectors === NO_DETECTOR_RUN ? {} : { watch: detectors.trace }),
      ...consequences.named,
    },
    effects: consequences.effects,
  })
}

/** Tells the metrics of demotions, of what waits, and of evidence that counted. */
function observeVerdict(
  deps: EvidenceDeps,
  {
    reported: { verdict },
    judgement,
    consequences,
  }: Pick<VerdictRecord, 'judgement' | 'consequences'> & Pick<Report, 'reported'>,
): void {
  observeChanges(deps, consequences.changes)
  for (const effect of consequences.effects)
    if (effect.kind === 'hold') deps.observe({ kind: 'held', reason: effect.hold.reason })
  if (judgement.counted)
    deps.observe({
      kind: 'evidence',
      layer: verdict.layer,
      polarity: verdict.gravity === 'positive' ? 'positive' : 'negative',
    })
}
