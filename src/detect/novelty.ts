import { alarm, clean, learning, type Reading, shown, type Step } from './reading.ts'
import type { DetectSettings } from './settings.ts'
import type { NoveltyState } from './state.ts'
import { BASELINE_MEMORY } from './statistics/baseline.ts'

/** Settings of a detector of what was not met before. */
export type NoveltySettings = DetectSettings['unseen_tool']

/** What an action brings: hashes; what they are called; how many are remembered; whether what is new is remembered at all. */
export type Met = { readonly hashes: readonly number[]; readonly noun: string; readonly max: number; readonly learn: boolean }

/**
 * Whether an action brings something that was not met before. A baseline stands after the warm-up, once new things are at most half of `rate_max` of
 * what comes; then the first new ones are suspicious, and one that comes while they are already more than `rate_max` is anomalous and ends the baseline.
 */
export function meetNovelty(state: NoveltyState, met: Met, settings: NoveltySettings): Step<NoveltyState> {
  const known = new Set(state.known)
  const fresh = met.hashes.filter((hash) => !known.has(hash))
  const isNew = fresh.length > 0
  const seen = state.seen + 1
  const rate = state.rate + Math.max(1 / seen, 1 / BASELINE_MEMORY) * ((isNew ? 1 : 0) - state.rate)
  const broken = state.established && isNew && state.rate > settings.rate_max
  const settled = seen >= settings.warm_up_actions && rate <= settings.rate_max / 2
  return {
    state: { known: remembered(state.known, met), seen, rate, established: !broken && (state.established || settled) },
    reading: read(state, fresh.length, met, settings),
  }
}

/** Met ones at the end, the least recent at the front forgotten first. */
function remembered(known: readonly number[], { hashes, max, learn }: Met): readonly number[] {
  const before = new Set(known)
  const kept = new Set(learn ? hashes : hashes.filter((hash) => before.has(hash)))
  return [...known.filter((hash) => !kept.has(hash)), ...kept].slice(-max)
}

function read(state: NoveltyState, freshCount: number, { noun, hashes }: Met, settings: NoveltySettings): Reading {
  const rate = `${shown(state.rate * 100)} % of recent actions brought one`
  if (!state.established) return learning(`no baseline for ${noun} yet: ${state.seen} actions seen, ${rate}`)
  const isBurst = state.rate > settings.rate_max
  if (freshCount === 0)
    return isBurst
      ? learning(`known, but a new ${noun} has come often: ${rate}`, 1)
      : clean(state.rate / settings.rate_max, `no ${noun} that was not met before`)
  return alarm({
    verdict: isBurst ? 'anomalous' : 'suspicious',
    score: isBurst ? 1 : state.rate / settings.rate_max,
    reason: `${freshCount} of ${hashes.length}: a ${noun} that was not met before; ${rate}`,
    resets: isBurst
      ? `by learning anew, until new ones are at most ${shown(settings.rate_max * 50)} % of actions`
      : 'at once: what was let pass by the base policy is known from now on',
  })
}
