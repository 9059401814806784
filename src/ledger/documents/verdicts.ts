import { z } from 'zod'

import { Layer } from '../../model/layer.ts'
import { Canary } from './approval.ts'
import { JudgeAdvice, ADVICE_MAX } from './tally.ts'

/** What became of an attempt to undo an action. */
export const RollbackResult = z.enum(['failed', 'partly', 'done'])
export type RollbackResult = z.infer<typeof RollbackResult>

/** What an enforcement point kept before it ran an action: its own name for it, and the digest of the old value, `sha256:` and 64 hex digits. */
export const KeptValue = z.strictObject({
  handle: z.string().min(1).max(256),
  value_digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/u)
    .optional(),
})
export type KeptValue = z.infer<typeof KeptValue>

/** The way back from an action that ran. */
export const Rollback = z.strictObject({
  /** Null: an outcome came without a handle that was needed; absent: none was reported yet. */
  kept: KeptValue.nullable().optional(),
  attempt: z
    .strictObject({
      result: RollbackResult,
      by: z.string(),
      at_ms: z.int().nonnegative(),
      within_deadline: z.boolean(),
    })
    .optional(),
})
export type Rollback = z.infer<typeof Rollback>

/** What was already counted about one decision: at most one positive unit per layer, negatives by the worst, severity by the gravest. */
export const Verdicts = z.strictObject({
  layers: z.partialRecord(
    Layer,
    z.strictObject({
      positive: z.number(),
      /** When the positive was, so that exactly it can be taken back; null where there is none. */
      positive_ms: z.int().nullable(),
      negative: z.number(),
      /** Gravest severity told of; the ladder was charged with it, once. */
      kappa: z.number(),
      factual: z.boolean(),
      /** The ladder counted the success, once. */
      counted: z.boolean(),
      /** The heaviest claim of a success, by whom, and the heaviest of anybody else: what is beyond it rests on one rater alone. */
      best: z.strictObject({ by: z.string(), rater: z.boolean(), weight: z.number() }).optional(),
      second: z.number().optional(),
    }),
  ),
  /** Sources that spoke, as `layer|source|class`, for idempotency. */
  heard: z.array(z.string()),
  self_flagged: z.boolean(),
  /** It was seeded to see whether raters look: no verdict on it is evidence. */
  canary: Canary.optional(),
  /** What judging agents said of it, for people who decide; oldest first. */
  advice: z.array(JudgeAdvice).max(ADVICE_MAX).optional(),
  /** Absent: nothing is known of a way back but what the catalogue says. */
  rollback: Rollback.optional(),
})

export type Verdicts = z.infer<typeof Verdicts>
