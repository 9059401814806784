import { ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import { SECOND_MS } from '../format/time.ts'

/** Limits of a circuit breaker around a model. */
export type Limits = {
  readonly timeoutMs: number
  /** Failures in a row after which the circuit opens. */
  readonly failuresMax: number
  /** How long the circuit stays open, ms; then one question probes the model. */
  readonly restMs: number
  /** Most questions at the same time. */
  readonly underWayMax: number
}

/** The limits of every model; its timeout comes from its settings. */
export const MODEL_LIMITS: Omit<Limits, 'timeoutMs'> = { failuresMax: 5, restMs: 30 * SECOND_MS, underWayMax: 256 }

/** Asks a model, which may be slow or down; aborted by `signal`. */
export type Asking<T> = (input: T, signal: AbortSignal) => Promise<number>

/**
 * Asks with a timeout and a circuit breaker: a decision never waits longer than `timeoutMs`, and not at all for a model that
 * keeps failing. Rejects with code `io`, or with what `ask` rejects with. `steadyMs` is a monotonic clock.
 */
export function limited<T>(ask: Asking<T>, limits: Limits, steadyMs: () => number): (input: T) => Promise<number> {
  let failures = 0
  let openUntilMs = -Infinity
  let underWay = 0
  let isProbing = false
  return async (input) => {
    const isOpen = failures >= limits.failuresMax
    if (isOpen && (isProbing || steadyMs() < openUntilMs))
      throw new ServiceError('io', `not asked: it failed ${limits.failuresMax} times in a row, and is left alone for a while`)
    if (underWay >= limits.underWayMax)
      throw new ServiceError(
        'io',
        overLimit('not asked: with it', 'classifiers.under_way_max', { max: limits.underWayMax, came: underWay + 1 }),
      )
    isProbing = isProbing || isOpen
    underWay += 1
    try {
      const answer = await inTime(ask, input, limits.timeoutMs)
      failures = 0
      return answer
    } catch (error) {
      failures += 1
      openUntilMs = steadyMs() + limits.restMs
      throw error
    } finally {
      underWay -= 1
      if (isOpen) isProbing = false
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
