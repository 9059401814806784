import { sessionOf } from '../../access/session.ts'
import type { ActionClass } from '../../catalogue/catalogue-file.ts'
import { observationDigest } from '../../detect/digest.ts'
import type { DetectorGap, ClassifierAnswers } from '../../detect/external-classifier.ts'
import type { Finding } from '../../detect/finding.ts'
import type { DecidedDigest, ObservationDigest, RawFinished } from '../../detect/observation.ts'
import { DetectState } from '../../detect/state.ts'
import { watch } from '../../detect/watch.ts'
import { agentIncident } from '../../ledger/agent-incident.ts'
import type { Effect } from '../../ledger/effect.ts'
import { detectorState } from '../../ledger/fold/detectors.ts'
import type { DocumentKeys, View } from '../../ledger/store.ts'
import type { Layer } from '../../model/layer.ts'
import type { Gravity } from '../../model/outcome-classes.ts'
import type { Request } from '../../model/request.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { sighted } from '../corroboration.ts'
import type { RecordedDecision } from '../judged-decision.ts'
import { judgementDocumentKeys } from '../raters/judge.ts'
import type { Judged, Verdict } from '../weigh-verdict.ts'
import { classifierScore, isAlarm, outputText } from './request-detectors.ts'

/** The name under which the built-in detectors speak. */
export const DETECTORS_SOURCE = 'gradus:detectors'

/** What detectors made of one action: what the record says of it, and what it did. */
export type DetectorRun = {
  readonly trace: {
    readonly clean: readonly Layer[]
    readonly alarms: readonly DetectorAlarm[]
    readonly blind?: readonly DetectorGap[]
  }
  readonly effects: readonly Effect[]
  /** Judgements that weigh as evidence about the action. */
  readonly verdicts: readonly Verdict[]
}

/** A detector that had something to say. */
export type DetectorAlarm = Pick<Finding, 'detector' | 'verdict' | 'score' | 'reason' | 'rules'>

/** Nothing was looked at. */
export const NO_DETECTOR_RUN: DetectorRun = { trace: { clean: [], alarms: [] }, effects: [], verdicts: [] }

/** An action that was decided, as detectors see it. */
export type DecidedAction = {
  readonly tenant: string
  readonly judged: Judged
  /** What they keep of it. */
  readonly digest: DecidedDigest
  /** The agent's own credential proved who it is, and nothing about it is wanting. */
  readonly identified: boolean
  readonly classifierAnswers: ClassifierAnswers | undefined
}

/** Looks at an action that was decided. Agents that nobody vouches for are not watched: they have no record to protect. */
export function runDetectorsOnDecision(
  { tenant, judged, digest, identified, classifierAnswers }: DecidedAction,
  { settings: { detectors }, constants }: Pick<PolicySet, 'settings' | 'constants'>,
  view: Pick<View, 'document'>,
): DetectorRun {
  const { layers, settings } = detectors
  const { at_ms: atMs } = digest
  const { findings } = watch(detectorState(view, tenant, judged.agent, judged.scope), digest, settings)
  const heard = findings.filter((finding) => layers.includes(detectorLayer(finding.detector)))
  const silent = silentIn(classifierAnswers)
  const clean = layers.filter((layer) =>
    layer === 'identity' ? identified : isClean(heard, layer) && !silent.some((one) => detectorLayer(one.detector) === layer),
  )
  return {
    trace: { clean, alarms: alarmsIn(heard), ...blindTo(heard, silent) },
    effects: [watched(judged, digest), ...injectionIncidents(heard, judged, atMs, constants, { tenant, view })],
    verdicts: verdictsOf(heard, atMs),
  }
}

/** What became of an action: its outcome, and what the tool gave back. */
export type Finished = {
  readonly tenant: string
  /** The record that tells of it. */
  readonly recordId: string
  readonly request: Request
  readonly action: ActionClass
  readonly atMs: number
  readonly gravity: Gravity
  /** Its success or failure is known already: whoever tells of it again tells of no other action. */
  readonly retold?: boolean
  readonly tokens?: number | undefined
  readonly result?: unknown
  /** What models outside said of what the tool gave back; undefined: none was asked. */
  readonly outside?: ClassifierAnswers | undefined
}

