import { z } from 'zod'

/** How one person decides, for the detection of rubber stamps. */
export const RaterRecord = z.strictObject({
  approved: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  /** Sum over all verdicts of the time from request to verdict, ms. */
  latency_ms_sum: z.int().nonnegative(),
  /** Verdicts within ten seconds of the request: too fast to have read it. */
  hasty: z.int().nonnegative(),
  /** Verdicts by latency: how many within each of `LATENCY_SECONDS`, the last beyond them. */
  latencies: z.array(z.int().nonnegative()).max(16).default([]),
  /** Requests of a known right answer that this rater judged, and those judged rightly. */
  canaries: z.strictObject({ seen: z.int().nonnegative(), caught: z.int().nonnegative() }).default({ seen: 0, caught: 0 }),
  /** Units of success that this rater's word gave to agents. */
  units_given: z.number().nonnegative().default(0),
})

export type RaterRecord = z.infer<typeof RaterRecord>
