import { z } from 'zod'

import { RecordDetailSettings } from '../decisions/settings.ts'
import { RecordKind } from '../ledger/record.ts'
import { SettingsPath } from '../model/settings-path.ts'
import { LogReviews } from '../reports/settings.ts'
import { CheckpointPlaces, Witnesses } from '../witness/settings.ts'

/** Longest time between two signed heads of a log that grows, ms. */
export const CHECKPOINT_INTERVAL_MS_MAX = 3_600_000

/** Time between two checkpoints that are sent out, s: at most an hour, and five minutes by default. */
const [SEND_SECONDS_MAX, SEND_SECONDS] = [3_600, 300]

/** How long sealed values are kept, in days after their record was written: of one tenant or all, of records of some kinds or all. */
export const RetentionRule = z.strictObject({
  tenant: z.string().min(1).max(128).optional(),
  kinds: z.array(RecordKind).min(1).optional(),
  days: z.int().min(1).max(36_500),
})
export type RetentionRule = z.infer<typeof RetentionRule>

/** `audit` of the configuration: whose log it is, where its heads are kept besides, and what is masked. */
export const AuditSettings = z
  .strictObject({
    origin: z
      .string()
      .regex(/^[^\s+]+$/u, 'no white space, no plus sign')
      .max(200)
      .default('gradus.local/audit'),
    /** A second place for signed tree heads, ideally on another machine's disk. */
    checkpoint_file: SettingsPath.optional(),
    /** Who signs checkpoints beside the log. */
    witnesses: Witnesses,
    /** Where checkpoints are kept besides, each once. */
    checkpoint_places: CheckpointPlaces,
    /** How often the newest checkpoint is sent to witnesses and places. */
    checkpoint_send_seconds: z.int().min(1).max(SEND_SECONDS_MAX).default(SEND_SECONDS),
    checkpoint_interval_ms: z.int().min(50).max(CHECKPOINT_INTERVAL_MS_MAX).default(1_000),
    /** Apply the `system/log/mask` rule of the policy set to what is stored. */
    mask: z.boolean().default(true),
    /** What becomes of a request with more to mask than can be masked value by value: refused, or all that is sensitive in its record is masked. */
    masks_beyond_limit: z.enum(['refuse', 'mask_all']).default('refuse'),
    /** What records of decisions hold beside what decides (docs/duties.md). */
    detail: RecordDetailSettings,
    /** How long sealed values are kept; the first rule about a tenant and kind counts, without one they are kept for ever. */
    retention: z.array(RetentionRule).max(100).default([]),
    /** Reviews of the log, each with an owner and a cadence; an overdue one alerts (docs/monitoring.md). */
    reviews: LogReviews.default([]),
  })
  .prefault({})
export type AuditSettings = z.infer<typeof AuditSettings>