/** Looks at an action that came to its end. What was clean when it was decided is evidence now that somebody verified it. */
export function runDetectorsOnOutcome(
  finished: Finished,
  judged: Judged,
  { clean }: Pick<RecordedDecision, 'clean'>,
  { settings: { detectors }, constants }: Pick<PolicySet, 'settings' | 'constants'>,
  view: Pick<View, 'document'>,
): DetectorRun {
  const { layers, settings } = detectors
  if (layers.length === 0) return NO_DETECTOR_RUN
  const digest = observationDigest(ended(finished), settings)
  const { findings } = watch(detectorState(view, finished.tenant, judged.agent, judged.scope), digest, settings)
  const heard = findings.filter((finding) => layers.includes(detectorLayer(finding.detector)))
  const silent = silentIn(finished.outside)
  const stopped = [...heard.filter(isUnclean), ...silent].map(({ detector }): Layer => detectorLayer(detector))
  const earning = clean.filter((layer) => layers.some((each) => each === layer) && !stopped.includes(layer))
  return {
    trace: { clean: earning, alarms: alarmsIn(heard), ...blindTo(heard, silent) },
    effects: [watched(judged, digest), ...sessionCaps(heard, judged, finished, constants, view)],
    verdicts: [
      ...verdictsOf(heard, finished.atMs),
      ...earning.map((layer): Verdict => ({ ...verdictIn(layer, judged.decided_at_ms), class: 'clean', gravity: 'positive' })),
    ],
  }
}

/** Looks at what a tool gave back, told by somebody whose word is no evidence: it bounds the session, and nothing is learnt from it. */
export function runDetectorsOnOutput(
  finished: Finished,
  judged: Judged,
  { settings: { detectors }, constants }: Pick<PolicySet, 'settings' | 'constants'>,
  view: Pick<View, 'document'>,
): DetectorRun {
  const { layers, settings } = detectors
  if (finished.result === undefined || !layers.includes('behaviour')) return NO_DETECTOR_RUN
  const { findings } = watch(DetectState.parse({}), observationDigest(ended(finished), settings), settings)
  const heard = findings.filter(({ detector }) => detector === 'injection_output')
  const effects = sessionCaps(heard, judged, finished, constants, view)
  return effects.length === 0 ? NO_DETECTOR_RUN : { trace: { clean: [], alarms: alarmsIn(heard) }, effects, verdicts: [] }
}

function ended({ request, action, atMs, gravity, retold, tokens, result, outside }: Finished): RawFinished {
  return {
    kind: 'finished',
    at_ms: atMs,
    action: action.name,
    scope: action.scope,
    stake: action.stake,
    session: sessionOf(request),
    failed: retold === true || gravity === 'none' || gravity === 'ambiguous' ? undefined : gravity !== 'positive',
    tokens,
    output_text: outputText(result),
    classifier_confidence: classifierScore(outside?.injection),
  }
}

/** The layer that a detector, or the model that it asks, speaks for. */
export function detectorLayer(detector: DetectorGap['detector']): 'behaviour' | 'context' {
  return detector === 'topic_drift' || detector === 'topic_model' ? 'context' : 'behaviour'
}

/** Models that were asked and gave no answer. */
function silentIn(outside: ClassifierAnswers | undefined): readonly DetectorGap[] {
  const { injection, topic } = outside ?? {}
  return [
    ...(injection?.kind === 'failed' ? [{ detector: 'injection_classifier' as const, reason: injection.why }] : []),
    ...(topic?.kind === 'failed' ? [{ detector: 'topic_model' as const, reason: topic.why }] : []),
  ]
}

/** What did not look: detectors that are off or could not tell, and models that did not answer. No member where all did. */
function blindTo(findings: readonly Finding[], silent: readonly DetectorGap[]): { readonly blind?: readonly DetectorGap[] } {
  const closed = findings.filter(({ not_looked }) => not_looked === 'cannot_tell' || not_looked === 'off')
  const blind = [...closed.map(({ detector, reason }) => ({ detector, reason })), ...silent]
  return blind.length === 0 ? {} : { blind }
}

function isUnclean({ verdict, not_looked }: Finding): boolean {
  return isAlarm(verdict) || not_looked === 'cannot_tell'
}

/** Checked and clean: something looked and found nothing, nothing alarms, and nothing that should have looked could not. */
function isClean(findings: readonly Finding[], layer: Layer): boolean {
  const own = findings.filter(({ detector }) => detectorLayer(detector) === layer)
  if (own.some(isUnclean)) return false
  return own.some(({ looked, verdict }) => looked && verdict === 'clean')
}

function alarmsIn(findings: readonly Finding[]): readonly DetectorAlarm[] {
  return findings
    .filter(({ verdict }) => isAlarm(verdict))
    .map(({ detector, verdict, score, reason, rules }) => ({ detector, verdict, score, reason, rules }))
}

function watched({ agent, scope }: Judged, observed: ObservationDigest): Effect {
  return { kind: 'watched', agent, scope, observed }
}

