import type { Guardrails, Obligation } from '../model/ceiling.ts'
import type { Outcome } from '../model/outcome.ts'
import { guardrailsLeq, isContradictory, meetGuardrails } from './guardrails.ts'
import { holdsAllObligations, unionObligations } from './obligations.ts'
import { lowerOutcome, outcomeLeq } from './outcome-order.ts'

/** One element of the decision lattice: an outcome with its duties and bounds. Every ceiling is one. */
export type Element = {
  readonly outcome: Outcome
  readonly obligations: readonly Obligation[]
  readonly guardrails: Guardrails
}

/** The top of the lattice: `allow`, no duties, no bounds. The meet with it changes nothing. */
export const TOP: Element = { outcome: 'allow', obligations: [], guardrails: {} }

/**
 * Greatest lower bound: the lower outcome, all duties, the tighter of every bound; deny where a bound allows nothing.
 * Commutative, associative, idempotent; equal sets give equal bytes.
 */
export function meet(a: Element, b: Element): Element {
  const guardrails = meetGuardrails(a.guardrails, b.guardrails)
  return {
    outcome: isContradictory(guardrails) ? 'deny' : lowerOutcome(a.outcome, b.outcome),
    obligations: unionObligations(a.obligations, b.obligations),
    guardrails,
  }
}

/** Greatest lower bound of at least one term; the meet of none would be `allow`, so it cannot be asked for. */
export function meetAll([first, ...rest]: readonly [Element, ...Element[]]): Element {
  return rest.reduce(meet, normalize(first))
}

/** The one spelling of an element: sorted sets, each entry once; deny where a bound allows nothing. */
export function normalize(element: Element): Element {
  return meet(element, TOP)
}

/** Whether the first concedes at most what the second does: `a ⊑ b`, which is `meet(a, b) = a`. */
export function leq(a: Element, b: Element): boolean {
  const low = normalize(a)
  const high = normalize(b)
  return (
    outcomeLeq(low.outcome, high.outcome) &&
    holdsAllObligations(low.obligations, high.obligations) &&
    guardrailsLeq(low.guardrails, high.guardrails)
  )
}
