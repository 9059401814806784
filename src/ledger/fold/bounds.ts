import { invariant } from '../../format/error.ts'
import type { ScopeKey } from '../../model/scope.ts'
import { injectionsWith, withInjection, withSession } from '../../trust/agent-sessions.ts'
import {
  type AgentBounds,
  coverageAfter,
  type Hold,
  HOLDS_MAX,
  MOVES_MAX,
  newBounds,
  SESSION_ENTRIES_MAX,
  SESSION_MEMORY_MS,
  type SessionBounds,
  type ToolPlaces,
} from '../../trust/bounds.ts'
import type { Posture } from '../../trust/posture.ts'
import type { EffectOf } from '../effect.ts'
import type { BOUND_EFFECTS } from '../effects/bounds.ts'
import { boundsKey, sessionKey, TOOLS_KEY } from '../keys.ts'
import { dropFilings, passFilings } from './raters.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

/** What bounds an agent, its sessions, and tools that move between scopes. */
export const BOUND_RULES: FoldRules<keyof typeof BOUND_EFFECTS> = {
  posture: ({ agent, posture, event_time_ms }, { tenant, nowMs }, state) =>
    onBounds(tenant, agent, state, (before) => withPosture(before, posture, event_time_ms ?? nowMs)),
  hold: ({ agent, hold }, { tenant }, state) => {
    const key = boundsKey(tenant, agent)
    const before = state.document(key) ?? newBounds()
    const holds = [...before.holds.filter(({ id }) => id !== hold.id), hold]
    if (holds.length > HOLDS_MAX) mergeOldest(agent, { ...before, holds }, tenant, state)
    else state.put(key, { ...before, holds })
    return NO_CHANGES
  },
  hold_resolved: ({ agent, id }, { tenant }, state) => {
    onBounds(tenant, agent, state, (before) => ({ ...before, holds: before.holds.filter((each) => each.id !== id) }))
    dropFilings(agent, id, tenant, state)
    return NO_CHANGES
  },
  coverage: (effect, { tenant, nowMs }, state) =>
    onBounds(tenant, effect.agent, state, (before) => {
      const coverage = coverageAfter(before.coverage[effect.scope], effect, nowMs, state.constants())
      return { ...before, coverage: { ...before.coverage, [effect.scope]: coverage } }
    }),
  timed_ceiling: ({ agent, source, value, until_ms }, { tenant, nowMs }, state) =>
    onBounds(tenant, agent, state, (before) => {
      const others = before.timed.filter((each) => each.source !== source && each.until_ms > nowMs)
      return { ...before, timed: [...others, { source, value, until_ms }] }
    }),
  tools: ({ places }, _moment, state) => {
    state.put(TOOLS_KEY, placedTools(state.document(TOOLS_KEY) ?? {}, places))
    return NO_CHANGES
  },
  session: (effect, { tenant, nowMs }, state) => {
    const key = sessionKey(tenant, effect.agent, effect.session)
    const session = boundedSession(state.document(key), effect, nowMs)
    state.put(key, session)
    if (effect.shared !== true) return NO_CHANGES
    return onBounds(tenant, effect.agent, state, (before) => ({
      ...before,
      sessions: withSession(before.sessions, session, nowMs),
    }))
  },
  injection_found: ({ agent, session, injection }, { tenant, nowMs }, state) => {
    const lowered = session === null ? undefined : foundInSession({ tenant, agent, session, injection }, nowMs, state)
    return onBounds(tenant, agent, state, (before) => {
      const sessions = withInjection(before.sessions, injection, nowMs)
      return { ...before, sessions: lowered === undefined ? sessions : withSession(sessions, lowered, nowMs) }
    })
  },
}

function onBounds(
  tenant: string,
  agent: string,
  state: ProjectionState,
  change: (before: AgentBounds) => AgentBounds,
): typeof NO_CHANGES {
  const key = boundsKey(tenant, agent)
  state.put(key, change(state.document(key) ?? newBounds()))
  return NO_CHANGES
}

/** Tools at their new places. One that was elsewhere, also before it was away for a while, remembers where it came from. */
function placedTools(before: ToolPlaces, places: Readonly<Record<string, ScopeKey>>): ToolPlaces {
  const known = new Map(Object.entries(before))
  const placed = Object.entries(places).map(([tool, scope]) => {
    const was = known.get(tool)
    const from = was === undefined ? [] : [...was.from, was.scope].filter((each) => each !== scope)
    return [tool, { scope, from: [...new Set(from)].slice(-MOVES_MAX) }] as const
  })
  return { ...before, ...Object.fromEntries(placed) }
}

