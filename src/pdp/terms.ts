import { Ceiling, MANDATORY_SOURCES, type Obligation, REASON_CHARS_MAX, type Source, TERM_ITEMS_MAX } from '../model/ceiling.ts'
import { type Element, meet } from '../lattice/meet.ts'
import { outcomeLeq } from '../lattice/outcome-order.ts'
import type { Outcome } from '../model/outcome.ts'
import type { BaseResult, Delegator, DecisionInputs } from './decision-inputs.ts'

/**
 * The static policy's grant as a term: where it is asked about two, what both may, with the duties and bounds of both, and the reason of
 * the lower first. Nobody borrows the rights of an agent: for a person it does only what the person may do too.
 */
export function baseTerm({ base, delegator }: Pick<DecisionInputs, 'base' | 'delegator'>): Ceiling {
  const own = ownBaseTerm(base)
  if (delegator === undefined) return own
  const other = delegatorTerm(delegator)
  const { outcome, obligations, guardrails }: Element = meet(own, other)
  const [first, second] = outcomeLeq(own.outcome, other.outcome) ? [own, other] : [other, own]
  const reason = `${first.reason}; ${second.reason}`.slice(0, REASON_CHARS_MAX)
  return { source: 'base', outcome, reason, obligations: [...obligations], guardrails }
}

/** What the base grants the person. One about whom it has no answer is denied, with the fix. */
function delegatorTerm({ party, base }: Delegator): Ceiling {
  const granted = ownBaseTerm(base)
  const why =
    base.cause === 'base_undefined'
      ? 'base_failed:base_undefined: let the policy answer about people too, or set base.delegation: agent'
      : granted.reason
  return { ...granted, reason: `${party.type}/${party.id}: ${why}`.slice(0, REASON_CHARS_MAX) }
}

/** The static policy's grant to the subject alone, as a term. A result that failed, or is not well formed, denies and says why. */
export function ownBaseTerm(base: BaseResult | null): Ceiling {
  if (base === null) return denial('base', 'term_missing:base')
  const term = Ceiling.safeParse({ source: 'base', outcome: base.outcome, reason: reasonOf(base), ...duties(base) })
  if (!term.success) return denial('base', 'base_malformed')
  return base.cause === undefined ? term.data : { ...term.data, outcome: 'deny' }
}

/**
 * The terms that the graduation bundle answered. All or nothing: one that is malformed takes the others with it, so that a
 * restriction cannot get lost in a spelling mistake; the missing mandatory terms then deny.
 */
export function bundleTerms(graduation: unknown): readonly Ceiling[] {
  if (!Array.isArray(graduation) || graduation.length > TERM_ITEMS_MAX) return []
  const parsed = graduation.map((value) => Ceiling.safeParse(value))
  return parsed.every((result) => result.success) ? parsed.map((result) => result.data) : []
}

/** One denial, `term_missing`, per mandatory source that the terms do not hold exactly once. */
export function termsMissing(terms: readonly Ceiling[]): readonly Ceiling[] {
  return MANDATORY_SOURCES.filter((source) => terms.filter((each) => each.source === source).length !== 1).map((source) =>
    denial(source, `term_missing:${source}`),
  )
}

/** A term of the decision point itself: without bounds, with the duties of its outcome. A longer reason is cut. */
export function term(source: Source, outcome: Outcome, reason: string): Ceiling {
  return { source, outcome, reason: reason.slice(0, REASON_CHARS_MAX), obligations: [...OUTCOME_DUTIES[outcome]], guardrails: {} }
}

/** A term that denies. */
export function denial(source: Source, reason: string): Ceiling {
  return term(source, 'deny', reason)
}

/** Why, in no more characters than a reason has; a policy that says nothing still granted something. */
function reasonOf({ outcome, reason, cause }: BaseResult): string {
  const text = cause === undefined ? reason : `base_failed:${cause}`
  return text === '' ? `base_${outcome}` : text.slice(0, REASON_CHARS_MAX)
}

function duties({ obligations, guardrails }: BaseResult): object {
  return { ...(obligations === undefined ? {} : { obligations }), ...(guardrails === undefined ? {} : { guardrails }) }
}

/** Duties that come with an outcome, whoever concedes it; the shipped policies write them alike, so that they are one duty. */
const OUTCOME_DUTIES = {
  deny: [],
  suggest: [],
  require_approval: [{ id: 'named_approver', performer: 'pdp', properties: { expiry_minutes: 15 } }],
  allow_guarded: [{ id: 'post_verify', performer: 'pdp', properties: { hours: 24 } }],
  allow: [],
} as const satisfies Record<Outcome, readonly Obligation[]>
