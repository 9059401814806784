import { meetAll } from '../lattice/meet.ts'
import type { Ceiling } from '../model/ceiling.ts'
import type { Decision, DecisionInputs } from './decision-inputs.ts'
import { explain, unsupportedDuties } from './explain.ts'
import { baseTerm, containmentTerm, denial, term } from './terms.ts'

/**
 * The answer of observe mode: what the base answers, with nothing added, where no person has contained it or pulled the kill switch.
 * It is a meet with the base, so never above it; a failing base denies, and so does containment that is not known.
 */
export function observe(inputs: DecisionInputs): Decision {
  const base = baseTerm(inputs.base)
  const { containment } = inputs
  const byPeople = containment === 'unknown' ? containment : containment.filter(({ by }) => by === 'person')
  const contained = containmentTerm({ ...inputs, containment: byPeople })
  const terms: readonly [Ceiling, ...Ceiling[]] = [base, contained, ...(isSwitchedOff(inputs) ? [SWITCHED_OFF] : [])]
  const met = meetAll(terms)
  return { ...explain({ base, met, terms, unsupported: unsupportedDuties(met, inputs) }), advice: [] }
}

/** What another decision point answered, which nothing here can hold back any more: its word as the base, and no other term. */
export function answeredElsewhere(inputs: DecisionInputs): Decision {
  const base = baseTerm(inputs.base)
  return { ...explain({ base, met: base, terms: [base], unsupported: [] }), advice: [] }
}

/** The terms with those that are only observed conceding everything; what they said counts in what would have been answered. */
export function withoutObserved(
  terms: readonly Ceiling[],
  inputs: Pick<DecisionInputs, 'observed' | 'kill_switch' | 'human'>,
): readonly Ceiling[] {
  const observed = (each: Ceiling): Ceiling =>
    each.source === 'hard' && isSwitchedOff(inputs) ? SWITCHED_OFF : term(each.source, 'allow', 'observed')
  return terms.map((each) => (inputs.observed.some((source) => source === each.source) ? observed(each) : each))
}

const SWITCHED_OFF = denial('hard', 'kill_switch')

/** A person switched the agent off; that is enforced in every mode. */
function isSwitchedOff({ kill_switch, human }: Pick<DecisionInputs, 'kill_switch' | 'human'>): boolean {
  return kill_switch && !human
}
