import type { ClassifierAnswers, DetectorGap } from '../../detect/external-classifier.ts'
import type { Detector, Finding } from '../../detect/finding.ts'
import type { Layer } from '../../model/layer.ts'
import type { Verdict } from '../rules/weighing.ts'
import { isAlarm } from './request-detectors.ts'

/** The name under which the built-in detectors judge. */
export const DETECTORS_SOURCE = 'gradus:detectors'

/** A detector that had something to say. */
export type DetectorAlarm = Pick<Finding, 'detector' | 'verdict' | 'score' | 'reason' | 'rules'>

/** The layer that a detector, or the model that it asks, judges in. */
export function detectorLayer(detector: DetectorGap['detector']): 'behaviour' | 'context' {
  return detector === 'topic_drift' || detector === 'topic_model' ? 'context' : 'behaviour'
}

/** Models that were asked and gave no answer. */
export function unansweredClassifiers(outside: ClassifierAnswers | undefined): readonly DetectorGap[] {
  const { injection, topic } = outside ?? {}
  return [
    ...(injection?.kind === 'failed' ? [{ detector: 'injection_classifier' as const, reason: injection.why }] : []),
    ...(topic?.kind === 'failed' ? [{ detector: 'topic_model' as const, reason: topic.why }] : []),
  ]
}

/** What did not look: detectors that are off or could not tell, and models that did not answer. No member where all did. */
export function detectorGaps(
  findings: readonly Finding[],
  silent: readonly DetectorGap[],
): { readonly blind?: readonly DetectorGap[] } {
  const closed = findings.filter(({ not_looked }) => not_looked === 'cannot_tell' || not_looked === 'off')
  const blind = [...closed.map(({ detector, reason }) => ({ detector, reason })), ...silent]
  return blind.length === 0 ? {} : { blind }
}

/** Whether a finding keeps its layer from earning: it alarms, or its detector could not tell. */
export function isNotClean({ verdict, not_looked }: Finding): boolean {
  return isAlarm(verdict) || not_looked === 'cannot_tell'
}

/** Detectors that look at what an action follows on; they stand in for the context layer where drift is switched off. */
const COURSE: readonly Detector[] = ['unseen_transition', 'sequence']

/** Checked and clean: something looked and found nothing, nothing alarms, and nothing that should have looked could not. */
export function isClean(findings: readonly Finding[], layer: Layer): boolean {
  const isDriftOff = findings.some(({ detector, not_looked }) => detector === 'topic_drift' && not_looked === 'off')
  const own = findings.filter(({ detector }) =>
    layer === 'context' && isDriftOff ? COURSE.includes(detector) : detectorLayer(detector) === layer,
  )
  if (own.some(isNotClean)) return false
  return own.some(({ looked, verdict }) => looked && verdict === 'clean')
}

/** The findings that somebody should hear of, as a record shows them. */
export function alarmsIn(findings: readonly Finding[]): readonly DetectorAlarm[] {
  return findings
    .filter(({ verdict }) => isAlarm(verdict))
    .map(({ detector, verdict, score, reason, rules }) => ({ detector, verdict, score, reason, rules }))
}

/** That a layer was clean, as evidence. */
export function cleanVerdict(layer: Layer, atMs: number): Verdict {
  return { ...verdictIn(layer, atMs), class: 'clean', gravity: 'positive' }
}

function verdictIn(layer: Layer, atMs: number): Pick<Verdict, 'layer' | 'source' | 'by' | 'event_time_ms'> {
  return { layer, source: 'deterministic', by: DETECTORS_SOURCE, event_time_ms: atMs }
}

/** The gravest of each layer, as one judgement: many detectors that see the same are one complaint. An injection that is only possible weighs more than any doubt. */
export function verdictsOf(findings: readonly Finding[], atMs: number): readonly Verdict[] {
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
