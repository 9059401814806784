import type { Ceiling } from '../model/ceiling.ts'
import type { DecisionInputs } from './decision-inputs.ts'
import { denial, term } from './terms.ts'

/**
 * What no policy can leave out and nobody can lift: permission escalation by an agent is denied, a switched-off agent is denied, and so
 * is everything while it is not known whether there are incidents.
 */
export function hardTerm(inputs: DecisionInputs): Ceiling {
  if (inputs.human) return term('hard', 'allow', 'human')
  if (inputs.action.category === 'permission_escalation') return denial('hard', 'permission_escalation')
  if (inputs.kill_switch) return switchedOffTerm()
  return inputs.incidents === 'unknown' ? denial('hard', 'incidents_unknown') : term('hard', 'allow', 'none')
}

/** A person switched the agent off; that is enforced in every mode. */
export function isSwitchedOff({ kill_switch, human }: Pick<DecisionInputs, 'kill_switch' | 'human'>): boolean {
  return kill_switch && !human
}

/** The term of an agent that a person switched off. */
export function switchedOffTerm(): Ceiling {
  return denial('hard', 'kill_switch')
}
