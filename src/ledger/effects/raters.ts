import { z } from 'zod'

import { ScopeKey } from '../../model/scope.ts'
import { HeldFiling, TallyOf, TallyWindow } from '../documents/tally.ts'
import { id } from './fields.ts'

/** Effects on how much raters and sources said, what of it waits, and who is known by their canaries. */
export const RATER_EFFECTS = {
  /** Units were said, of a window that is limited. */
  tally: z.strictObject({
    kind: z.literal('tally'),
    agent: id,
    of: TallyOf,
    window: TallyWindow,
    units: z.number().nonnegative(),
  }),
  /** A source told of a failure in a scope; another one's failures of that hour are corroborated by it. */
  witness: z.strictObject({ kind: z.literal('witness'), agent: id, scope: ScopeKey, source: id }),
  /** A report over a limit is kept with its hold. */
  filing: z.strictObject({ kind: z.literal('filing'), agent: id, filing: HeldFiling }),
  /** A rater judged a canary. */
  canary_judged: z.strictObject({ kind: z.literal('canary_judged'), rater: id, caught: z.boolean() }),
  /** Who owns which agent, as the catalogue says from now on; who is in it no more keeps their owner. */
  owners: z.strictObject({ kind: z.literal('owners'), owners: z.record(z.string().max(256), z.string().max(256)) }),
} as const
