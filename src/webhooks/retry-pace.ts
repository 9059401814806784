import { HOUR_MS, SECOND_MS } from '../format/time.ts'

/** How fast followers work, ms. */
export type Pace = {
  /** How often the follower checks for new records at the end of the log. */
  readonly pollMs: number
  /** Pause after the first failure; it doubles up to `retryMsMax`. */
  readonly retryMsMin: number
  readonly retryMsMax: number
  /** How often a position that moved without a delivery is saved. */
  readonly saveMs: number
  /** How long a stop may take to send pending events. */
  readonly drainMsMax: number
}

/** The pace in production. */
export const PACE: Pace = {
  pollMs: 200,
  retryMsMin: SECOND_MS,
  retryMsMax: HOUR_MS,
  saveMs: 5 * SECOND_MS,
  drainMsMax: 5 * SECOND_MS,
}

/**
 * The pause after `failures` (at least 1) failures in a row: exponential, with random jitter of up to half, so that retries
 * spread out.
 */
export function backOffMs(failures: number, random: () => number, { retryMsMin, retryMsMax }: Pace): number {
  const fullMs = Math.min(retryMsMin * 2 ** (failures - 1), retryMsMax)
  return fullMs * (0.5 + random() / 2)
}
