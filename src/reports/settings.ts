import { z } from 'zod'

import { TYPE_CHARS_MAX } from '../model/request.ts'

const ruleId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/u, 'lower-case letters, digits, - and _')

/** A review of the log that has an owner and a cadence. */
export const LogReview = z.strictObject({
  id: ruleId,
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
export const LogReviews = z
  .array(LogReview)
  .max(64)
  .superRefine((reviews, context) => {
    for (const [index, { id }] of reviews.entries())
      if (reviews.findIndex((other) => other.id === id) < index)
        context.addIssue({ code: 'custom', path: [index, 'id'], message: `the id "${id}" is taken; give each review its own` })
  })
