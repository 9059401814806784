import type { AgentBounds } from '../trust/bounds.ts'
import type { HoldView } from './wire.ts'

/** What of an agent waits for a person, oldest first. */
export function holdViews(bounds: AgentBounds | undefined): HoldView[] {
  return (bounds?.holds ?? []).map(({ at_ms, ...hold }) => ({ ...hold, since: new Date(at_ms).toISOString() }))
}
