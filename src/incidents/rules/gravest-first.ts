import { epochMs } from '../../format/time.ts'

/** What of an incident its place in the list depends on; `since` is an ISO 8601 time. */
type Listed = { readonly state: 'open' | 'recovering'; readonly cap: number; readonly since: string }

/** The order in which incidents are listed: what waits for a person first, then by cap, the newest first. */
export function gravestFirst(one: Listed, other: Listed): number {
  if (one.state !== other.state) return one.state === 'open' ? -1 : 1
  return one.cap - other.cap || epochMs(other.since) - epochMs(one.since)
}
