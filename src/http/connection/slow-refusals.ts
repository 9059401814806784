import { SECOND_MS } from '../../format/time.ts'

/** Refusals of one source that are answered at once; what they took comes back with `REFUSALS_PER_SECOND`. */
const REFUSALS_AT_ONCE_MAX = 100
const REFUSALS_PER_SECOND = 50
/** Longest that a refusal is held back, ms; it takes no work meanwhile, and nobody opens more connections than are allowed. */
const HELD_BACK_MS_MAX = 5 * SECOND_MS
/** Sources that are told apart; all are forgotten when there are more. */
const SOURCES_MAX = 10_000
const STEP_MS = SECOND_MS / REFUSALS_PER_SECOND

/** Waits before a refusal of a source is answered; undefined where it need not. */
export type HoldBack = (source: string) => Promise<void> | undefined

/**
 * Whoever asks on and on with a wrong credential, or over its rate, is answered ever later, up to 5 s: what it can make the server do
 * is bounded by its connections, and whoever else comes from the same address with a right one is not held up. `nowMs` is monotonic.
 */
export function createHoldBack(nowMs: () => number): HoldBack {
  /** When all refusals of a source that were promised are answered, ms. */
  const until = new Map<string, number>()
  return (source) => {
    const now = nowMs()
    if (until.size >= SOURCES_MAX && !until.has(source)) until.clear()
    const due = Math.max(until.get(source) ?? -Infinity, now - REFUSALS_AT_ONCE_MAX * STEP_MS) + STEP_MS
    until.set(source, Math.min(due, now + HELD_BACK_MS_MAX))
    const waitMs = Math.min(due - now, HELD_BACK_MS_MAX)
    return waitMs <= 0 ? undefined : new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
