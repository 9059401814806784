import { z } from 'zod'

import { DAY_MS } from '../format/time.ts'
import { ScopeKey } from '../model/scope.ts'
import { Posture } from './posture.ts'
import { ScoreCeiling } from './trust-view.ts'

/** Most things about one agent that wait for a person at a time; more are told together with the newest. */
export const HOLDS_MAX = 256
/** Most ceilings, and most agents whose output was used, that one session remembers; what is beyond them makes it untrusted. */
export const SESSION_ENTRIES_MAX = 32
/** How long a session is remembered after something last bounded it, ms. */
export const SESSION_MEMORY_MS = 7 * DAY_MS

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()

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
  until_ms: atMs,
})
export type SessionBounds = z.infer<typeof SessionBounds>
