import { shapesOf } from './argument-shapes.ts'
import { type PlacedText, scanTexts } from './injection/injection.ts'
import { leavesOf } from './json-leaves.ts'
import type { DecidedDigest, FinishedDigest, ObservationDigest, RawDecided, RawFinished, RawObservation } from './observation.ts'
import { measureOutput } from './output-entropy.ts'
import type { DetectSettings } from './settings.ts'
import { overlapOf } from './topic/topic-drift.ts'

/**
 * What a record keeps of an observation: hashes of shapes, counts, an entropy, and which rules hit; no argument, no output. Made once, with the settings
 * in force; `detect` reads nothing else. A detector that is switched off leaves null.
 */
export function observationDigest(raw: RawObservation, settings: DetectSettings): ObservationDigest {
  return raw.kind === 'decided' ? decidedDigest(raw, settings) : finished(raw, settings)
}

/** What is kept of an action that is decided. */
export function decidedDigest(raw: RawDecided, settings: DetectSettings): DecidedDigest {
  return {
    kind: 'decided',
    ...aboutOf(raw),
    category: raw.category,
    destructive: raw.destructive,
    external: raw.external,
    classification: raw.classification ?? null,
    base_denied: raw.base_denied,
    ran: raw.ran,
    shapes: settings.argument_novelty.on ? shapesOf(raw.action, raw.arguments) : null,
    injection: settings.injection.arguments_on ? scanArguments(raw, settings.injection) : null,
    topic: settings.topic_drift.on ? overlapOf(raw, settings.topic_drift) : null,
  }
}

function finished(raw: RawFinished, settings: DetectSettings): FinishedDigest {
  const text = raw.output_text
  const from = { complete: true, classifier: raw.classifier_confidence }
  return {
    kind: 'finished',
    ...aboutOf(raw),
    failed: raw.failed ?? null,
    tokens: raw.tokens !== undefined && raw.tokens >= 0 && raw.tokens <= Number.MAX_VALUE ? Math.abs(raw.tokens) : null,
    output: text === undefined || !settings.output_entropy.on ? null : measureOutput(text),
    injection:
      text === undefined || !settings.injection.output_on ? null : scanTexts([{ text, place: '' }], settings.injection, from),
  }
}

function aboutOf({
  at_ms,
  action,
  scope,
  stake,
  session,
}: RawObservation): Pick<DecidedDigest, 'at_ms' | 'action' | 'scope' | 'stake' | 'session'> {
  return { at_ms, action, scope, stake, session: session ?? null }
}

/** Texts and names of arguments, and whether that is all of them: an instruction hides in a key as well as in a value. */
export function argumentTexts(value: unknown): { readonly texts: readonly PlacedText[]; readonly complete: boolean } {
  const { leaves, keys, complete } = leavesOf(value)
  const values = leaves.flatMap(({ value: leaf, pointer }): PlacedText[] =>
    typeof leaf === 'string' ? [{ text: leaf, place: pointer }] : [],
  )
  return { texts: keys.length === 0 ? values : [...values, { text: keys.join('\n'), place: '' }], complete }
}

function scanArguments(raw: RawDecided, settings: DetectSettings['injection']): DecidedDigest['injection'] {
  if (raw.arguments === undefined) return null
  const { texts, complete } = argumentTexts(raw.arguments)
  return scanTexts(texts, settings, { complete, classifier: raw.classifier_confidence })
}
