import { z } from 'zod'

import { REASON_CHARS_MAX } from '../model/ceiling.ts'
import { WireId, WireTime } from '../model/wire-fields.ts'
import { LogReview } from './settings.ts'

/** `POST /api/v1/audit/reviews`: a person reviewed the log. */
export const LogReviewReport = z.strictObject({
  review: z.string().min(1).max(64),
  notes: z.string().trim().min(1).max(REASON_CHARS_MAX),
})
export type LogReviewReport = z.infer<typeof LogReviewReport>

/** The state of one review. */
export const LogReviewState = z.strictObject({
  ...LogReview.omit({ tenant: true }).shape,
  /** When, by whom, and in which record; null if it was never done. */
  last: z.strictObject({ at: WireTime, by: z.string(), record_id: z.string() }).nullable(),
  /** `every_days` after the last review, or after the first record. */
  due: WireTime,
  overdue: z.boolean(),
})
export type LogReviewState = z.infer<typeof LogReviewState>

/** The answer to a review. */
export const LogReviewAnswer = z.strictObject({ ...LogReviewState.shape, leaf_index: z.int() })
export type LogReviewAnswer = z.infer<typeof LogReviewAnswer>

/** `GET /api/v1/audit/reviews`. */
export const LogReviewsAnswer = z.strictObject({ reviews: z.array(LogReviewState) })
export type LogReviewsAnswer = z.infer<typeof LogReviewsAnswer>

/** A record as an auditor sees it. */
export const RecordAnswer = z.strictObject({
  leaf_index: z.int(),
  state: z.enum(['whole', 'masked', 'erased']),
  record: z.record(z.string(), z.json()),
})

export const RecordsAnswer = z.strictObject({ records: z.array(RecordAnswer), next: z.int().nullable() })

export type RecordsAnswer = z.infer<typeof RecordsAnswer>

/** An inclusion proof with its signed tree head (`c2sp.org/tlog-proof@v1` text in `proof`). */
export const ProofAnswer = z.strictObject({ record_id: WireId, leaf_index: z.int(), leaf_hash: z.string(), proof: z.string() })

export type ProofAnswer = z.infer<typeof ProofAnswer>
