import { actorOf, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { sessionOf } from '../access/session.ts'
import type { ClassifierAnswers } from '../detect/external-classifier.ts'
import { InvariantError, ServiceError } from '../format/error.ts'
import { ceilingsFor } from '../ladder/score-ceilings.ts'
import { accountsOfFacts } from '../ledger/accounts.ts'
import { consequencesOf } from '../ledger/changes.ts'
import { decisionBodyOf } from '../ledger/decision-body.ts'
import type { Effect } from '../ledger/effect.ts'
import { detectorStateKeys } from '../ledger/fold/detectors.ts'
import { verdictName } from '../ledger/fold/verdicts.ts'
import { activityKey, boundsKey, DETECTORS_KEY, sessionKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { Store, DocumentKeys, Transaction } from '../ledger/store.ts'
import { OUTCOME_CLASSES, SIGNAL_CLASSES } from '../model/outcome-classes.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { newAgentTrust } from '../trust/state.ts'
import { scopeView } from '../trust/view.ts'
import { sightingKey } from './corroboration.ts'
import { classifyOutput, type ExternalClassifiers } from './detectors/external-classifiers.ts'
import {
  detectorDocumentKeys,
  type Finished,
  NO_DETECTOR_RUN,
  runDetectorsOnOutcome,
  runDetectorsOnOutput,
} from './detectors/run-detectors.ts'
import { atItsTime, eventTimeIn, refuseOldSuccess } from './event-time.ts'
import { decisionOf, type RecordedDecision } from './judged-decision.ts'
import { judgedBy, evaluationContextOf } from './raters/agent-judges.ts'
import { judge, judgeEach, judgementDocumentKeys } from './raters/judge.ts'
import { coverageOf, missesCharged } from './sampling.ts'
import { refuseBeyond } from './signals/authorization.ts'
import type { Judged, Verdict } from './weigh-verdict.ts'
import type { EvidenceAnswer, OutcomeReport, SignalReport } from './wire.ts'

/** Records of one decision that are read at a time, to find the one that a repetition repeats. */
const PAGE_RECORDS = 100

/** What evidence handling needs from outside. */
export type EvidenceDeps = VerbDeps & {
  /** Models that are asked about what a tool gave back. */
  readonly outside: ExternalClassifiers
}

/** What came of a decision: outcome evidence. Verifier and weight come from the credential. */
export async function reportOutcome(deps: EvidenceDeps, caller: Caller, report: OutcomeReport): Promise<EvidenceAnswer> {
  authorize(caller, 'report_outcome')
  const source = caller.verifier
  if (source === undefined)
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" is not a verifier`, {
      fix: 'give the credential a "verifier" in the configuration',
    })
  const { decision_id, class: verdictClass, event_time, ...rest } = report
  return take(deps, caller, { decision_id, event_time, outcome: verdictClass }, (eventTimeMs) => ({
    kind: 'outcome',
    verdict: {
      layer: 'outcome',
      class: verdictClass,
      gravity: OUTCOME_CLASSES[verdictClass],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    detail: rest,
  }))
}

/** One judged observation in a layer that the credential may write. */
export async function reportSignal(deps: EvidenceDeps, caller: Caller, report: SignalReport): Promise<EvidenceAnswer> {
  authorize(caller, 'report_signal')
  if (!caller.layers.includes(report.layer))
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" may not write the layer "${report.layer}"`, {
      place: { pointer: '/layer' },
      fix: 'add the layer to "layers" of the credential',
    })
  if (report.layer === 'outcome' && caller.verifier === undefined)
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" is not a verifier`, {
      place: { pointer: '/layer' },
      fix: 'give the credential a "verifier" in the configuration',
    })
  const source = caller.verifier ?? 'deterministic'
  return take(deps, caller, { ...report, outcome: null }, (eventTimeMs) => ({
    kind: 'signal',
    verdict: {
      layer: report.layer,
      class: report.class,
      gravity: SIGNAL_CLASSES[report.class],
      source,
      by: actorOf(caller),
      event_time_ms: eventTimeMs,
    },
    detail: report.detail === undefined ? {} : { detail: report.detail },
  }))
}

