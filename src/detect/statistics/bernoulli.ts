import { alarm, clean, learning, type Reading, type Step } from '../finding.ts'
import type { IntegerCusum } from '../state.ts'
import { stepIntegerCusum } from './cusum.ts'

/** What is counted: whether this action was a bad one, and how it is called. */
export type Trial = { readonly bad: boolean; readonly noun: string; readonly m: number; readonly alarm: number }

/** Whether bad ones have become more frequent than they may be: the integer Bernoulli CUSUM. A bad one that gives no alarm is not clean either. */
export function bernoulli(state: IntegerCusum, trial: Trial): Step<IntegerCusum> {
  const { state: next, reached, alarmed } = stepIntegerCusum(state, trial.bad, trial)
  return { state: next, reading: read(trial, reached, alarmed) }
}

function read({ bad, noun, alarm: limit }: Trial, reached: number, alarmed: boolean): Reading {
  const score = reached / limit
  const sum = `the sum is ${reached} of ${limit}`
  if (alarmed)
    return alarm({
      verdict: 'anomalous',
      score,
      reason: `${noun} too often: ${sum}`,
      resets: 'at once: the sum starts at 0 again',
    })
  return bad ? learning(`${noun}, which counts; ${sum}`, score) : clean(score, `not ${noun}; ${sum}`)
}
