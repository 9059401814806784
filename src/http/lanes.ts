import { FairQueue, type InLine } from '../access/fair-queue.ts'
import { giveWay, whileDeciding } from '../access/give-way.ts'
import { ServiceError } from '../format/error.ts'
import { type LimitName, overLimit } from '../format/limit.ts'

/**
 * How an endpoint shares the thread that decides. `decision`: somebody waits for it inline, so what can wait stands back; `reading`
 * and `batch`: it waits in turns, over tenants and then over credentials, and lets decisions pass.
 */
export type Lane = 'decision' | 'reading' | 'batch'

/** Requests of each kind that are read for, or taken in, at a time; of one tenant half of them. */
const AT_A_TIME_MAX = 4
const OF_TENANT_MAX = 2
/** Readings that may wait for one credential; a further one is sent away. */
export const READINGS_WAITING_MAX = 64
/** Batches that may wait for one credential: enforcement points wait for them, so there may be more. */
export const BATCHES_WAITING_MAX = 256

/** Runs the work of a request in its lane; `left` is aborted when nobody waits for the answer any more. */
export type RunInLane = <T>(
  lane: Lane | undefined,
  caller: InLine,
  work: () => T | Promise<T>,
  left: AbortSignal,
) => T | Promise<T>

/** The lanes of one server. Rejects with `not_ready` what is too much for one credential. */
export function createLanes(): RunInLane {
  const queues = {
    reading: queueOf('http.readings_waiting_max', READINGS_WAITING_MAX),
    batch: queueOf('http.batches_waiting_max', BATCHES_WAITING_MAX),
  }
  return (lane, caller, work, left) => {
    if (lane === undefined) return work()
    if (lane === 'decision') return whileDeciding(work)
    const inTurn = async () => {
      await giveWay()
      left.throwIfAborted()
      return work()
    }
    return queues[lane].run(caller, inTurn, left)
  }
}

function queueOf(name: LimitName, waitingMax: number): FairQueue {
  const bounds = { atATimeMax: AT_A_TIME_MAX, ofTenantMax: OF_TENANT_MAX, waitingMax }
  return new FairQueue(bounds, (waiting) => {
    const why = overLimit('for this credential there wait', name, { max: waitingMax, came: waiting + 1 })
    return new ServiceError('not_ready', why, { fix: 'ask again in a moment' })
  })
}
