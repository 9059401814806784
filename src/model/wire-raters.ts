import { z } from 'zod'

import { HoldReason } from './bounds.ts'
import { REASON_CHARS_MAX } from './ceiling.ts'
import { ID_CHARS_MAX } from './request.ts'
import { ScopeKey } from './scope.ts'
import { TrustChange } from './trust-state.ts'

const id = z.string().min(1).max(ID_CHARS_MAX)
const time = z.iso.datetime()
const unit = z.number().min(0).max(1)
const note = z.string().trim().min(1).max(REASON_CHARS_MAX)

/** Something about an agent that waits for a person. */
export const HoldView = z.strictObject({
  id,
  /** Null: in every scope. */
  scope: ScopeKey.nullable(),
  reason: HoldReason,
  /** Who filed it. */
  source: id,
  /** Units that do not count while it waits. */
  units: z.number().nonnegative(),
  /** Score ceiling while it waits; null where it is only flagged. */
  cap: unit.nullable(),
  since: time,
})
export type HoldView = z.infer<typeof HoldView>

/** `POST /api/v1/agents/{id}/holds/{hold}`: a person says whether what waited is true. */
export const HoldReport = z.strictObject({ resolution: z.enum(['accept', 'dismiss']), note: note.optional() })
export type HoldReport = z.infer<typeof HoldReport>

/** What resolving a hold did. */
export const HoldAnswer = z.strictObject({
  agent: id,
  hold_id: id,
  resolution: z.enum(['accept', 'dismiss']),
  /** Reports that weigh from now on, as of their own time. */
  weighed: z.int().nonnegative(),
  changes: z.array(TrustChange),
  leaf_index: z.int(),
  state_version: z.int(),
})
export type HoldAnswer = z.infer<typeof HoldAnswer>

/** `POST /api/v1/canaries`: a decision that waits for people becomes one of which the right answer is known. */
export const CanaryReport = z.strictObject({ decision_id: id, expected: z.enum(['approve', 'reject']), note: note.optional() })
export type CanaryReport = z.infer<typeof CanaryReport>

/** A canary that was seeded. */
export const CanaryAnswer = z.strictObject({
  decision_id: id,
  expected: z.enum(['approve', 'reject']),
  /** True: its approval can never be redeemed; false: it is a proposal that verifiers judge. */
  approval: z.boolean(),
  leaf_index: z.int(),
  state_version: z.int(),
})
export type CanaryAnswer = z.infer<typeof CanaryAnswer>

/** How one rater judges, and what their word weighs. */
export const RaterView = z.strictObject({
  rater: id,
  /** Verdicts on approvals; what is told of them is null before there is one. */
  verdicts: z.int().nonnegative(),
  approve_rate: unit.nullable(),
  /** At most so long for half of them, seconds. */
  median_latency_seconds: z.number().nullable(),
  /** Verdicts given faster than the request can be read. */
  hasty: z.int().nonnegative(),
  /** Canaries judged, those judged rightly, and the rate. */
  canaries: z.strictObject({ seen: z.int().nonnegative(), caught: z.int().nonnegative(), catch_rate: unit.nullable() }),
  /** What a word of theirs weighs as a person's (ρ): by the canaries once there are enough, the default of people until then. */
  weight: unit,
  /** They count as a distinct verifier for L4. */
  calibrated: z.boolean(),
  /** They say yes to nearly everything, faster than it can be read. */
  rubber_stamp: z.boolean(),
  units_given: z.number().nonnegative(),
})
export type RaterView = z.infer<typeof RaterView>

/** `GET /api/v1/raters`. */
export const RatersAnswer = z.strictObject({ raters: z.array(RaterView) })
export type RatersAnswer = z.infer<typeof RatersAnswer>
