import { z } from 'zod'

import { ContainmentTarget } from './containment.ts'

const id = z.string().min(1).max(512)

/** Pauses that are kept of one agent, or of a tenant as a whole, at most; beyond it the oldest become one that reaches all of it. */
export const PAUSES_MAX = 64
/** Pauses that one person's word may have ended for one approval or reservation, at most; beyond it, the oldest go. */
export const RESUMED_MAX = 256
/** Approvals, and reservations, that one effect names, at most. */
export const PAUSED_NAMED_MAX = 256

/** What paused something: an incident, a containment, or a demotion. */
export const PauseCause = z.enum(['incident', 'containment', 'demotion'])
export type PauseCause = z.infer<typeof PauseCause>

/**
 * What waited for people, or was let run and has not been verified, when something happened: until a person resumes it, it is paused. `id`
 * is that of the incident or containment; a demotion's is made of scope and time. An incident or a demotion reaches what is the agent's
 * own, a containment also what only names the agent.
 */
export const Pause = z.strictObject({
  id,
  cause: PauseCause,
  target: ContainmentTarget,
  /** Everything from before then, ms since 1970. */
  at_ms: z.int().nonnegative(),
})
export type Pause = z.infer<typeof Pause>

/** The pauses of one agent, or, under the empty id, those that name none; oldest first. */
export const Pauses = z.strictObject({ marks: z.array(Pause).max(PAUSES_MAX) })
export type Pauses = z.infer<typeof Pauses>

/** A person's word that something goes on: which pauses it is about. */
export const Resumption = z.strictObject({ person: id, pauses: z.array(id).min(1).max(RESUMED_MAX) })
export type Resumption = z.infer<typeof Resumption>
