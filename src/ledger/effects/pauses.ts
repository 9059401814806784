import { z } from 'zod'

import { Pause, PAUSED_NAMED_MAX, Resumption } from '../documents/pause.ts'
import { id } from './fields.ts'

/** Effects on what people decide and what was let run: it is paused, and goes on. */
export const PAUSE_EFFECTS = {
  /** Everything that the target reaches and that is from before this record is paused. `approvals`, `reservations`: decisions known of it. */
  paused: z.strictObject({
    kind: z.literal('paused'),
    pause: Pause.omit({ at_ms: true }),
    approvals: z.array(id).max(PAUSED_NAMED_MAX),
    reservations: z.array(id).max(PAUSED_NAMED_MAX),
    /** False: the target reaches more than is named. */
    complete: z.boolean(),
  }),
  /** A person says that an approval (`request_digest`) or a reservation (of these accounts) goes on. */
  resumed: z.strictObject({
    kind: z.literal('resumed'),
    decision_id: id,
    resumption: Resumption,
    request_digest: z.string().length(64).nullable(),
    accounts: z.array(id).max(16),
  }),
} as const
