import type { TrustConstants } from '../constants.ts'
import { phi } from '../score-scale.ts'
import type { AgentHeat } from '../stored-trust.ts'
import { isAfter, later, solidUnits, type TimedWeight } from './decay.ts'
import { failureLowerBound } from './opinion.ts'

/** An outcome failure in any scope heats the agent. */
export function heatUp(heat: AgentHeat, { weight, eventTimeMs }: TimedWeight): AgentHeat {
  return { q: heat.q + weight, tnMs: later(heat.tnMs, eventTimeMs) }
}

/**
 * A solid outcome success in any scope, later than the last failure, cools the agent: once its total is solid, all of it cools, once.
 */
export function coolDown(heat: AgentHeat, success: TimedWeight, constants: TrustConstants): AgentHeat {
  const { weight, total = weight, scale } = success
  if (!cools(heat, success, constants)) return heat
  const cooling = solidUnits({ weight: total - weight, scale }) >= constants.agent_heat_weight_min ? weight : total
  return { ...heat, q: heat.q * coolingFactor(cooling, constants) }
}

/** Undoes the cooling of a positive that is taken back, unless a failure came since. */
export function undoCooling(heat: AgentHeat, success: TimedWeight, constants: TrustConstants): AgentHeat {
  return cools(heat, success, constants) ? { ...heat, q: heat.q / coolingFactor(success.weight, constants) } : heat
}

function cools(heat: AgentHeat, success: TimedWeight, constants: TrustConstants): boolean {
  return solidUnits(success) >= constants.agent_heat_weight_min && isAfter(success.eventTimeMs, heat.tnMs)
}

/** What a success of this weight, one unit at most, leaves of heat, 0–1. */
export function coolingFactor(weight: number, constants: TrustConstants): number {
  return Math.pow(2, -Math.min(weight, 1) / constants.heat_half_life_units)
}

/** Ceiling of recent failures: the score of the lower failure bound of the heat against its prior. */
export function heatCeiling(q: number, constants: TrustConstants): number {
  return phi(failureLowerBound(constants.heat_prior_units, q, constants.prior_units), constants)
}
