import { hash32 } from './argument-shapes.ts'
import { alarm, clean, learning, notLooked, type Reading, shown, type Step } from './finding.ts'
import type { DecidedDigest } from './observation.ts'
import type { DetectSettings } from './settings.ts'
import {
  type AgentDetectState,
  LAST_TOOLS_MAX,
  type LastTool,
  type NoveltyState,
  SCOPE_SHAPES_MAX,
  type ScopeDetectState,
  TOOLS_MAX,
  TRANSITIONS_MAX,
} from './state.ts'
import { BASELINE_MEMORY } from './statistics/baseline.ts'

/** Settings of a detector of what was not met before. */
export type NoveltySettings = DetectSettings['unseen_tool']

/** What an action brings: hashes; what they are called; how many are remembered; whether what is new is remembered at all. */
export type Encountered = {
  readonly hashes: readonly number[]
  readonly noun: string
  readonly max: number
  readonly learn: boolean
}

/**
 * Whether an action brings something that was not met before. A baseline stands after the warm-up, once new things are at most half of `rate_max` of
 * what comes; then the first new ones are suspicious, and one that comes while they are already more than `rate_max` is anomalous and ends the baseline.
 */
export function checkNovelty(state: NoveltyState, met: Encountered, settings: NoveltySettings): Step<NoveltyState> {
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
function remembered(known: readonly number[], { hashes, max, learn }: Encountered): readonly number[] {
  const before = new Set(known)
  const kept = new Set(learn ? hashes : hashes.filter((hash) => before.has(hash)))
  return [...known.filter((hash) => !kept.has(hash)), ...kept].slice(-max)
}

function read(state: NoveltyState, freshCount: number, { noun, hashes }: Encountered, settings: NoveltySettings): Reading {
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
  const step = checkNovelty(state, met, settings)
  if (shapes.complete || step.reading.verdict !== 'clean') return step
  return { state: step.state, reading: notLooked('cannot_tell', 'there are more arguments than are looked at') }
}

/** Whether the tool was used before by this agent. What the base policy denies is never learnt. */
export function unseenTool(
  state: AgentDetectState['tools'],
  digest: DecidedDigest,
  settings: NoveltySettings,
): Step<AgentDetectState['tools']> {
  const hashes = [hash32(digest.action)]
  return checkNovelty(state, { hashes, noun: 'tool', max: TOOLS_MAX, learn: !digest.base_denied }, settings)
}

/** The part of the state that transitions need. */
export type TransitionState = Pick<AgentDetectState, 'transitions' | 'last_tools'>

/** Whether this tool came after the session's last one before. Actions without a session are one session. */
export function unseenTransition(
  state: TransitionState,
  digest: DecidedDigest,
  settings: NoveltySettings,
): Step<TransitionState> {
  const session = digest.session === null ? null : hash32(digest.session)
  const tool = hash32(digest.action)
  const before = state.last_tools.find((last) => last.session === session)
  const last_tools = digest.base_denied ? state.last_tools : withLast(state.last_tools, { session, tool })
  if (before === undefined)
    return {
      state: { ...state, last_tools },
      reading: notLooked('not_applicable', 'the first action of its session has none before it'),
    }
  const hashes = [hash32(`${String(before.tool)}>${String(tool)}`)]
  const met = { hashes, noun: 'tool-to-tool transition', max: TRANSITIONS_MAX, learn: !digest.base_denied }
  const { state: transitions, reading } = checkNovelty(state.transitions, met, settings)
  return { state: { transitions, last_tools }, reading }
}

/** The session's last tool, the least recent session forgotten first. */
function withLast(lasts: readonly LastTool[], last: LastTool): readonly LastTool[] {
  return [...lasts.filter(({ session }) => session !== last.session), last].slice(-LAST_TOOLS_MAX)
}
