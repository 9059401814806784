import { z } from 'zod'

const perSecond = z.number().positive().max(1_000_000)
const burst = z.int().min(1).max(10_000_000)

/** How much of something one credential may do: `burst` at once, and from then on so many per second. */
export const Rate = z.strictObject({ per_second: perSecond, burst })
export type Rate = z.infer<typeof Rate>

/** The rate of all records but decisions; far above what detectors and checks of one decision point send. */
export const ReportRate = z.strictObject({ per_second: perSecond.default(1_000), burst: burst.default(5_000) })

/** The rate of all callers together for whom nobody vouches: each of their decisions is a record on the disk. */
export const AnonymousRate = z.strictObject({ per_second: perSecond.default(20), burst: burst.default(200) })
