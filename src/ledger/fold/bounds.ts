import type { ScopeKey } from '../../model/scope.ts'
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
import type { Effect } from '../effect.ts'
import { boundsKey, sessionKey, TOOLS_KEY } from '../keys.ts'
import { passFilings } from './raters.ts'
import type { ProjectionState } from './state.ts'

/** Effects on what bounds an agent besides its evidence. */
export const BOUND_EFFECTS = ['posture', 'hold', 'hold_resolved', 'coverage', 'timed_ceiling', 'tools', 'session'] as const
/** What changes the bounds of an agent or of one of its sessions. */
export type BoundEffect = Extract<Effect, { kind: (typeof BOUND_EFFECTS)[number] }>

/** Applies one effect on bounds. `nowMs` is the record's time. */
export function applyBound(effect: BoundEffect, nowMs: number, tenant: string, state: ProjectionState): void {
  if (effect.kind === 'session') {
    const key = sessionKey(tenant, effect.agent, effect.session)
    state.put(key, boundedSession(state.document(key), effect, nowMs))
    return
  }
  if (effect.kind === 'tools') {
    state.put(TOOLS_KEY, placedTools(state.document(TOOLS_KEY) ?? {}, effect.places))
    return
  }
  const key = boundsKey(tenant, effect.agent)
  const before = state.document(key) ?? newBounds()
  const after = bounded(before, effect, nowMs, state)
  state.put(key, after)
  if (effect.kind === 'hold') keepFilings(effect.agent, [before.holds, after.holds], tenant, state)
}

function bounded(
  before: AgentBounds,
  effect: Exclude<BoundEffect, { kind: 'session' | 'tools' }>,
  nowMs: number,
  state: ProjectionState,
): AgentBounds {
  switch (effect.kind) {
    case 'posture':
      return withPosture(before, effect.posture, effect.event_time_ms ?? nowMs)
    case 'hold':
      return { ...before, holds: held(before.holds, effect.hold) }
    case 'hold_resolved':
      return { ...before, holds: before.holds.filter(({ id }) => id !== effect.id) }
    case 'coverage': {
      const coverage = coverageAfter(before.coverage[effect.scope], effect, nowMs, state.constants())
      return { ...before, coverage: { ...before.coverage, [effect.scope]: coverage } }
    }
    case 'timed_ceiling': {
      const others = before.timed.filter(({ source, until_ms }) => source !== effect.source && until_ms > nowMs)
      const { source, value, until_ms } = effect
      return { ...before, timed: [...others, { source, value, until_ms }] }
    }
  }
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
  return Object.hasOwn(moved, key) ? (moved[key] ?? 0) : 0
}

/** A success with a tool that has moved counts towards what it has to prove at its new place; one that is taken back no more. */
export function countMoved(
  effect: Extract<Effect, { kind: 'evidence' | 'take_back' }>,
  tenant: string,
  state: ProjectionState,
): void {
  const { tool, agent, scope, layer, weight } = effect
  if (tool === undefined || layer !== 'outcome' || (effect.kind === 'evidence' && effect.polarity !== 'positive')) return
  const key = boundsKey(tenant, agent)
  const before = state.document(key) ?? newBounds()
  const units = Math.max(0, movedUnits(before, scope, tool) + (effect.kind === 'evidence' ? weight : -weight))
  state.put(key, { ...before, moved: { ...before.moved, [movedKey(scope, tool)]: units } })
}

/** The posture with what is newer than what is known of each member: a late word does not undo a later one. */
function withPosture(before: AgentBounds, told: Posture, atMs: number): AgentBounds {
  const newer = Object.entries(told).filter(([member]) => atMs >= (before.posture_ms[member] ?? 0))
  return {
    ...before,
    posture: { ...before.posture, ...Object.fromEntries(newer) },
    posture_ms: { ...before.posture_ms, ...Object.fromEntries(newer.map(([member]) => [member, atMs])) },
  }
}

/** Holds with one more. Where there are too many, the two oldest become one that caps as both did. */
function held(holds: readonly Hold[], hold: Hold): Hold[] {
  const all = [...holds.filter(({ id }) => id !== hold.id), hold]
  const [first, second, ...rest] = all
  if (all.length <= HOLDS_MAX || first === undefined || second === undefined) return all
  const caps = [first.cap, second.cap].filter((cap) => cap !== null)
  const merged: Hold = {
    ...second,
    scope: first.scope === second.scope ? first.scope : null,
    units: first.units + second.units,
    cap: caps.length === 0 ? null : Math.min(...caps),
  }
  return [merged, ...rest]
}

/** What waited under a hold that became part of another waits under that one. */
function keepFilings(
  agent: string,
  [before, after]: readonly [readonly Hold[], readonly Hold[]],
  tenant: string,
  state: ProjectionState,
): void {
  const gone = before.find(({ id }) => !after.some((each) => each.id === id))
  const [merged] = after
  if (gone !== undefined && merged !== undefined) passFilings(agent, { from: gone.id, to: merged.id }, tenant, state)
}

function boundedSession(
  before: SessionBounds | undefined,
  { cap, used }: Extract<BoundEffect, { kind: 'session' }>,
  nowMs: number,
): SessionBounds {
  const isOver = before === undefined || before.until_ms <= nowMs
  const known: Pick<SessionBounds, 'caps' | 'used'> = isOver ? { caps: [], used: [] } : before
  const least = cap === null ? undefined : known.caps.find(({ source, value }) => source === cap.source && value <= cap.value)
  const caps =
    cap === null || least !== undefined ? known.caps : [...known.caps.filter(({ source }) => source !== cap.source), cap]
  const agents = used === null || known.used.includes(used) ? known.used : [...known.used, used]
  const isFull = caps.length > SESSION_ENTRIES_MAX || agents.length > SESSION_ENTRIES_MAX
  return {
    caps: isFull ? [{ source: 'session:too_much', value: 0 }] : [...caps],
    used: isFull ? known.used : [...agents],
    until_ms: nowMs + SESSION_MEMORY_MS,
  }
}
