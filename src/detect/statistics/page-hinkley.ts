import type { PageHinkleyState } from '../state.ts'

/** δ: what a value may exceed the mean by; λ: the sum at which it alarms; α: how much of the sum is kept; and values before the first alarm. */
export type PageHinkleySettings = {
  readonly delta: number
  readonly lambda: number
  readonly alpha: number
  readonly countMin: number
}

/** The settings of river 0.21's `PageHinkley`. */
export const RIVER_PAGE_HINKLEY: PageHinkleySettings = { delta: 0.005, lambda: 50, alpha: 0.9999, countMin: 30 }

/** Before anything was seen, and after an alarm. */
export const NO_PAGE_HINKLEY: PageHinkleyState = { n: 0, mean: 0, sum: 0 }

/** Page-Hinkley for a rise of the mean: x̄ ← running mean, m ← max(0, α·m + x − x̄ − δ), alarm at m ≥ λ; starts over after one. */
export function stepPageHinkley(
  state: PageHinkleyState,
  value: number,
  settings: PageHinkleySettings,
): { readonly state: PageHinkleyState; readonly alarmed: boolean } {
  const n = state.n + 1
  const mean = state.mean + (value - state.mean) / n
  const sum = Math.max(0, settings.alpha * state.sum + value - mean - settings.delta)
  const alarmed = n >= settings.countMin && sum >= settings.lambda
  return { state: alarmed ? NO_PAGE_HINKLEY : { n, mean, sum }, alarmed }
}
