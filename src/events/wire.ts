import { z } from 'zod'

import { EventType } from './event.ts'

/** The data of one event of `GET /api/v1/events`; the first event, `stream.ready` or `stream.reset`, has a state version alone. */
export const StreamEvent = z.strictObject({
  state_version: z.int(),
  type: EventType.optional(),
  timestamp: z.iso.datetime().optional(),
  data: z.record(z.string(), z.json()).optional(),
})
export type StreamEvent = z.infer<typeof StreamEvent>
