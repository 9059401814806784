/** The wall clock may deviate from the monotonic one by this much, ms; more is a step. */
export const CLOCK_STEP_MS_MAX = 5_000

/** The time of the service. */
export type ServiceClock = {
  /** ms since 1970; never before an earlier answer. */
  readonly nowMs: () => number
  /** False once the wall clock has stepped, until it agrees with the monotonic clock and with the time given out again. */
  readonly steady: () => boolean
}

/**
 * A clock that never runs backwards and notices steps: the wall clock is compared with the monotonic one since the start.
 * Decisions go on under a stepped clock; promotions and evidence do not.
 */
export function createClock(wallMs: () => number, monotonicMs: () => number): ServiceClock {
  const offsetMs = wallMs() - monotonicMs()
  let lastMs = 0
  return {
    nowMs: () => {
      lastMs = Math.max(lastMs, Math.floor(wallMs()))
      return lastMs
    },
    steady: () => {
      const nowMs = wallMs()
      // A step ahead that was set right leaves the time given out in the future: then no dwell time has really passed.
      return Math.abs(nowMs - monotonicMs() - offsetMs) <= CLOCK_STEP_MS_MAX && lastMs - nowMs <= CLOCK_STEP_MS_MAX
    },
  }
}
