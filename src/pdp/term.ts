import type { Ceiling, Obligation, Source } from '../model/ceiling.ts'
import { REASON_CHARS_MAX } from '../model/ceiling.ts'
import type { Outcome } from '../model/outcome.ts'

/** Duties that come with an outcome, whoever concedes it; the shipped policies write them alike, so that they are one duty. */
const OUTCOME_DUTIES = {
  deny: [],
  suggest: [],
  require_approval: [{ id: 'named_approver', performer: 'pdp', properties: { expiry_minutes: 15 } }],
  allow_guarded: [{ id: 'post_verify', performer: 'pdp', properties: { hours: 24 } }],
  allow: [],
} as const satisfies Record<Outcome, readonly Obligation[]>

/** A term of the decision point itself: without bounds, with the duties of its outcome. A longer reason is cut. */
export function term(source: Source, outcome: Outcome, reason: string): Ceiling {
  return { source, outcome, reason: reason.slice(0, REASON_CHARS_MAX), obligations: [...OUTCOME_DUTIES[outcome]], guardrails: {} }
}

/** A term that denies. */
export function denial(source: Source, reason: string): Ceiling {
  return term(source, 'deny', reason)
}