type Heard = {
  readonly kind: 'outcome' | 'signal'
  readonly verdict: Verdict
  readonly detail: Readonly<Record<string, unknown>>
}

/** What a report is about. `outcome`: its class; null where it came as a signal, which was looked at by the class that it has outside. */
type About = {
  readonly decision_id: string
  readonly event_time?: string | undefined
  readonly outcome: OutcomeReport['class'] | null
}

async function take(
  deps: EvidenceDeps,
  caller: Caller,
  { decision_id: decisionId, event_time: eventTime, outcome }: About,
  heard: (eventTimeMs: number) => Heard,
): Promise<EvidenceAnswer> {
  if (!deps.clockSteady()) {
    deps.observe({ kind: 'degraded', cause: 'clock' })
    throw new ServiceError('not_ready', 'the clock stepped: evidence is not taken until it is steady', {
      fix: 'check time synchronisation',
    })
  }
  const nowMs = deps.nowMs()
  const { tenant } = caller
  const known = await deps.store.read([], (view) => decisionOf(view, tenant, decisionId))
  refuseOthers(caller, known.record.actor)
  if (outcome !== null) refuseBeyond(caller, outcome, known.record.agent)
  const judged = judgedBy(caller, decisionId, known.decided)
  const claimed = heard(eventTimeIn(eventTime, judged.decided_at_ms, nowMs))
  const said = { ...claimed, verdict: atItsTime(claimed.verdict, judged) }
  const { charged } = accountsOfFacts(known.decided.facts)
  const { rehearsal } = known.decided
  const ledgers = rehearsal === undefined ? [undefined] : [undefined, rehearsal]
  const touches = [
    ...[judged.agent, ...judged.delegators].map((id) => ({ kind: 'agent' as const, tenant, id })),
    ...ledgers.flatMap((rehearsal) => charged.map((id) => activityKey(tenant, id, rehearsal))),
    ...judgementDocumentKeys(tenant, judged, said.verdict),
    ...(deps.policySet().settings.detectors.layers.length === 0 ? [] : detectorDocumentKeys(tenant, judged)),
    ...(caller.judge === undefined
      ? []
      : [{ kind: 'agent' as const, tenant, id: caller.judge }, boundsKey(tenant, caller.judge)]),
    boundsKey(tenant, judged.agent),
    ...sightingsOf(tenant, judged.agent, known.record),
    DETECTORS_KEY,
    ...detectorStateKeys(tenant, judged.agent, judged.scope),
  ]
  const outside = await outsideAnswers(deps, said)
  const { place, ...answer } = await deps.store.transact(touches, (transaction) =>
    // The time is read again: others may have been recorded since, and a log's times only rise.
    settle(deps, { caller, decisionId, judged, known, charged, ledgers, said, outside, nowMs: deps.nowMs() }, transaction),
  )
  return { ...(place ?? (await firstSaid(deps.store, tenant, [decisionId, judged.decision_id], said.verdict))), ...answer }
}

/** What models say of the output that an outcome comes with; asked before the change, which waits for nobody. */
function outsideAnswers(deps: EvidenceDeps, { kind, detail }: Heard): Promise<ClassifierAnswers | undefined> {
  return kind === 'outcome' ? classifyOutput(deps, detail['result'], deps.policySet()) : Promise.resolve(undefined)
}

/** Where a verdict is in the log: its record and leaf. */
type Place = Pick<EvidenceAnswer, 'record_id' | 'leaf_index'>

/** The place of what a repetition repeats: it was recorded before the change that found it already heard was over. */
async function firstSaid(store: Store, tenant: string, decisionIds: readonly string[], verdict: Verdict): Promise<Place> {
  const name = verdictName(verdict.layer, verdict.by, verdict.class)
  for (const decisionId of new Set(decisionIds)) {
    const place = await saidAbout(store, { tenant, decisionId }, name)
    if (place !== null) return place
  }
  throw new InvariantError(`what was heard about decision ${decisionIds.join(', ')} is not in the log`)
}

