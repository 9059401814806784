import type { Ceiling } from '../model/ceiling.ts'
import { CONTAINMENT_KINDS, type ContainmentEntry, type DecisionInputs } from './decision-inputs.ts'
import { denial, term } from './terms.ts'

/** What is switched off: an action, scope, agent or tenant in containment denies, and so does containment that is not known. */
export function containmentTerm({ containment }: DecisionInputs): Ceiling {
  if (containment === 'unknown') return denial('containment', 'containment_unknown')
  const [widest] = [...containment].sort((a, b) => width(b) - width(a))
  if (widest === undefined) return term('containment', 'allow', 'none')
  return denial('containment', `contained_${widest.kind}:${widest.by}:${widest.reason}`)
}

function width(entry: ContainmentEntry): number {
  return CONTAINMENT_KINDS.indexOf(entry.kind)
}
