import type { CusumState, IntegerCusum } from '../state.ts'

/** A CUSUM's next state, 0 after an alarm. `reached` is the sum before it was set back. */
export type IntegerCusumStep = { readonly state: IntegerCusum; readonly reached: number; readonly alarmed: boolean }

/**
 * Integer Bernoulli CUSUM: a good one takes 1 (not below 0), a bad one adds m−1, alarm at H. m = 1/k, k = ln((1−p0)/(1−p1)) / ln(p1(1−p0)/(p0(1−p1))).
 * Its average run lengths are exact: a linear system over the sums (docs/detectors.md).
 */
export function stepIntegerCusum(
  state: IntegerCusum,
  bad: boolean,
  settings: { readonly m: number; readonly alarm: number },
): IntegerCusumStep {
  const reached = Math.max(0, state.sum + (bad ? settings.m - 1 : -1))
  const alarmed = reached >= settings.alarm
  return { state: { sum: alarmed ? 0 : reached }, reached, alarmed }
}

/** A two-sided CUSUM's next state, 0 on both sides after an alarm, and which way it went. */
export type CusumStep = { readonly state: CusumState; readonly alarmed: 'up' | 'down' | null }

/** Two-sided CUSUM(k, h) of standardised values: up ← max(0, up + z − k), down ← max(0, down − z − k), alarm from h on (Page 1954). */
export function stepCusum(state: CusumState, z: number, settings: { readonly k: number; readonly h: number }): CusumStep {
  const up = Math.max(0, state.up + z - settings.k)
  const down = Math.max(0, state.down - z - settings.k)
  if (up >= settings.h) return { state: { up: 0, down: 0 }, alarmed: 'up' }
  if (down >= settings.h) return { state: { up: 0, down: 0 }, alarmed: 'down' }
  return { state: { up, down }, alarmed: null }
}
