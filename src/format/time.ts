/** Lengths of time, ms. */
export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Milliseconds since 1970-01-01 UTC of an ISO 8601 time; NaN where it is none. */
export function epochMs(iso: string): number {
  return Date.parse(iso)
}
