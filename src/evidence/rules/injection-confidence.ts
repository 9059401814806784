import type { IncidentClass } from '../../trust/constants.ts'

/** Confidence from which an indicator of injection is taken for one, 0–1. */
const INJECTION_SUSPECTED_MIN = 0.8
/** Confidence from which it is taken for a weak one, 0–1. */
const INJECTION_WEAK_MIN = 0.5

/** What an indicator that nobody has confirmed is taken for, by its confidence; null: nothing. */
export function unconfirmedInjection(
  confidence: number,
): Extract<IncidentClass, 'injection_suspected' | 'injection_weak'> | null {
  if (confidence >= INJECTION_SUSPECTED_MIN) return 'injection_suspected'
  return confidence >= INJECTION_WEAK_MIN ? 'injection_weak' : null
}
