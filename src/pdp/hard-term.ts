import type { Ceiling } from '../model/ceiling.ts'
import type { DecisionInputs } from './decision-inputs.ts'
import { denial, term } from './terms.ts'

/**
 * What no policy can leave out and nobody can lift: permission escalation by an agent is denied, a switched-off agent is denied, and so
 * is everything while it is not known whether there are incidents. For whom nobody vouches, a person decides.
 */
export function hardTerm(inputs: DecisionInputs): Ceiling {
  const agents = agentTerm(inputs)
  return agents.outcome === 'deny' ? agents : (unvouchedTerm(inputs) ?? agents)
}

/**
 * The term of a caller for whom nobody vouches: nothing is charged to the agent that it names, so budgets would not hold it. Only what no
 * budget counts, a read of what is not sensitive, runs without a person's yes to this very request. Undefined: it has no such term.
 */
export function unvouchedTerm({
  unvouched,
  action,
  sensitive,
  approval,
}: Pick<DecisionInputs, 'unvouched' | 'action' | 'sensitive' | 'approval'>): Ceiling | undefined {
  if (unvouched !== true || (action.category === 'read_only' && !sensitive)) return undefined
  return approval === null
    ? term('hard', 'require_approval', NO_CREDENTIAL)
    : term('hard', 'allow_guarded', `approved:${approval.id}:${NO_CREDENTIAL}`)
}

/** Why a caller for whom nobody vouches is answered lower. */
export const NO_CREDENTIAL = 'no_credential'

function agentTerm(inputs: DecisionInputs): Ceiling {
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
