import { sessionOf } from '../../access/parties.ts'
import type { ActionClass } from '../../catalogue/catalogue-file.ts'
import { detect } from '../../detect/detect.ts'
import { observationDigest } from '../../detect/digest.ts'
import type { ClassifierAnswers, DetectorGap } from '../../detect/external-classifier.ts'
import type { Finding } from '../../detect/finding.ts'
import type { DecidedDigest, ObservationDigest, RawFinished } from '../../detect/observation.ts'
import { DetectState } from '../../detect/state.ts'
import type { Effect } from '../../ledger/effect.ts'
import { detectorState } from '../../ledger/fold/detectors.ts'
import type { DocumentKeys, View } from '../../ledger/store.ts'
import type { Layer } from '../../model/layer.ts'
import type { Gravity } from '../../model/outcome-classes.ts'
import type { Request } from '../../model/request.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { judgementDocumentKeys } from '../raters/judge.ts'
import type { Judged, Verdict } from '../rules/weighing.ts'
import {
  alarmsIn,
  detectorGaps,
  cleanVerdict,
  type DetectorAlarm,
  detectorLayer,
  DETECTORS_SOURCE,
  isClean,
  isNotClean,
  unansweredClassifiers,
  verdictsOf,
} from './detector-verdicts.ts'
import { argumentIncidents, outputInjections } from './injection-caps.ts'
import { classifierScore, outputText } from './request-detectors.ts'

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

/** Nothing was looked at. */
export const NO_DETECTOR_RUN: DetectorRun = { trace: { clean: [], alarms: [] }, effects: [], verdicts: [] }

/** What of a policy set detectors run under. */
type DetectorPolicy = Pick<PolicySet, 'settings' | 'constants'>

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
  { settings: { detectors }, constants }: DetectorPolicy,
  view: Pick<View, 'document'>,
): DetectorRun {
  const { at_ms: atMs } = digest
  const findings = findingsOf(digest, { ...judged, tenant }, detectors, view)
  const silent = unansweredClassifiers(classifierAnswers)
  const clean = detectors.layers.filter((layer) =>
    layer === 'identity' ? identified : isClean(findings, layer) && !silent.some((one) => detectorLayer(one.detector) === layer),
  )
  const context = { tenant, agent: judged.agent, atMs, origin: judged.decision_id, constants, view }
  return {
    trace: { clean, alarms: alarmsIn(findings), ...detectorGaps(findings, silent) },
    effects: [watched(judged, digest), ...argumentIncidents(findings, context)],
    verdicts: verdictsOf(findings, atMs),
  }
}

/** What became of an action: its outcome, and what the tool gave back. */
export type FinishedAction = {
  readonly tenant: string
  /** The record that tells of it. */
  readonly recordId: string
  readonly request: Request
  /** Whoever asked is believed about sessions. */
  readonly vouchedSession: boolean
  readonly action: ActionClass
  readonly atMs: number
  readonly gravity: Gravity
  /** Layers in which detectors found nothing when it was decided. */
  readonly clean: readonly Layer[]
  /** Its success or failure is known already: whoever tells of it again tells of no other action. */
  readonly retold?: boolean
  readonly tokens?: number | undefined
  readonly result?: unknown
  /** What external classifiers said of what the tool gave back; undefined: none was asked. */
  readonly outside?: ClassifierAnswers | undefined
}

/** Looks at an action that came to its end. What was clean when it was decided is evidence now that somebody verified it. */
export function runDetectorsOnOutcome(
  finished: FinishedAction,
  judged: Judged,
  { settings: { detectors }, constants }: DetectorPolicy,
  view: Pick<View, 'document'>,
): DetectorRun {
  const { layers } = detectors
  if (layers.length === 0) return NO_DETECTOR_RUN
  const subject = { ...judged, tenant: finished.tenant }
  const digest = observationDigest(finishedObservation(finished), detectors.settings)
  const findings = findingsOf(digest, subject, detectors, view)
  const silent = unansweredClassifiers(finished.outside)
  const stopped = [...findings.filter(isNotClean), ...silent].map(({ detector }): Layer => detectorLayer(detector))
  const earning = finished.clean.filter((layer) => layers.some((each) => each === layer) && !stopped.includes(layer))
  return {
    trace: { clean: earning, alarms: alarmsIn(findings), ...detectorGaps(findings, silent) },
    effects: [watched(judged, digest), ...sessionCaps(findings, finished, judged, { constants, view })],
    verdicts: [...verdictsOf(findings, finished.atMs), ...earning.map((layer) => cleanVerdict(layer, judged.decided_at_ms))],
  }
}

/** Looks at what a tool gave back, told by somebody whose word is no evidence: it bounds the session, and nothing is learnt from it. */
export function runDetectorsOnOutput(
  finished: FinishedAction,
  judged: Judged,
  { settings: { detectors }, constants }: DetectorPolicy,
  view: Pick<View, 'document'>,
): DetectorRun {
  const { layers, settings } = detectors
  if (finished.result === undefined || !layers.includes('behaviour')) return NO_DETECTOR_RUN
  const { findings } = detect(DetectState.parse({}), observationDigest(finishedObservation(finished), settings), settings)
  const ofOutput = findings.filter(({ detector }) => detector === 'injection_output')
  const effects = sessionCaps(ofOutput, finished, judged, { constants, view })
  return effects.length === 0 ? NO_DETECTOR_RUN : { trace: { clean: [], alarms: alarmsIn(ofOutput) }, effects, verdicts: [] }
}

/** What the detectors of the watched layers find in an action of an agent in a scope. */
function findingsOf(
  digest: ObservationDigest,
  { tenant, agent, scope }: Pick<Judged, 'agent' | 'scope'> & { readonly tenant: string },
  { layers, settings }: PolicySet['settings']['detectors'],
  view: Pick<View, 'document'>,
): readonly Finding[] {
  const { findings } = detect(detectorState(view, tenant, agent, scope), digest, settings)
  return findings.filter(({ detector }) => layers.includes(detectorLayer(detector)))
}

function sessionCaps(
  findings: readonly Finding[],
  { tenant, recordId, request, vouchedSession: vouched, action, atMs }: FinishedAction,
  { agent, decision_id: decisionId }: Judged,
  world: Pick<DetectorPolicy, 'constants'> & { readonly view: Pick<View, 'document'> },
): readonly Effect[] {
  const output = { decisionId, action: action.name, session: sessionOf(request), vouched }
  return outputInjections(findings, output, { tenant, agent, atMs, origin: recordId, ...world })
}

function finishedObservation({ request, action, atMs, gravity, retold, tokens, result, outside }: FinishedAction): RawFinished {
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

function watched({ agent, scope }: Judged, observed: ObservationDigest): Effect {
  return { kind: 'watched', agent, scope, observed }
}

/** The documents that detectors' judgements read or write. */
export function detectorDocumentKeys(tenant: string, judged: Parameters<typeof judgementDocumentKeys>[1]): DocumentKeys {
  return (['identity', 'behaviour', 'context'] as const).flatMap((layer) =>
    judgementDocumentKeys(tenant, judged, { by: DETECTORS_SOURCE, layer }),
  )
}
