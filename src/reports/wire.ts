import { z } from 'zod'

import { SpotCheck } from '../ledger/documents/spot-check.ts'
import { RecordKind } from '../ledger/record.ts'
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

/** `POST /api/v1/audit/legal-holds`: records of these kinds are kept, or all; the reason is kept in the record. */
export const LegalHoldReport = z.strictObject({
  kinds: z.array(RecordKind).min(1).max(RecordKind.options.length).optional(),
  reason: z.string().trim().min(1).max(REASON_CHARS_MAX),
})
export type LegalHoldReport = z.infer<typeof LegalHoldReport>

/** `POST /api/v1/audit/legal-holds/{hold}/release`. */
export const LegalHoldRelease = LegalHoldReport.pick({ reason: true })

/** What became of a legal hold. */
export const LegalHoldAnswer = z.strictObject({ hold: WireId, in_force: z.boolean() })
export type LegalHoldAnswer = z.infer<typeof LegalHoldAnswer>

/** `GET /api/v1/audit/legal-holds`; `kinds` null: records of every kind. */
export const LegalHoldsAnswer = z.strictObject({
  legal_holds: z.array(
    z.strictObject({ id: WireId, kinds: z.array(RecordKind).nullable(), placed_at: WireTime, placed_by: z.string() }),
  ),
})
export type LegalHoldsAnswer = z.infer<typeof LegalHoldsAnswer>

/** `POST /api/v1/reviews`: a person looked at a decision of the spot-check list. */
export const SpotCheckReport = z.strictObject({
  decision_id: WireId,
  /** `problem`: what came of it is for a report, a signal or an incident to say; the review itself weighs nothing. */
  finding: z.enum(['sound', 'problem']),
  notes: z.string().trim().min(1).max(REASON_CHARS_MAX),
})
export type SpotCheckReport = z.infer<typeof SpotCheckReport>

/** One decision that somebody has to look at. */
export const SpotCheckView = z.strictObject({
  ...SpotCheck.omit({ at_ms: true, due_ms: true }).shape,
  at: WireTime,
  due: WireTime,
  overdue: z.boolean(),
  /** Whole hours until it is due; 0 once it is. */
  hours_left: z.int().nonnegative(),
})
export type SpotCheckView = z.infer<typeof SpotCheckView>

/** `GET /api/v1/reviews`. */
export const SpotChecksAnswer = z.strictObject({ reviews: z.array(SpotCheckView) })
export type SpotChecksAnswer = z.infer<typeof SpotChecksAnswer>

/** The answer to a review of a decision. */
export const SpotCheckAnswer = z.strictObject({
  ...SpotCheckView.shape,
  finding: SpotCheckReport.shape.finding,
  leaf_index: z.int(),
})
export type SpotCheckAnswer = z.infer<typeof SpotCheckAnswer>

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
