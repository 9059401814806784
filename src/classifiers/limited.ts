import { ServiceError } from '../format/error.ts'
import { SECOND_MS } from '../format/time.ts'

/** How long a model is waited for, and when it is left alone. */
export type Limits = {
  readonly timeoutMs: number
  /** Failures one after the other, after which it rests. */
  readonly failuresMax: number
  /** How long it rests, ms; then one question tries it out. */
  readonly restMs: number
  /** Most questions under way at a time. */
  readonly underWayMax: number
}

/** Limits of a model, but for how long it is waited for. */
export const MODEL_LIMITS: Omit<Limits, 'timeoutMs'> = { failuresMax: 5, restMs: 30 * SECOND_MS, underWayMax: 256 }

/** Asks something that may be slow, broken or gone; it stops when `signal` says so. */
export type Asking<T> = (input: T, signal: AbortSignal) => Promise<number>

/**
 * Asks within limits, so that whoever waits is never held up for longer than `timeoutMs`, and not at all by what fails again and again. Rejects with
 * code `io` in words of ours, or with what `ask` rejects with. `steadyMs` is a monotonic clock.
 */
export function limited<T>(ask: Asking<T>, limits: Limits, steadyMs: () => number): (input: T) => Promise<number> {
  let failures = 0
  let restsUntilMs = -Infinity
  let underWay = 0
  let isTried = false
  return async (input) => {
    const isOpen = failures >= limits.failuresMax
    if (isOpen && (isTried || steadyMs() < restsUntilMs))
      throw new ServiceError('io', `not asked: it failed ${limits.failuresMax} times in a row, and is left alone for a while`)
    if (underWay >= limits.underWayMax) throw new ServiceError('io', `not asked: ${limits.underWayMax} questions are under way`)
    isTried = isTried || isOpen
    underWay += 1
    try {
      const answer = await inTime(ask, input, limits.timeoutMs)
      failures = 0
      return answer
    } catch (error) {
      failures += 1
      restsUntilMs = steadyMs() + limits.restMs
      throw error
    } finally {
      underWay -= 1
      if (isOpen) isTried = false
    }
  }
}

async function inTime<T>(ask: Asking<T>, input: T, timeoutMs: number): Promise<number> {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ServiceError('io', `no answer within ${timeoutMs} ms`))
      controller.abort()
    }, timeoutMs)
  })
  try {
    return await Promise.race([ask(input, controller.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
