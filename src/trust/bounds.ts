import { z } from 'zod'

import { byCodeUnit } from '../format/order.ts'
import { DAY_MS } from '../format/time.ts'
import { ScopeKey } from '../model/scope.ts'
import { AgentSessions, FoundInjection, INJECTIONS_MAX } from './agent-sessions.ts'
import type { TrustConstants } from './constants.ts'
import { decay } from './layer/decay.ts'
import { Posture } from './posture.ts'
import { ScoreCeiling } from './score-ceiling.ts'
import type { AgentTrust, Incident } from './stored-trust.ts'
import type { TrustView } from './trust-view.ts'

const atMs = z.int().nonnegative()

const id = z.string().min(1).max(512)

/** Most things about one agent that wait for a person at a time; more are told together with the newest. */
export const HOLDS_MAX = 256

/** Most ceilings, and most agents whose output was used, that one session remembers; what is beyond them makes it untrusted. */
export const SESSION_ENTRIES_MAX = 32

/** How long a session is remembered after something last bounded it, ms. */
export const SESSION_MEMORY_MS = 7 * DAY_MS

/** Why something waits for a person: more failures than one source may count in an hour, or more complaints than one rater is believed. */
export const HoldReason = z.enum(['uncorroborated_failures', 'possible_slander', 'disagreement', 'output_review'])

export type HoldReason = z.infer<typeof HoldReason>

/** What is over a limit and waits for a person: it weighs nothing, and caps the score until it is resolved. */
export const Hold = z.strictObject({
  id,
  /** Null: in every scope. */
  scope: ScopeKey.nullable(),
  reason: HoldReason,
  /** Who filed it. */
  source: id,
  /** Units that were not counted. */
  units: z.number().nonnegative(),
  /** Score ceiling while it waits; null where it is only flagged. */
  cap: z.number().min(0).max(1).nullable(),
  at_ms: atMs,
})

export type Hold = z.infer<typeof Hold>

/** Decisions that were due to be verified: how many were, how many were missed; decayed, valued at `t_ms`. */
export const Coverage = z.strictObject({ verified: z.number().nonnegative(), missed: z.number().nonnegative(), t_ms: atMs })

export type Coverage = z.infer<typeof Coverage>

/** What bounds an agent's score besides evidence and incidents. State-like: a ceiling at each read, never evidence. */
export const AgentBounds = z.strictObject({
  posture: Posture.default({}),
  /** When each member of the posture was so. */
  posture_ms: z.record(z.string(), atMs).default({}),
  holds: z.array(Hold).max(HOLDS_MAX).default([]),
  coverage: z.record(ScopeKey, Coverage).default({}),
  /** Units of verified success with a tool that moved, by the scope in which they were earned and the tool (`movedKey`). */
  moved: z.record(z.string(), z.number().nonnegative()).default({}),
  /** Ceilings that end by themselves: a new name for an owner whose agent had fallen, and the like. */
  timed: z
    .array(z.strictObject({ source: id, value: z.number().min(0).max(1), until_ms: atMs }))
    .max(64)
    .default([]),
  /** What its sessions are bounded by, together; absent: nothing bounded any yet. */
  sessions: AgentSessions.optional(),
})

export type AgentBounds = z.infer<typeof AgentBounds>

/** Most scopes that a tool is remembered to have come from. */
export const MOVES_MAX = 8

/** Where trust in each tool is earned by the catalogue in force, and where it was before. */
export const ToolPlaces = z.record(z.string(), z.strictObject({ scope: ScopeKey, from: z.array(ScopeKey).max(MOVES_MAX) }))

export type ToolPlaces = z.infer<typeof ToolPlaces>

/** What bounds an agent within one session. `used`: agents whose output the session rests on. */
export const SessionBounds = z.strictObject({
  caps: z.array(ScoreCeiling).max(SESSION_ENTRIES_MAX),
  used: z.array(id).max(SESSION_ENTRIES_MAX),
  /** What looks like an injection in what a tool gave back in it; absent: nothing did. */
  injections: z.array(FoundInjection).max(INJECTIONS_MAX).optional(),
  until_ms: atMs,
})

export type SessionBounds = z.infer<typeof SessionBounds>

/** An agent that nothing bounds but its evidence. */
export function newBounds(): AgentBounds {
  return { posture: {}, posture_ms: {}, holds: [], coverage: {}, moved: {}, timed: [] }
}

/** Decisions due to be verified before this much weight of them is known say nothing of coverage, units. */
const COVERAGE_UNITS_MIN = 5