async function saidAbout(
  store: Store,
  about: { readonly tenant: string; readonly decisionId: string },
  name: string,
): Promise<Place | null> {
  for (let from = 0; ;) {
    const page = await store.query({ ...about, kinds: ['outcome', 'signal', 'approval'], from, limit: PAGE_RECORDS })
    for (const { leafIndex, record } of page) {
      const said = record.body['verdict'] as unknown as Verdict | undefined
      if (said !== undefined && verdictName(said.layer, said.by, said.class) === name)
        return { record_id: record.id, leaf_index: leafIndex }
    }
    const last = page.at(-1)
    if (last === undefined) return null
    from = last.leafIndex + 1
  }
}

/** An enforcement point reports what came of its own decisions; only verifiers and operators judge those of others. */
function refuseOthers(caller: Caller, actor: string): void {
  const judges = caller.roles.some(
    (role) => role === 'verifier' || role === 'signal_source' || role === 'operator' || role === 'administrator',
  )
  if (!judges && actor !== actorOf(caller))
    throw new ServiceError(
      'forbidden',
      `the credential "${actorOf(caller)}" reports only on its own decisions; this one was asked for by "${actor}"`,
      {
        place: { pointer: '/decision_id' },
        fix: 'report with the credential that asked, or with one that has the role "verifier"',
      },
    )
}

type Settling = {
  readonly caller: Caller
  /** The decision that was reported on; `judged` names the one it counts with. */
  readonly decisionId: string
  readonly judged: Judged
  /** The record of the decision. */
  readonly known: ReturnType<typeof decisionOf>
  /** The accounts that were charged for the decision; verification gives them their slots back. */
  readonly charged: readonly string[]
  /** Where they were charged: what really ran, and the rehearsal if there was one. */
  readonly ledgers: readonly (string | undefined)[]
  readonly said: Heard
  /** What models said of the output; undefined: none was asked. */
  readonly outside: ClassifierAnswers | undefined
  readonly nowMs: number
}

/** What an answer says but for the place in the log; null: nothing was recorded, because it already was. */
type Settled = Omit<EvidenceAnswer, keyof Place> & { readonly place: Place | null }

