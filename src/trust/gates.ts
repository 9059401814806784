import { z } from 'zod'

/** The gates of a promotion, in the order in which they are named. */
export const GATES = [
  'top',
  'incident',
  'score',
  'consensus',
  'conflict',
  'verifiers',
  'largest_rater',
  'count',
  'evidence',
  'dwell',
  'human',
] as const

/** One gate of a promotion. */
export const GateName = z.enum(GATES)

export type GateName = z.infer<typeof GateName>

/** Whether a gate is passed, what there is and what is needed (scores, counts, log e-values, milliseconds; 1 and 0 for yes and no). */
export const Gate = z.strictObject({ gate: GateName, passed: z.boolean(), have: z.number(), need: z.number() }).readonly()

export type Gate = z.infer<typeof Gate>