/** Coverage with more decisions verified or missed, decayed to `nowMs`. */
export function coverageAfter(
  before: Coverage | undefined,
  added: Pick<Coverage, 'verified' | 'missed'>,
  nowMs: number,
  constants: TrustConstants,
): Coverage {
  const kept = decay(nowMs - (before?.t_ms ?? nowMs), constants.coverage_half_life_days)
  return {
    verified: (before?.verified ?? 0) * kept + added.verified,
    missed: (before?.missed ?? 0) * kept + added.missed,
    t_ms: Math.max(nowMs, before?.t_ms ?? 0),
  }
}

/** Share of what was due that was verified, 0–1; null while too little was due to say. Decay changes both alike, so time does not move it. */
export function coverageShare({ verified, missed }: Coverage): number | null {
  const due = verified + missed
  return due < COVERAGE_UNITS_MIN ? null : verified / due
}

/** Ceilings that follow from what an agent's bounds say of one scope at one time; the posture is read apart (`posture.ts`). */
export function boundCeilings(
  bounds: AgentBounds,
  scope: ScopeKey,
  nowMs: number,
  constants: TrustConstants,
): readonly ScoreCeiling[] {
  const held = bounds.holds.flatMap(({ scope: where, reason, cap }) =>
    cap === null || (where !== null && where !== scope) ? [] : [{ source: `hold:${reason}`, value: cap }],
  )
  const timed = bounds.timed.filter(({ until_ms }) => until_ms > nowMs).map(({ source, value }) => ({ source, value }))
  const coverage = bounds.coverage[scope]
  const share = coverage === undefined ? null : coverageShare(coverage)
  const uncovered =
    share !== null && share < constants.coverage_min ? [{ source: 'coverage', value: constants.bound_ceilings.coverage }] : []
  return leastBySource([...held, ...timed, ...uncovered])
}

/** Ceilings of a session; `scoreOf` is the trust of an agent whose output was used. A session that is over bounds nothing. */
export function sessionCeilings(
  session: SessionBounds | undefined,
  nowMs: number,
  scoreOf: (agent: string) => number,
): readonly ScoreCeiling[] {
  if (session === undefined || session.until_ms <= nowMs) return []
  const used = session.used.map((agent) => ({ source: `session:output_of:${agent}`, value: scoreOf(agent) }))
  return leastBySource([...session.caps, ...used])
}

/** Units of its own that an agent needs with a tool that moved, before the scope it came from no longer counts: 57 clean ones give U < .05. */
export const MOVED_UNITS_MIN = 57

/** Just under the band above a level, so that a score capped by it reads as that level. */
const UNDER = 0.0001

/**
 * The ceiling that a tool's former scope puts on its new one: as if it had not moved. A level that was never granted there is none here.
 */
export function formerScopeCeiling(
  former: Pick<TrustView, 'scope' | 'score' | 'level_effective'>,
  { thresholds }: TrustConstants,
): ScoreCeiling {
  const next = thresholds[former.level_effective + 1]
  const value = next === undefined ? former.score : Math.min(former.score, next - UNDER)
  return { source: `moved_from:${former.scope}`, value }
}

/** One ceiling per source, the least, by name. */
export function leastBySource(ceilings: readonly ScoreCeiling[]): readonly ScoreCeiling[] {
  const least = new Map<string, number>()
  for (const { source, value } of ceilings) least.set(source, Math.min(value, least.get(source) ?? 1))
  return [...least].sort(([a], [b]) => byCodeUnit(a, b)).map(([source, value]) => ({ source, value }))
}

/**
 * Until when a new agent of the same owner is held back, ms since 1970; null: the agent did not fall. It did where an incident of a class
 * that a person must review is open, or began lately, and where a scope that had reached L2 lost a level lately.
 */
export function heldBackUntil(agent: AgentTrust, nowMs: number, constants: TrustConstants): number | null {
  const windowMs = constants.whitewash_days * DAY_MS
  const scopes = Object.values(agent.scopes)
  const grave = [...agent.incidents, ...scopes.flatMap(({ incidents }) => incidents)].filter(({ review }) => review !== 'none')
  const struck = scopes.flatMap(({ ladder }) => (ladder.kGrant[2] > 0 && ladder.struckAtMs !== null ? [ladder.struckAtMs] : []))
  const last = Math.max(-Infinity, ...grave.map((incident) => lastedUntil(incident, nowMs)), ...struck)
  return last + windowMs > nowMs ? last + windowMs : null
}

/** An incident that waits for its review lasts; one that was reviewed was when it began. */
function lastedUntil({ review, atMs }: Incident, nowMs: number): number {
  return review === 'required' ? nowMs : atMs
}
