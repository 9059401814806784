import { z } from 'zod'

import { WireId, WireShare } from '../../model/wire-fields.ts'

/** How one rater judges, and what their word weighs. */
export const RaterView = z.strictObject({
  rater: WireId,
  /** Verdicts on approvals; what is told of them is null before there is one. */
  verdicts: z.int().nonnegative(),
  approve_rate: WireShare.nullable(),
  /** At most so long for half of them, seconds. */
  median_latency_seconds: z.number().nullable(),
  /** Verdicts given faster than the request can be read. */
  hasty: z.int().nonnegative(),
  /** Canaries judged, those judged rightly, and the rate. */
  canaries: z.strictObject({ seen: z.int().nonnegative(), caught: z.int().nonnegative(), catch_rate: WireShare.nullable() }),
  /** What a word of theirs weighs as a person's (ρ): by the canaries once there are enough, the default of people until then. */
  weight: WireShare,
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
