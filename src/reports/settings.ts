import { z } from 'zod'

import { TYPE_CHARS_MAX } from '../model/request.ts'
import { SettingsId, uniqueIds } from '../model/settings-id.ts'

/** A regular review of the log, with an owner and an interval. */
export const LogReview = z.strictObject({
  id: SettingsId,
  /** A person or a team. */
  owner: z.string().trim().min(1).max(TYPE_CHARS_MAX),
  every_days: z.int().min(1).max(366),
  /** What the reviewer checks. */
  what: z.string().trim().min(1).max(1_000),
  /** The tenant whose records are reviewed. */
  tenant: z.string().min(1).max(TYPE_CHARS_MAX).default('default'),
})

export type LogReview = z.infer<typeof LogReview>

/** `audit.reviews` of the configuration. */
export const LogReviews = z.array(LogReview).max(64).superRefine(uniqueIds('review'))
