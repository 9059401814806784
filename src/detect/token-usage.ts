import { alarm, clean, learning, notLooked, type Reading, shown, type Step } from './finding.ts'
import type { DetectSettings } from './settings.ts'
import type { ScopeDetectState } from './state.ts'
import { deviationsOf, learnt } from './statistics/baseline.ts'
import { stepPageHinkley } from './statistics/page-hinkley.ts'

type TokenState = ScopeDetectState['tokens']
type TokenSettings = DetectSettings['token_usage']

/** Least standard deviation of log(1 + tokens). */
const SPREAD_FLOOR = 0.1
/** Deviations are cut to this before they enter Page-Hinkley, so that single outliers are no creep. */
const DRIFT_CUT = 4
const RESETS = 'at once: the usual moves on with at most four deviations of each action'

/** Whether an action used far more tokens than usual in its scope (deviations of log(1 + tokens)), or use creeps up (Page-Hinkley over them). */
export function tokenUsage(state: TokenState, tokens: number | null, settings: TokenSettings): Step<TokenState> {
  if (tokens === null) return { state, reading: notLooked('not_applicable', 'nobody said how many tokens were used') }
  if (!(tokens >= 0 && tokens <= Number.MAX_VALUE))
    return { state, reading: notLooked('cannot_tell', 'the number of tokens is not a number') }
  const value = Math.log1p(tokens)
  const usual = learnt(state.usual, value, SPREAD_FLOOR)
  if (state.usual.n < settings.warm_up_actions)
    return {
      state: { ...state, usual },
      reading: learning(`${state.usual.n} of ${settings.warm_up_actions} actions seen before there is a baseline`),
    }
  const z = deviationsOf(state.usual, value, SPREAD_FLOOR)
  const drift = stepPageHinkley(state.drift, Math.min(DRIFT_CUT, Math.max(-DRIFT_CUT, z)), {
    delta: settings.drift_delta,
    lambda: settings.drift_alarm,
    alpha: settings.drift_memory,
    countMin: 1,
  })
  return { state: { usual, drift: drift.state }, reading: read(z, tokens, drift.alarmed, settings) }
}

function read(z: number, tokens: number, isCreeping: boolean, settings: TokenSettings): Reading {
  const score = z / settings.anomalous_deviations
  const seen = `${shown(tokens)} tokens, ${shown(z)} deviations from the usual`
  if (z >= settings.suspicious_deviations)
    return alarm({
      verdict: z >= settings.anomalous_deviations ? 'anomalous' : 'suspicious',
      score,
      reason: seen,
      resets: RESETS,
    })
  if (isCreeping)
    return alarm({
      verdict: 'suspicious',
      score,
      reason: `use creeps up (Page-Hinkley): ${seen}`,
      resets: 'at once: Page-Hinkley starts over',
    })
  return clean(score, seen)
}
