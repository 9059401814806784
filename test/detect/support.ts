import { detect, type Detected } from '../../src/detect/detect.ts'
import { observationDigest } from '../../src/detect/digest.ts'
import type { Detector, Finding } from '../../src/detect/finding.ts'
import type { DecidedDigest, FinishedDigest, RawDecided, RawFinished } from '../../src/detect/observation.ts'
import { DetectSettings } from '../../src/detect/settings.ts'
import { DetectState } from '../../src/detect/state.ts'

/** The settings nobody changed. */
export const SETTINGS = DetectSettings.parse({})
/** The state of an agent that nobody saw. */
export const NEW = DetectState.parse({})
/** A Monday morning. */
export const START_MS = 1_767_600_000_000

/** An unremarkable action, as it was decided. */
export function rawDecided(parts: Partial<RawDecided> = {}): RawDecided {
  return {
    kind: 'decided',
    at_ms: START_MS,
    action: 'crm.get_customer',
    scope: 'crm',
    stake: 'light',
    category: 'read_only',
    destructive: false,
    external: false,
    base_denied: false,
    ran: true,
    ...parts,
  }
}

/** An unremarkable end of an action. */
export function rawFinished(parts: Partial<RawFinished> = {}): RawFinished {
  return { kind: 'finished', at_ms: START_MS, action: 'crm.get_customer', scope: 'crm', stake: 'light', ...parts }
}

/** The digest of a decided action. */
export function decided(parts: Partial<RawDecided> = {}, settings: DetectSettings = SETTINGS): DecidedDigest {
  return observationDigest(rawDecided(parts), settings) as DecidedDigest
}

/** The digest of an ended action. */
export function finished(parts: Partial<RawFinished> = {}, settings: DetectSettings = SETTINGS): FinishedDigest {
  return observationDigest(rawFinished(parts), settings) as FinishedDigest
}

/** What one detector says of one observation. */
export function findingOf(watched: Detected, detector: Detector): Finding {
  return watched.findings.find((finding) => finding.detector === detector)!
}

/** Folds observations one after the other; what one detector says of each, and the last state. */
export function follow(
  digests: readonly (DecidedDigest | FinishedDigest)[],
  detector: Detector,
  settings: DetectSettings = SETTINGS,
  start: DetectState = NEW,
): { readonly state: DetectState; readonly findings: readonly Finding[] } {
  let state = start
  const findings = digests.map((digest) => {
    const watched = detect(state, digest, settings)
    state = watched.state
    return findingOf(watched, detector)
  })
  return { state, findings }
}
