import { z } from 'zod'

import { Layer } from '../../model/layer.ts'
import { Canary } from './approval.ts'
import { JudgeAdvice, ADVICE_MAX } from './tally.ts'

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
})

export type Verdicts = z.infer<typeof Verdicts>