function verdictIn(layer: Layer, atMs: number): Pick<Verdict, 'layer' | 'source' | 'by' | 'event_time_ms'> {
  return { layer, source: 'deterministic', by: DETECTORS_SOURCE, event_time_ms: atMs }
}

/** The worst of each layer, as one judgement: many detectors that see the same are one complaint. An injection that is only possible weighs more than any doubt. */
function verdictsOf(findings: readonly Finding[], atMs: number): readonly Verdict[] {
  return (['behaviour', 'context'] as const).flatMap((layer): readonly Verdict[] => {
    // What is only in the output of a tool is not the agent's doing: it bounds the session.
    const own = findings.filter(({ detector }) => detectorLayer(detector) === layer && detector !== 'injection_output')
    if (own.some(({ detector, verdict }) => detector === 'injection_arguments' && verdict === 'suspicious'))
      return [{ ...verdictIn(layer, atMs), class: 'violating', gravity: 'moderate' }]
    if (own.some(({ verdict }) => verdict === 'anomalous'))
      return [{ ...verdictIn(layer, atMs), class: 'anomalous', gravity: 'minor' }]
    if (own.some(({ verdict }) => verdict === 'suspicious'))
      return [{ ...verdictIn(layer, atMs), class: 'suspicious', gravity: 'ambiguous' }]
    return []
  })
}

/** A weak sign of an injection within so long of another adds nothing to its incident, ms. */
const WEAK_AGAIN_MS = 3_600_000

/** An injection in the arguments caps the agent at once. While one of its class holds, another adds nothing to it. */
function injectionIncidents(
  findings: readonly Finding[],
  { agent, decision_id }: Judged,
  atMs: number,
  constants: TrustConstants,
  at: { readonly tenant: string; readonly view: Pick<View, 'document'> },
): readonly Effect[] {
  const found = findings.find(({ detector, verdict }) => detector === 'injection_arguments' && isAlarm(verdict))
  if (found === undefined) return []
  if (found.verdict === 'anomalous') return suspected(agent, `injection-${decision_id}`, constants, at)
  const known = at.view.document({ kind: 'agent', tenant: at.tenant, id: agent })?.incidents ?? []
  if (known.some((one) => one.class === 'injection_weak' && one.atMs > atMs - WEAK_AGAIN_MS)) return []
  return [agentIncident(agent, 'injection_weak', `injection-${decision_id}`, constants)]
}

/** Where no session is named, everything that the agent does is one, for so long, ms. */
const UNNAMED_SESSION_MS = 3_600_000

/** What looks like an injection in what a tool gave back caps the session like the incident that it is not. */
function sessionCaps(
  findings: readonly Finding[],
  { agent }: Judged,
  { request, tenant, atMs, recordId }: Finished,
  constants: TrustConstants,
  view: Pick<View, 'document'>,
): readonly Effect[] {
  const session = sessionOf(request)
  const found = findings.find(({ detector, verdict }) => detector === 'injection_output' && isAlarm(verdict))
  if (found === undefined) return []
  const isStrong = found.verdict === 'anomalous'
  const value = constants.incident_rules[isStrong ? 'injection_suspected' : 'injection_weak'].cap ?? 0
  if (session === undefined) {
    const source = `session:unnamed:${isStrong ? 'injection' : 'weak_injection'}`
    return [{ kind: 'timed_ceiling', agent, source, value, until_ms: atMs + UNNAMED_SESSION_MS }]
  }
  const capped: Effect = { kind: 'session', agent, session, cap: { source: 'session:injection', value }, used: null }
  if (!isStrong) return [capped]
  const { effect, isSecond } = sighted({ tenant, agent, session, by: DETECTORS_SOURCE, nowMs: atMs }, recordId, view)
  const raised = isSecond ? suspected(agent, `injection-${recordId}`, constants, { tenant, view }) : []
  return [capped, effect, ...raised]
}

/** The incident of an injection that is the agent's; none while one waits for its review. */
function suspected(
  agent: string,
  id: string,
  constants: TrustConstants,
  { tenant, view }: { readonly tenant: string; readonly view: Pick<View, 'document'> },
): readonly Effect[] {
  const known = view.document({ kind: 'agent', tenant, id: agent })?.incidents ?? []
  if (known.some((one) => one.class === 'injection_suspected' && one.review === 'required')) return []
  return [agentIncident(agent, 'injection_suspected', id, constants)]
}

/** The documents that detectors' judgements read or write. */
export function detectorDocumentKeys(tenant: string, judged: Parameters<typeof judgementDocumentKeys>[1]): DocumentKeys {
  return (['identity', 'behaviour', 'context'] as const).flatMap((layer) =>
    judgementDocumentKeys(tenant, judged, { by: DETECTORS_SOURCE, layer }),
  )
}
