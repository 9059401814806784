import { matchesGlob } from '../format/glob.ts'
import { contradictions } from '../lattice/meet.ts'
import type { Ceiling, Guardrail, Guardrails } from '../model/ceiling.ts'
import type { Measures } from '../risk/amounts-and-recipients.ts'
import type { DecisionInputs } from './decision-inputs.ts'
import { denial, term } from './terms.ts'

/** Which measure of a request each guardrail bounds. The others are budgets, which the service reserves. */
const BOUNDED = {
  amount_max: 'amount',
  records_max: 'records',
  recipient_domains: 'recipient_domains',
  destinations: 'destinations',
} as const satisfies Readonly<Record<string, keyof Measures>>

/**
 * The guardrails that this request exceeds, one term each: what it measures by itself, then the budgets that refused. Reads are
 * exempt from excess, but not from guardrails that contradict each other. A measure that cannot be read exceeds its bound.
 */
export function guardrailTerms(guardrails: Guardrails, inputs: DecisionInputs): readonly Ceiling[] {
  const impossible = contradictions(guardrails).map((name) => denial('guardrails', `guardrail_allows_nothing:${name}`))
  if (inputs.observed.includes('guardrails')) return impossible
  if (inputs.band === 'read' && inputs.action.category === 'read_only') return impossible
  const exceeded = Object.entries(BOUNDED)
    .filter(([name, measure]) => Object.hasOwn(guardrails, name) && exceeds(name, guardrails[name], inputs.measures[measure]))
    .map(([name]) => `guardrail_exceeded:${name}`)
  const refused = inputs.budget_refusals.map(({ guardrail, have, limit }) => `budget_exceeded:${guardrail}:${have}_of_${limit}`)
  const reasons = [...new Set([...exceeded, ...refused])].sort()
  return [...impossible, ...reasons.map((reason) => term('guardrails', inputs.guardrail_excess, reason))]
}

function exceeds(name: string, bound: Guardrail | undefined, measure: Measures[keyof Measures]): boolean {
  if (measure === null) return false
  if (typeof bound === 'number') return !(typeof measure === 'number' && measure <= bound)
  const allowed = new Set(bound)
  // Destinations are many: `*` in a list stands for any characters. A domain is allowed as it is.
  const isAllowed = (each: string): boolean =>
    allowed.has(each) || (name === 'destinations' && [...allowed].some((pattern) => matchesGlob(pattern, each)))
  return !(Array.isArray(measure) && measure.every(isAllowed))
}
