import { z } from 'zod'

/** What has to hold before an agent's scope goes from observe to enforce (`gradus observe ready`). */
export const ObserveGates = z
  .strictObject({
    /** Days of observed decisions, from the first to now. */
    days_min: z.number().nonnegative().default(7),
    decisions_min: z.int().nonnegative().default(100),
    /** Share of decisions about actions that the catalogue does not know, 0–1. */
    unknown_action_share_max: z.number().min(0).max(1).default(0),
    /** Share of decisions that ran and whose outcome was reported, 0–1. */
    outcome_share_min: z.number().min(0).max(1).default(0.5),
    /** Approvals a day that enforcing would have asked people for. */
    approvals_per_day_max: z.number().nonnegative().default(20),
    /** Share of decisions that ran well and that enforcing would have stopped without asking anybody, 0–1. */
    good_blocked_share_max: z.number().min(0).max(1).default(0.01),
    /** Share of decisions that were decided without trust, risk or graduation, 0–1. */
    degraded_share_max: z.number().min(0).max(1).default(0.01),
  })
  .prefault({})

export type ObserveGates = z.infer<typeof ObserveGates>

/** `observe` of the configuration. */
export const ObserveSettings = z.strictObject({ ready: ObserveGates }).prefault({})
