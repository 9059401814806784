import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { decay, type TimedWeight } from './layer/decay.ts'
import { freshnessCeiling, valuedAt } from './layer/layer.ts'
import { failureUpperBound } from './layer/opinion.ts'
import type { ScoreCeiling } from './score-ceiling.ts'
import { phi } from './score-scale.ts'
import { type AgentTrust, type ReadShare, scopeOf } from './stored-trust.ts'

/** Source of the ceiling on what does more than read, in a scope whose trust was earned while it only read. */
export const READS_CEILING = 'reads'

/** Units of reads below which what they earned has faded, and the top is open to actions again. */
const FADED_UNITS = 1

/** Just under the top, which a person signed off for reads alone. */
const UNDER_TOP = 0.0001

/** What reads alone have earned, after one more of them. */
export function readShareAfter(before: ReadShare | undefined, success: TimedWeight, constants: TrustConstants): ReadShare {
  return changedShare(before, success, Math.min(success.weight, 1), constants)
}

/** The same after one of them was taken back, at what is left of it. */
export function readShareWithout(before: ReadShare | undefined, success: TimedWeight, constants: TrustConstants): ReadShare {
  return changedShare(before, success, -Math.min(success.weight, 1), constants)
}

function changedShare(before: ReadShare | undefined, success: TimedWeight, units: number, constants: TrustConstants): ReadShare {
  const { eventTimeMs } = success
  const halfLife = constants.half_life_positive_days
  const tMs = Math.max(before?.tMs ?? 0, eventTimeMs)
  return { r: Math.max(0, readUnits(before, tMs, constants) + units * decay(tMs - eventTimeMs, halfLife)), tMs }
}

function readUnits(share: ReadShare | undefined, nowMs: number, constants: TrustConstants): number {
  return share === undefined ? 0 : share.r * decay(nowMs - share.tMs, constants.half_life_positive_days)
}

/**
 * The ceiling on an action that does more than read, in a scope that once only read: what the scope would be worth without those reads, and
 * never the top, until they have faded. None where no read earned anything.
 */
export function readsCeilings(
  agent: AgentTrust,
  key: ScopeKey,
  nowMs: number,
  constants: TrustConstants,
): readonly ScoreCeiling[] {
  const { reads, layers } = scopeOf(agent, key)
  if (reads === undefined) return []
  const { r, s } = valuedAt(layers.outcome, nowMs, constants)
  const ofReads = readUnits(reads, Math.max(nowMs, reads.tMs), constants)
  const evidence = phi(failureUpperBound(Math.max(0, r - ofReads), s, constants.prior_units), constants)
  const top = ofReads < FADED_UNITS ? 1 : constants.thresholds[4] - UNDER_TOP
  const value = Math.min(evidence, freshnessCeiling(layers.outcome.tpMs, nowMs, constants), top)
  return [{ source: READS_CEILING, value }]
}
