import { z } from 'zod'

/** How grave a verdict is. `positive` earns; `ambiguous` is an uncorroborated complaint; the rest are facts. */
export type Gravity = 'positive' | 'none' | 'ambiguous' | 'minor' | 'moderate' | 'major' | 'critical'

/**
 * Every outcome class a verifier may report, with its gravity (severity κ is a trust constant by gravity).
 * `major` also raises an incident of the scope, `critical` one of the agent.
 */
export const OUTCOME_CLASSES = {
  validated: 'positive',
  approved: 'positive',
  succeeded: 'positive',
  satisfied: 'positive',
  no_feedback: 'none',
  dissatisfied: 'ambiguous',
  rejected: 'minor',
  corrected: 'minor',
  edited: 'minor',
  overridden: 'minor',
  failed: 'minor',
  failed_validation: 'minor',
  hallucinated: 'minor',
  rolled_back: 'moderate',
  harmful: 'major',
  critical_harm: 'critical',
} as const satisfies Record<string, Gravity>
export type OutcomeClass = keyof typeof OUTCOME_CLASSES
export const OutcomeClass = z.enum(Object.keys(OUTCOME_CLASSES) as [OutcomeClass, ...OutcomeClass[]])

/** Every class of an already judged signal about one decision, by gravity. `clean`: the detector looked at this action and found nothing. */
export const SIGNAL_CLASSES = {
  clean: 'positive',
  suspicious: 'ambiguous',
  anomalous: 'minor',
  violating: 'moderate',
} as const satisfies Record<string, Gravity>
export type SignalClass = keyof typeof SIGNAL_CLASSES
export const SignalClass = z.enum(Object.keys(SIGNAL_CLASSES) as [SignalClass, ...SignalClass[]])
