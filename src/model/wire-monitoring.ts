import { z } from 'zod'

import { REASON_CHARS_MAX } from './ceiling.ts'
import { LogReview } from './monitoring.ts'

const time = z.iso.datetime()

/** `POST /api/v1/audit/reviews`: a person looked through the log. */
export const LogReviewReport = z.strictObject({
  review: z.string().min(1).max(64),
  notes: z.string().trim().min(1).max(REASON_CHARS_MAX),
})
export type LogReviewReport = z.infer<typeof LogReviewReport>

/** Where one review stands. */
export const LogReviewState = z.strictObject({
  ...LogReview.omit({ tenant: true }).shape,
  /** When, by whom, and in which record; null where nobody ever did. */
  last: z.strictObject({ at: time, by: z.string(), record_id: z.string() }).nullable(),
  /** So many days after the last one, or after the log began. */
  due: time,
  overdue: z.boolean(),
})
export type LogReviewState = z.infer<typeof LogReviewState>

/** What a review left behind. */
export const LogReviewAnswer = z.strictObject({ ...LogReviewState.shape, leaf_index: z.int() })
export type LogReviewAnswer = z.infer<typeof LogReviewAnswer>

/** `GET /api/v1/audit/reviews`. */
export const LogReviewsAnswer = z.strictObject({ reviews: z.array(LogReviewState) })
export type LogReviewsAnswer = z.infer<typeof LogReviewsAnswer>
