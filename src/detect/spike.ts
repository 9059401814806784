import { SECOND_MS } from '../format/time.ts'
import { alarm, clean, learning, type Reading, shown, type Step } from './finding.ts'
import type { DetectSettings } from './settings.ts'
import type { Baseline, WindowState } from './state.ts'
import { learnt } from './statistics/baseline.ts'

/** Least standard deviation of log(1 + count): windows that always hold the same may still vary by a third. */
const SPREAD_FLOOR = 0.3

/** Settings of a spike detector. */
export type SpikeSettings = DetectSettings['call_rate']

/**
 * One more action in its window. A window starts with an action and lasts `window_seconds`; idle time is in none, so that a quiet night makes no
 * morning suspicious. Alarms when the count reaches exp(mean + deviations·sd) of log(1 + count) over earlier windows, once per window and verdict.
 */
export function spike(state: WindowState, atMs: number, settings: SpikeSettings, noun: string): Step<WindowState> {
  const open = windowAt(state, atMs, settings.window_seconds * SECOND_MS)
  return { state: open, reading: readWindow(open, settings, noun) }
}

/** The window that the action falls in, with the action; a window that is over has become part of what is usual. A late action counts in the open window. */
function windowAt(state: WindowState, atMs: number, lengthMs: number): WindowState {
  if (state.start_ms === null) return { ...state, start_ms: atMs, count: 1 }
  if (atMs < state.start_ms + lengthMs) return { ...state, count: state.count + 1 }
  return { start_ms: atMs, count: 1, usual: learnt(state.usual, Math.log1p(state.count), SPREAD_FLOOR) }
}

function readWindow({ count, usual }: WindowState, settings: SpikeSettings, noun: string): Reading {
  const seen = `${count} of the ${noun} within ${shown(settings.window_seconds)} s`
  if (usual.n < settings.warm_up_windows)
    return learning(`${seen}; ${usual.n} of ${settings.warm_up_windows} windows seen before there is a baseline`)
  const suspicious = limitOf(usual, settings.suspicious_deviations, settings.count_min)
  const anomalous = Math.max(suspicious + 1, limitOf(usual, settings.anomalous_deviations, settings.count_min))
  const score = count / anomalous
  if (count < suspicious) return clean(score, `${seen}; ${suspicious} would be suspicious`)
  if (count !== suspicious && count !== anomalous)
    return learning(`${seen}, over the limit of ${suspicious}; the alarm was given and the window goes on`, score)
  return alarm({
    verdict: count === anomalous ? 'anomalous' : 'suspicious',
    score,
    reason: `${seen}, where a window usually holds ${shown(Math.expm1(usual.mean))} and at most ${count - 1} are usual`,
    resets: `with the first of the ${noun} after the window, ${shown(settings.window_seconds)} s after its start`,
  })
}

/** The count that is too much. */
function limitOf(usual: Baseline, deviations: number, countMin: number): number {
  const limit = Math.expm1(usual.mean + deviations * Math.max(Math.sqrt(usual.variance), SPREAD_FLOOR))
  return Math.max(countMin, Math.ceil(limit))
}
