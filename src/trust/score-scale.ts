import { type Level, LEVELS } from '../model/level.ts'
import type { TrustConstants } from './constants.ts'

/** Risk appetite: the score that an upper bound on the failure rate is worth, 0–1; log-linear between the anchors, never rising. */
export function phi(failureBound: number, { anchors }: Pick<TrustConstants, 'anchors'>): number {
  if (!(failureBound < 1)) return 0
  let left = { failure_bound: 1, trust: 0 }
  for (const right of anchors) {
    if (failureBound >= right.failure_bound) {
      return (
        left.trust +
        ((right.trust - left.trust) * Math.log(left.failure_bound / failureBound)) /
          Math.log(left.failure_bound / right.failure_bound)
      )
    }
    left = right
  }
  return left.trust
}

/** The failure bound that a score stands for: inverse of `phi`; 1 at score 0, the last anchor's at score 1. */
export function phiInverse(trust: number, { anchors }: Pick<TrustConstants, 'anchors'>): number {
  if (!(trust > 0)) return 1
  let left = { failure_bound: 1, trust: 0 }
  for (const right of anchors) {
    if (trust <= right.trust) {
      const share = (trust - left.trust) / (right.trust - left.trust)
      return left.failure_bound * Math.pow(right.failure_bound / left.failure_bound, share)
    }
    left = right
  }
  return left.failure_bound
}

/** A score as published: floored to four decimals, so that it never looks better than it is. */
export function publish(score: number): number {
  return Math.floor(score * 1e4 + 1e-7) / 1e4
}

/** The level whose band a score lies in. */
export function bandOf(trust: number, { thresholds }: Pick<TrustConstants, 'thresholds'>): Level {
  let band: Level = 0
  for (const level of LEVELS) if (trust >= thresholds[level]) band = level
  return band
}

/** Unverified automatically executed actions that may be outstanding at a score: at most one expected failure in flight. */
export function outstandingLimit(trust: number, constants: Pick<TrustConstants, 'anchors'>): number {
  return Math.floor(1 / phiInverse(trust, constants) + 1e-9)
}

/** Largest amount at stake at a score, for a budget of expected loss in the same currency. */
export function monetaryCap(trust: number, lossBudget: number, constants: Pick<TrustConstants, 'anchors'>): number {
  return lossBudget / phiInverse(trust, constants)
}