/** Where the units of a tool that moved are kept: what it proved at one place says nothing of the next. */
function movedKey(scope: ScopeKey, tool: string): string {
  return `${scope}/${tool}`
}

/** Units that an agent has of its own with a tool in a scope that the tool moved to. */
export function movedUnits({ moved }: Pick<AgentBounds, 'moved'>, scope: ScopeKey, tool: string): number {
  const key = movedKey(scope, tool)
  const units = Object.hasOwn(moved, key) ? moved[key] : undefined
  return units ?? 0
}

/** A success with a tool that has moved counts towards what it has to prove at its new place; one that is taken back no more. */
export function countMoved(effect: EffectOf<'evidence' | 'take_back'>, tenant: string, state: ProjectionState): void {
  const { tool, agent, scope, layer, weight } = effect
  if (tool === undefined || layer !== 'outcome' || (effect.kind === 'evidence' && effect.polarity !== 'positive')) return
  const key = boundsKey(tenant, agent)
  const before = state.document(key) ?? newBounds()
  const units = Math.max(0, movedUnits(before, scope, tool) + (effect.kind === 'evidence' ? weight : -weight))
  state.put(key, { ...before, moved: { ...before.moved, [movedKey(scope, tool)]: units } })
}

/** The posture with what is newer than what is known of each member: what is told late does not undo what is known of a later time. */
function withPosture(before: AgentBounds, known: Posture, atMs: number): AgentBounds {
  const newer = Object.entries(known).filter(([member]) => atMs >= (before.posture_ms[member] ?? 0))
  return {
    ...before,
    posture: { ...before.posture, ...Object.fromEntries(newer) },
    posture_ms: { ...before.posture_ms, ...Object.fromEntries(newer.map(([member]) => [member, atMs])) },
  }
}

/** There are too many holds: the two oldest become one that caps as both did, and what waited under the one waits under the other. */
function mergeOldest(agent: string, bounds: AgentBounds, tenant: string, state: ProjectionState): void {
  const [first, second, ...rest] = bounds.holds
  invariant(first !== undefined && second !== undefined, 'too many holds are more than one')
  const caps = [first.cap, second.cap].filter((cap) => cap !== null)
  const merged: Hold = {
    ...second,
    scope: first.scope === second.scope ? first.scope : null,
    units: first.units + second.units,
    cap: caps.length === 0 ? null : Math.min(...caps),
  }
  state.put(boundsKey(tenant, agent), { ...bounds, holds: [merged, ...rest] })
  passFilings(agent, { from: first.id, to: second.id }, tenant, state)
}

/** A session with a finding more; what bounded it lasts as long again. */
function foundInSession(
  {
    tenant,
    agent,
    session,
    injection,
  }: Pick<EffectOf<'injection_found'>, 'agent' | 'injection'> & {
    readonly tenant: string
    readonly session: string
  },
  nowMs: number,
  state: ProjectionState,
): SessionBounds {
  const key = sessionKey(tenant, agent, session)
  const bounded = boundedSession(state.document(key), { cap: null, used: null }, nowMs)
  const lowered = { ...bounded, injections: [...injectionsWith(bounded.injections ?? [], injection, nowMs)] }
  state.put(key, lowered)
  return lowered
}

function boundedSession(
  before: SessionBounds | undefined,
  { cap, used }: Pick<EffectOf<'session'>, 'cap' | 'used'>,
  nowMs: number,
): SessionBounds {
  const isOver = before === undefined || before.until_ms <= nowMs
  const known: Pick<SessionBounds, 'caps' | 'used' | 'injections'> = isOver ? { caps: [], used: [] } : before
  const least = cap === null ? undefined : known.caps.find(({ source, value }) => source === cap.source && value <= cap.value)
  const caps =
    cap === null || least !== undefined ? known.caps : [...known.caps.filter(({ source }) => source !== cap.source), cap]
  const agents = used === null || known.used.includes(used) ? known.used : [...known.used, used]
  const isFull = caps.length > SESSION_ENTRIES_MAX || agents.length > SESSION_ENTRIES_MAX
  return {
    caps: isFull ? [{ source: 'session:too_much', value: 0 }] : [...caps],
    used: isFull ? known.used : [...agents],
    ...(known.injections === undefined ? {} : { injections: known.injections }),
    until_ms: nowMs + SESSION_MEMORY_MS,
  }
}
