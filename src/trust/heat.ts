import type { AgentHeat } from './agent-trust.ts'
import type { TrustConstants } from './constants.ts'
import { isAfter, later } from './decay.ts'
import { failureLowerBound } from './opinion.ts'
import { phi } from './score-scale.ts'

/** An outcome failure in any scope heats the agent. */
export function heatUp(heat: AgentHeat, weight: number, eventTimeMs: number): AgentHeat {
  return { q: heat.q + weight, tnMs: later(heat.tnMs, eventTimeMs) }
}

/**
 * A solid outcome positive in any scope, later than the last failure, cools the agent. `total` is the weight with what was given for the
 * same success before: once it is solid, all of it cools, once.
 */
export function coolDown(
  heat: AgentHeat,
  weight: number,
  eventTimeMs: number,
  constants: TrustConstants,
  total = weight,
): AgentHeat {
  if (!cools(heat, total, eventTimeMs, constants)) return heat
  const cooling = total - weight >= constants.agent_heat_weight_min ? weight : total
  return { ...heat, q: heat.q * coolingFactor(cooling, constants) }
}

/** Undoes the cooling of a positive that is taken back, unless a failure came since. */
export function undoCooling(heat: AgentHeat, weight: number, eventTimeMs: number, constants: TrustConstants): AgentHeat {
  return cools(heat, weight, eventTimeMs, constants) ? { ...heat, q: heat.q / coolingFactor(weight, constants) } : heat
}

function cools(heat: AgentHeat, weight: number, eventTimeMs: number, constants: TrustConstants): boolean {
  return weight >= constants.agent_heat_weight_min && isAfter(eventTimeMs, heat.tnMs)
}

function coolingFactor(weight: number, constants: TrustConstants): number {
  return Math.pow(2, -Math.min(weight, 1) / constants.heat_half_life_units)
}

/** Ceiling of recent failures: the score of the lower failure bound of the heat against its prior. */
export function heatCeiling(q: number, constants: TrustConstants): number {
  return phi(failureLowerBound(constants.heat_prior_units, q, constants.prior_units), constants)
}
