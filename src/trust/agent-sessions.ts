import { z } from 'zod'

import { byCodeUnit } from '../format/order.ts'
import { REASON_CHARS_MAX } from '../model/ceiling.ts'
import type { ScoreCeiling } from './score-ceiling.ts'

const atMs = z.int().nonnegative()
const id = z.string().min(1).max(512)

/** Most findings of an injection that are remembered at a place; beyond them the one that ends first is forgotten, and all of them do the same. */
export const INJECTIONS_MAX = 8

/** Most steps of the ceiling, and most agents whose output was used, that are remembered over all sessions of an agent. */
export const SHARED_ENTRIES_MAX = 32

/** What looks like an injection in what a tool gave back. While it lasts, a person is asked before its session writes or reaches outside. */
export const FoundInjection = z.strictObject({
  /** The record that tells of it. */
  record_id: id,
  /** The decision whose tool gave it back, and the tool; null where the source does not say. */
  decision_id: id.nullable(),
  action: id.nullable(),
  /** The built-in detectors, or the credential that says so. */
  by: id,
  confidence: z.number().min(0).max(1),
  reason: z.string().min(1).max(REASON_CHARS_MAX),
  at_ms: atMs,
  /** Until when it lowers its session, and every request for which nobody vouches for a session. */
  until_ms: atMs,
  /** Until when it lowers all that the agent does; null: not at all, because somebody vouched for the session that it is in. */
  everywhere_until_ms: atMs.nullable(),
})
export type FoundInjection = z.infer<typeof FoundInjection>

/**
 * What the sessions of one agent are bounded by, together: it bounds every request for which nobody vouches for a session. `caps`: the
 * lowest ceiling of all of them over time, as steps that end one after the other, the lowest first. `used`: agents whose output any rests on.
 */
export const AgentSessions = z.strictObject({
  caps: z.array(z.strictObject({ value: z.number().min(0).max(1), until_ms: atMs })).max(SHARED_ENTRIES_MAX),
  used: z.array(z.strictObject({ agent: id, until_ms: atMs })).max(SHARED_ENTRIES_MAX),
  injections: z.array(FoundInjection).max(INJECTIONS_MAX),
})
export type AgentSessions = z.infer<typeof AgentSessions>

/** Sessions that nothing bounds. */
const UNBOUNDED: AgentSessions = { caps: [], used: [], injections: [] }

type CapStep = AgentSessions['caps'][number]

/** What one session is bounded by, and until when. */
type OneSession = {
  readonly caps: readonly Pick<ScoreCeiling, 'value'>[]
  readonly used: readonly string[]
  readonly until_ms: number
}

/** What bounds an agent's sessions, with one of them as it is now. More than can be remembered lowers, and is never lost. */
export function withSession(before: AgentSessions | undefined, session: OneSession, nowMs: number): AgentSessions {
  const { caps: known, used: usedBefore, injections } = before ?? UNBOUNDED
  const { until_ms } = session
  const caps = [...known.filter((step) => step.until_ms > nowMs), ...session.caps.map(({ value }) => ({ value, until_ms }))]
  const others = usedBefore.filter(({ agent, until_ms: end }) => end > nowMs && !session.used.includes(agent))
  const used = [...others, ...session.used.map((agent) => ({ agent, until_ms }))]
  if (used.length <= SHARED_ENTRIES_MAX) return { caps: stepsOf(caps), used, injections }
  const last = Math.max(...used.map((each) => each.until_ms))
  return { caps: stepsOf([...caps, { value: 0, until_ms: last }]), used: [], injections }
}

/** What bounds an agent's sessions, with a finding more. */
export function withInjection(before: AgentSessions | undefined, found: FoundInjection, nowMs: number): AgentSessions {
  const sessions = before ?? UNBOUNDED
  return { ...sessions, injections: [...injectionsWith(sessions.injections, found, nowMs)] }
}

/** Findings with one more. Those that last longest are kept, and the one that lowers everything for longest. */
export function injectionsWith(
  known: readonly FoundInjection[],
  found: FoundInjection,
  nowMs: number,
): readonly FoundInjection[] {
  const open = [...known.filter((each) => each.record_id !== found.record_id && each.until_ms > nowMs), found].sort(
    (a, b) => b.until_ms - a.until_ms || byCodeUnit(a.record_id, b.record_id),
  )
  const widest = open.reduce((one, other) => (everywhereUntil(other) > everywhereUntil(one) ? other : one))
  return [widest, ...open.filter((each) => each !== widest)].slice(0, INJECTIONS_MAX)
}

/** Until when a finding lowers all that its agent does, ms since 1970; 0: not at all. */
export function everywhereUntil({ everywhere_until_ms }: FoundInjection): number {
  return everywhere_until_ms ?? 0
}

/** Ceilings of a request for which nobody vouches for a session; `scoreOf` is the trust of an agent whose output was used. */
export function unvouchedCeilings(
  sessions: AgentSessions | undefined,
  nowMs: number,
  scoreOf: (agent: string) => number,
): readonly ScoreCeiling[] {
  const { caps, used } = sessions ?? UNBOUNDED
  return [
    ...caps.filter(({ until_ms }) => until_ms > nowMs).map(({ value }) => ({ source: 'session:unvouched', value })),
    ...used
      .filter(({ until_ms }) => until_ms > nowMs)
      .map(({ agent }) => ({ source: `session:output_of:${agent}`, value: scoreOf(agent) })),
  ]
}

/** The lowest ceiling over time as steps, lowest and first to end in front; what another outlasts at its value or below is gone. */
function stepsOf(caps: readonly CapStep[]): CapStep[] {
  const steps: CapStep[] = []
  let least = Infinity
  for (const step of caps.toSorted((a, b) => b.until_ms - a.until_ms || a.value - b.value)) {
    if (step.value < least) steps.unshift(step)
    least = Math.min(least, step.value)
  }
  const surplus = steps.length - SHARED_ENTRIES_MAX
  if (surplus <= 0) return steps
  // Those that end first become one, at their lowest until the last of them would have ended.
  const first = steps.slice(0, surplus + 1)
  const value = Math.min(...first.map((step) => step.value))
  const until_ms = Math.max(...first.map((step) => step.until_ms))
  return [{ value, until_ms }, ...steps.slice(surplus + 1)]
}
