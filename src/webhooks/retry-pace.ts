import { HOUR_MS, SECOND_MS } from '../format/time.ts'

/** How fast followers work, ms. */
export type Pace = {
  /** How often the end of the log is looked at. */
  readonly pollMs: number
  /** Pause after the first failure; it doubles up to `retryMsMax`. */
  readonly retryMsMin: number
  readonly retryMsMax: number
  /** How often a position that moved without a delivery is kept. */
  readonly saveMs: number
  /** How long a stop may take to send what is already written. */
  readonly drainMsMax: number
}

/** What the product runs with. */
export const PACE: Pace = {
  pollMs: 200,
  retryMsMin: SECOND_MS,
  retryMsMax: HOUR_MS,
  saveMs: 5 * SECOND_MS,
  drainMsMax: 5 * SECOND_MS,
}

/** The pause after so many failures in a row, at least 1: doubling, and between half and the whole of it at random, so that many do not come back at once. */
export function backOffMs(failures: number, random: () => number, { retryMsMin, retryMsMax }: Pace): number {
  const fullMs = Math.min(retryMsMin * 2 ** (failures - 1), retryMsMax)
  return fullMs * (0.5 + random() / 2)
}
