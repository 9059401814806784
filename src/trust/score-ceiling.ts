import { z } from 'zod'

const unit = z.number().min(0).max(1)

/** A score ceiling from outside (posture, session, chain): who says so, and the score. */
export const ScoreCeiling = z.strictObject({ source: z.string().min(1), value: unit }).readonly()

export type ScoreCeiling = z.infer<typeof ScoreCeiling>
