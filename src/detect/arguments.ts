import { meetNovelty, type NoveltySettings } from './novelty.ts'
import type { DecidedDigest } from './observation.ts'
import { notLooked, type Step } from './reading.ts'
import { SCOPE_SHAPES_MAX, type ScopeDetectState } from './state.ts'

/** Whether the arguments have a shape that this scope has not met. Where not all of them was walked, nothing is clean. */
export function argumentNovelty(
  state: ScopeDetectState['shapes'],
  digest: DecidedDigest,
  settings: NoveltySettings,
): Step<ScopeDetectState['shapes']> {
  const { shapes } = digest
  if (shapes === null || (shapes.complete && shapes.hashes.length === 0))
    return { state, reading: notLooked('not_applicable', 'the action has no arguments') }
  const met = { hashes: shapes.hashes, noun: 'shape of arguments', max: SCOPE_SHAPES_MAX, learn: !digest.base_denied }
  const step = meetNovelty(state, met, settings)
  if (shapes.complete || step.reading.verdict !== 'clean') return step
  return { state: step.state, reading: notLooked('cannot_tell', 'there are more arguments than are looked at') }
}
