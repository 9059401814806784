import { z } from 'zod'

import { RecordDetailSettings } from '../decisions/settings.ts'
import { SettingsPath } from '../model/settings-path.ts'
import { LogReviews } from '../reports/settings.ts'

/** Longest time between two signed heads of a log that grows, ms. */
export const CHECKPOINT_INTERVAL_MS_MAX = 3_600_000

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
    checkpoint_interval_ms: z.int().min(50).max(CHECKPOINT_INTERVAL_MS_MAX).default(1_000),
    /** Apply the `system/log/mask` rule of the policy set to what is stored. */
    mask: z.boolean().default(true),
    /** What records of decisions hold beside what decides (docs/duties.md). */
    detail: RecordDetailSettings,
    /** Reviews of the log, each with an owner and a cadence; an overdue one alerts (docs/monitoring.md). */
    reviews: LogReviews.default([]),
  })
  .prefault({})
export type AuditSettings = z.infer<typeof AuditSettings>
