import { meetAll } from '../lattice/meet.ts'
import type { Ceiling } from '../model/ceiling.ts'
import { withApproval } from './approved.ts'
import type { Decision, DecisionInputs } from './decision-inputs.ts'
import { explain, unsupportedDuties } from './explain.ts'
import { withoutObserved } from './observe.ts'
import { baseTerm, bundleTerms, chainTerm, containmentTerm, guardrailTerms, hardTerm, termsMissing } from './terms.ts'

/**
 * The policy decision point: pure, synchronous, total. The whole meet, in order:
 *
 *   decision = base ⊓ trust ⊓ risk ⊓ category ⊓ context ⊓ guardrails ⊓ pact ⊓ chain ⊓ containment ⊓ hard
 *
 * No term can lift another, so the decision is never above `inputs.base`. Equal inputs give equal bytes.
 */
export function decide(inputs: DecisionInputs): Decision {
  const base = baseTerm(inputs.base)

  // Only TypeScript supplies base, chain, containment and hard; only the bundle supplies trust, risk and category.
  const own: readonly Ceiling[] = [chainTerm(inputs), containmentTerm(inputs), hardTerm(inputs)]
  const supplied = bundleTerms(inputs.graduation)

  // A mandatory term that is missing, undefined or there twice denies.
  const stated: readonly [Ceiling, ...Ceiling[]] = [base, ...supplied, ...own]
  const heard = withoutObserved(withApproval([...supplied, ...own], inputs), inputs)
  const terms: readonly [Ceiling, ...Ceiling[]] = [base, ...heard, ...termsMissing(stated)]

  // What the request exceeds is known only once every bound has been met.
  const exceeded = withApproval(guardrailTerms(meetAll(terms).guardrails, inputs), inputs)

  const all: readonly [Ceiling, ...Ceiling[]] = [...terms, ...exceeded]
  const met = meetAll(all)
  return explain({ base, met, terms: all, unsupported: unsupportedDuties(met, inputs) })
}