/** Weighs, applies and records; the answer shows what moved. Said twice, it is answered alike and leaves nothing. */
function settle(
  deps: EvidenceDeps,
  { caller, decisionId, judged, known, charged, ledgers, said, outside, nowMs }: Settling,
  transaction: Transaction,
): Settled {
  const { tenant } = caller
  const constants = transaction.constants()
  const trust = () =>
    scopeView(
      transaction.document({ kind: 'agent', tenant, id: judged.agent }) ?? newAgentTrust(),
      judged.scope,
      { nowMs, ceilings: ceilingsFor(transaction, { tenant, agent: judged.agent, scope: judged.scope, nowMs }, constants) },
      constants,
    )
  const before = trust()
  const saying = evaluationContextOf(deps, caller, decisionId, nowMs, transaction)
  const weighed = judge(judged, shared(said.verdict, known.decided, constants), saying, transaction)
  const answer = { decision_id: decisionId, counted: weighed.counted, reason: weighed.reason, trust_before: before }
  if (weighed.effects.length === 0)
    return { ...answer, place: null, state_version: transaction.stateVersion(), trust_after: before, changes: [] }
  refuseOldSuccess(said.verdict, judged, nowMs)
  const isVerified = !weighed.canary && !saying.untrustedJudge && isVerification(said.verdict, weighed.counted, constants)
  const id = deps.newId()
  const finished = {
    ...finishedOf(known, said, nowMs),
    recordId: id,
    outside,
    retold: isRetold(judged, said.verdict, transaction, tenant),
  }
  const watching = isVerified
    ? runDetectorsOnOutcome(finished, judged, known.decided, deps.policySet(), transaction)
    : said.kind === 'outcome'
      ? runDetectorsOnOutput(finished, judged, deps.policySet(), transaction)
      : NO_DETECTOR_RUN
  const ofDetectors = { ...saying, knowsCanaries: true, untrustedJudge: false }
  const watched = judgeEach(judged, watching.verdicts, ofDetectors, { first: weighed.effects, view: transaction })
  const release: readonly Effect[] = isVerified
    ? ledgers.flatMap((rehearsal) =>
        charged.map((agent) => ({
          kind: 'release' as const,
          agent,
          decision_id: decisionId,
          ...(rehearsal === undefined ? {} : { rehearsal }),
        })),
      )
    : []
  const moment = { tenant, nowMs }
  const covered = isVerified ? coverageOf(judged.agent, decisionId, moment, transaction) : []
  const missed = missesCharged(judged.agent, moment, transaction)
  const effects = [...weighed.effects, ...watching.effects, ...watched, ...covered, ...missed, ...release]
  const { changes, named } = consequencesOf(effects, nowMs, tenant, sandbox(transaction))
  const { leafIndex } = transaction.append({
    record: recordOf({
      kind: said.kind,
      id,
      caller,
      atMs: nowMs,
      agent: judged.agent,
      action: known.record.action,
      outcome: said.verdict.class,
      decisionId,
      body: {
        verdict: weighed.verdict,
        ...(weighed.canary ? { canary: true } : {}),
        weighed: { counted: weighed.counted, reason: weighed.reason },
        ...said.detail,
        ...(watching === NO_DETECTOR_RUN ? {} : { watch: watching.trace }),
        ...named,
      },
      effects,
    }),
  })
  for (const change of changes)
    if (change.kind === 'demoted') deps.observe({ kind: 'demotion', from: change.from, to: change.to })
  for (const effect of effects) if (effect.kind === 'hold') deps.observe({ kind: 'held', reason: effect.hold.reason })
  if (weighed.counted)
    deps.observe({
      kind: 'evidence',
      layer: said.verdict.layer,
      polarity: said.verdict.gravity === 'positive' ? 'positive' : 'negative',
    })
  return {
    ...answer,
    place: { record_id: id, leaf_index: leafIndex },
    state_version: transaction.stateVersion(),
    trust_after: trust(),
    changes: [...changes],
  }
}

/** The verdict on a decision that nobody was asked to verify: a success counts in part, or choosing what to verify would pay. */
function shared(verdict: Verdict, { sampled }: RecordedDecision, { sampling }: TrustConstants): Verdict {
  const isPart = !sampled && verdict.layer === 'outcome' && verdict.gravity === 'positive'
  return isPart ? { ...verdict, share: sampling.unsampled_share } : verdict
}

/** Whether what came of a decision was told before by a source that counts: a failure once, a success where nothing was. */
function isRetold({ decision_id }: Judged, { gravity }: Verdict, view: Pick<Transaction, 'document'>, tenant: string): boolean {
  const told = view.document({ kind: 'verdicts', tenant, id: decision_id })?.layers.outcome
  if (told === undefined) return false
  return told.factual || (gravity === 'positive' && told.positive > 0)
}

/** Where is remembered who saw an injection in the decision's session. */
function sightingsOf(tenant: string, agent: string, record: AuditRecord): DocumentKeys {
  const session = sessionOf(decisionBodyOf(record).request)
  return session === undefined ? [] : [sightingKey({ tenant, agent, session }), sessionKey(tenant, agent, session)]
}

/** What detectors are shown of an action that came to its end. */
function finishedOf(
  { record, decided }: ReturnType<typeof decisionOf>,
  { verdict, detail }: Heard,
  atMs: number,
): Omit<Finished, 'recordId'> {
  const { tokens, result } = detail
  return {
    tenant: record.tenant,
    // Where the request is erased, nothing is known of its session.
    request: decisionBodyOf(record).request,
    action: decided.facts.action,
    atMs,
    gravity: verdict.gravity,
    tokens: typeof tokens === 'number' ? tokens : undefined,
    result,
  }
}

/** Whether somebody looked at what came of the decision: the agent's own word, silence, and a source without weight did not. */
function isVerification({ layer, gravity, source }: Verdict, counted: boolean, constants: TrustConstants): boolean {
  return layer === 'outcome' && gravity !== 'none' && (counted || constants.source_weights[source] > 0)
}
