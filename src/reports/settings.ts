import { z } from 'zod'

import { TYPE_CHARS_MAX } from '../model/request.ts'
import { SettingsId, uniqueIds } from '../model/settings-id.ts'

/** A review of the log that has an owner and a cadence. */
export const LogReview = z.strictObject({
  id: SettingsId,
  /** Who sees to it: a person or a team. */
  owner: z.string().trim().min(1).max(TYPE_CHARS_MAX),
  every_days: z.int().min(1).max(366),
  /** What is looked at. */
  what: z.string().trim().min(1).max(1_000),
  /** Whose log. */
  tenant: z.string().min(1).max(TYPE_CHARS_MAX).default('default'),
})

export type LogReview = z.infer<typeof LogReview>

/** All of them; each has an id of its own. */
export const LogReviews = z.array(LogReview).max(64).superRefine(uniqueIds('review'))
