import type { Baseline } from '../state.ts'

/** Observations that a baseline remembers: the newest weighs 1/50. */
export const BASELINE_MEMORY = 50
/** Observations that are taken as they come, before any is cut off. */
const UNCUT = 10
/** What enters is cut to this many deviations, so that one outlier does not become the usual. */
const CUT_DEVIATIONS = 4

/** Deviations of a value from the usual; the standard deviation counts as `floor` at least. */
export function deviationsOf(usual: Baseline, value: number, floor: number): number {
  return (value - usual.mean) / Math.max(Math.sqrt(usual.variance), floor)
}

/** The usual after one more value: mean and variance of all at first, then forgetting exponentially. */
export function learnt(usual: Baseline, value: number, floor: number): Baseline {
  const n = usual.n + 1
  const reach = CUT_DEVIATIONS * Math.max(Math.sqrt(usual.variance), floor)
  const taken = usual.n < UNCUT ? value : Math.min(usual.mean + reach, Math.max(usual.mean - reach, value))
  const weight = Math.max(1 / n, 1 / BASELINE_MEMORY)
  const delta = taken - usual.mean
  return { n, mean: usual.mean + weight * delta, variance: (1 - weight) * (usual.variance + weight * delta * delta) }
}
