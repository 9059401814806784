import { z } from 'zod'

import { TrustConstants } from '../../trust/constants.ts'
import { id } from './fields.ts'

/** Effects of the log itself: the constants that govern later effects, and what was received already. */
export const LOG_EFFECTS = {
  /** A policy set came into force; its constants govern every later effect. */
  constants: z.strictObject({ kind: z.literal('constants'), constants: TrustConstants }),
  /** What a source said under an id, so that the same again counts once; it replaces what was said under it before. */
  received: z.strictObject({
    kind: z.literal('received'),
    /** SHA-256 over who said it and under which id. */
    key: z.string().length(64),
    /** SHA-256 over what was said. */
    digest: z.string().length(64),
    record_id: id,
  }),
} as const
