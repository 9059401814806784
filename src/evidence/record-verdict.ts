import { isSameActor } from '../access/actor-name.ts'
import { actorOf, shownName } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { sessionOf } from '../access/parties.ts'
import type { ClassifierAnswers } from '../detect/external-classifier.ts'
import { ServiceError } from '../format/error.ts'
import { detectorStateKeys } from '../ledger/fold/detectors.ts'
import { activityKey, agentKey, boundsKey, DETECTORS_KEY, sessionKey } from '../ledger/keys.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { DocumentKeys } from '../ledger/store.ts'
import { refuseSteppedClock } from '../policy/stepped-clock.ts'
import { sightingKey } from './corroboration.ts'
import { classifyOutput } from './detectors/external-classifiers.ts'
import { detectorDocumentKeys } from './detectors/run-detectors.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { decisionOf } from './judged-decision.ts'
import { judgedBy } from './raters/agent-judges.ts'
import { judgementDocumentKeys } from './raters/judge.ts'
import { placeOfRepeated } from './repeated-verdict.ts'
import { atItsTime, eventTimeIn } from './rules/event-time.ts'
import { chargedPlaces, type Report, type ReportedVerdict, settleVerdict } from './settle-verdict.ts'
import { refuseBeyond } from './signals/authorization.ts'
import type { EvidenceAnswer, OutcomeReport } from './wire.ts'

/** What a report is about. `outcome`: its class; null where it came as a signal, which was looked at by the class that it has outside. */
export type ReportTarget = {
  readonly decision_id: string
  readonly event_time?: string | undefined
  readonly outcome: OutcomeReport['class'] | null
}

/**
 * Takes one verdict on a decision: refuses what its caller may not say, weighs it, and records it. Told twice, it is answered alike and
 * recorded once. `verdictAt` gives the verdict for when it happened.
 */
export async function recordVerdict(
  deps: EvidenceDeps,
  caller: Caller,
  { decision_id: decisionId, event_time: eventTime, outcome }: ReportTarget,
  verdictAt: (eventTimeMs: number) => ReportedVerdict,
): Promise<EvidenceAnswer> {
  refuseSteppedClock(deps, 'evidence is not taken')
  const nowMs = deps.nowMs()
  const { tenant } = caller
  const decision = await deps.store.read([], (view) => decisionOf(view, tenant, decisionId))
  refuseOthers(caller, decision.record.actor)
  if (outcome !== null) refuseBeyond(caller, outcome, decision.record.agent)
  const judged = judgedBy(caller, decisionId, decision.decided)
  const claimed = verdictAt(eventTimeIn(eventTime, judged.decided_at_ms, nowMs))
  const reported = { ...claimed, verdict: atItsTime(claimed.verdict, judged) }
  const report: Report = { caller, decisionId, decision, judged, reported }
  const keys = reportDocumentKeys(deps, report)
  const outside = await outputAnswers(deps, reported)
  const { place, ...answer } = await deps.store.transact(keys, (transaction) =>
    // The time is read again: others may have been recorded since, and a log's times only rise.
    settleVerdict(deps, { ...report, outside, nowMs: deps.nowMs() }, transaction),
  )
  const { verdict } = reported
  return {
    ...(place ?? (await placeOfRepeated(deps.store, tenant, [decisionId, judged.decision_id], verdict))),
    ...answer,
  }
}

/** An enforcement point reports what came of its own decisions; only verifiers and operators judge those of others. */
function refuseOthers(caller: Caller, actor: string): void {
  const judges = caller.roles.some(
    (role) => role === 'verifier' || role === 'signal_source' || role === 'operator' || role === 'administrator',
  )
  if (!judges && !isSameActor(actor, actorOf(caller)))
    throw new ServiceError(
      'forbidden',
      `the credential "${shownName(caller)}" reports only on its own decisions; this one was asked for by "${actor}"`,
      {
        place: { pointer: '/decision_id' },
        fix: 'report with the credential that asked, or with one that has the role "verifier"',
      },
    )
}

/** What models say of the output that an outcome comes with; asked before the change, which waits for nobody. */
function outputAnswers(deps: EvidenceDeps, { kind, detail }: ReportedVerdict): Promise<ClassifierAnswers | undefined> {
  return kind === 'outcome' ? classifyOutput(deps, detail['result'], deps.policySet()) : Promise.resolve(undefined)
}

/** The documents that a report reads or writes. */
function reportDocumentKeys(deps: EvidenceDeps, { caller, decision, judged, reported }: Report): DocumentKeys {
  const { tenant, judge } = caller
  const watches = deps.policySet().settings.detectors.layers.length > 0
  return [
    ...[judged.agent, ...judged.delegators].map((id) => agentKey(tenant, id)),
    ...chargedPlaces(decision.decided).map(({ account, rehearsal }) => activityKey(tenant, account, rehearsal)),
    ...judgementDocumentKeys(tenant, judged, reported.verdict),
    ...(watches ? detectorDocumentKeys(tenant, judged) : []),
    ...(judge === undefined ? [] : [agentKey(tenant, judge), boundsKey(tenant, judge)]),
    boundsKey(tenant, judged.agent),
    ...sightingKeys(tenant, judged.agent, decision.record),
    DETECTORS_KEY,
    ...detectorStateKeys(tenant, judged.agent, judged.scope),
  ]
}

/** Where is remembered who saw an injection in the decision's session. */
function sightingKeys(tenant: string, agent: string, record: AuditRecord): DocumentKeys {
  const session = sessionOf(decisionBodyOf(record).request)
  return session === undefined ? [] : [sightingKey({ tenant, agent, session }), sessionKey(tenant, agent, session)]
}
