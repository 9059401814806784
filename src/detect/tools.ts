import { hash32 } from './hash.ts'
import { meetNovelty, type NoveltySettings } from './novelty.ts'
import type { DecidedDigest } from './observation.ts'
import { notLooked, type Step } from './reading.ts'
import { type AgentDetectState, LAST_TOOLS_MAX, type LastTool, TOOLS_MAX, TRANSITIONS_MAX } from './state.ts'

/** Whether the tool was used before by this agent. What the base policy denies is never learnt. */
export function unseenTool(
  state: AgentDetectState['tools'],
  digest: DecidedDigest,
  settings: NoveltySettings,
): Step<AgentDetectState['tools']> {
  const hashes = [hash32(digest.action)]
  return meetNovelty(state, { hashes, noun: 'tool', max: TOOLS_MAX, learn: !digest.base_denied }, settings)
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
  const { state: transitions, reading } = meetNovelty(state.transitions, met, settings)
  return { state: { transitions, last_tools }, reading }
}

/** The session's last tool, the least recent session forgotten first. */
function withLast(lasts: readonly LastTool[], last: LastTool): readonly LastTool[] {
  return [...lasts.filter(({ session }) => session !== last.session), last].slice(-LAST_TOOLS_MAX)
}
