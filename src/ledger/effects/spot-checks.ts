import { z } from 'zod'

import { SpotCheck } from '../documents/spot-check.ts'
import { id } from './fields.ts'

/** Effects on the list of decisions that somebody has to look at. */
export const SPOT_CHECK_EFFECTS = {
  spot_check: z.strictObject({ kind: z.literal('spot_check'), check: SpotCheck }),
  /** A person looked. */
  spot_checked: z.strictObject({ kind: z.literal('spot_checked'), decision_id: id }),
} as const
