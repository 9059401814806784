import { z } from 'zod'

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../format/time.ts'
import { ScopeKey } from '../../model/scope.ts'
import { Resumption } from './pause.ts'

/** Actions, recipient domains and destinations remembered per agent, at most. Beyond it, the oldest go. */
export const REMEMBERED_NAMES_MAX = 512

/** Length of the buckets of the last hour and of the last day, ms. Windows slide by whole buckets, so a window is never shorter than it says. */
export const BUCKET_MS = { hour: MINUTE_MS, day: HOUR_MS } as const

/** The windows that are kept, ms. */
export const WINDOW_MS = { hour: HOUR_MS, day: DAY_MS } as const

const count = z.int().nonnegative()

/** What was let run of one tool in one bucket of time, and for how much money. */
export const ActivityBucket = z.strictObject({ start_ms: z.int(), count, amount: z.number().nonnegative() })

export type ActivityBucket = z.infer<typeof ActivityBucket>

/** A decision that was let run and is not verified yet. */
export const Outstanding = z.strictObject({
  decision_id: z.string(),
  scope: ScopeKey,
  tool: z.string(),
  verify_by_ms: z.int(),
  /** It has to be verified by then; otherwise that is a miss. */
  due: z.literal(true).optional(),
  /** Who said that it goes on after a pause; absent: nobody. */
  resumptions: z.array(Resumption).optional(),
})

export type Outstanding = z.infer<typeof Outstanding>

/** Decisions of an agent that owe a verification and hold no budget, at most; of further ones nobody is asked, and their successes count in part. */
export const OWED_MAX = 256

/** A decision that charged no budget (a proposal, or an action that was only observed) and has to be verified by then. */
export const Owed = Outstanding.pick({ decision_id: true, scope: true, verify_by_ms: true })

export type Owed = z.infer<typeof Owed>

/** By minute for the last hour, by hour for the last day: small however busy its agent is. */
export const ActivityBuckets = z.strictObject({ hour: z.array(ActivityBucket), day: z.array(ActivityBucket) })

export type ActivityBuckets = z.infer<typeof ActivityBuckets>

/** What is told of an account at most once in a while. */
export const ToldKind = z.enum(['alert_soc', 'notify_owner', 'permission_escalation'])

export type ToldKind = z.infer<typeof ToldKind>

/** What was told of an account, about which action of the catalogue (null: one that is not in it, or any), and when. */
export const Told = z.strictObject({ what: ToldKind, action: z.string().nullable(), at_ms: z.int() })

export type Told = z.infer<typeof Told>

/** What an agent did lately: budgets and the counters risk rules read. */
export const Activity = z.strictObject({
  /** By scope and tool; the empty tool stands for everything outside the catalogue. Sums over them give every reach of a budget. */
  scopes: z.record(ScopeKey, z.record(z.string(), ActivityBuckets)),
  /** Requests of the last hour, and refused ones, by minute. */
  requests: z.array(z.strictObject({ start_ms: z.int(), count, denied: count })),
  outstanding: z.array(Outstanding),
  /** What has to be verified besides; it counts against no budget. Absent: nothing. */
  owed: z.array(Owed).readonly().optional(),
  actions: z.array(z.string()),
  domains: z.array(z.string()),
  /** Digests of the destinations it has reached; absent: none. */
  destinations: z.array(z.string()).optional(),
  /** What it asked for of the category `permission_escalation`, by hour for a day; absent: it never did. */
  escalations: z.array(ActivityBucket).readonly().optional(),
  /** What was told of it within the last hour; absent: nothing ever was. */
  told: z.array(Told).readonly().optional(),
})

export type Activity = z.infer<typeof Activity>
