import { z } from 'zod'

/** A place between two events of the log: the next event is event `event` of the record at `leaf_index`, or a later one. */
export const LogPosition = z.strictObject({ leaf_index: z.int().nonnegative(), event: z.int().nonnegative() })
export type LogPosition = z.infer<typeof LogPosition>

/** Whether an event stands in front of a place, so that it was sent already. */
export function isBefore(at: LogPosition, position: LogPosition): boolean {
  return at.leaf_index < position.leaf_index || (at.leaf_index === position.leaf_index && at.event < position.event)
}
