import { createMutex, type Mutex } from '../../events/mutex.ts'
import type { Store } from '../../ledger/store.ts'
import { REMOVAL_ACTIONS, removalsOf } from './removal.ts'

const mutexes = new WeakMap<object, Mutex>()
/** Stores of which it is known that what their log says is done. */
const finished = new WeakSet()

/**
 * Runs what places a hold, or what says and does a removal, one at a time for a store: no hold comes between the look at the holds and
 * the record of a removal, and none between that record and what it says.
 */
export function inRemovalOrder<T>(store: object, work: () => Promise<T>): Promise<T> {
  const mutex = mutexes.get(store) ?? createMutex()
  mutexes.set(store, mutex)
  return mutex.run(work)
}

/**
 * Ends removals that were interrupted after their record: values go that the newest removals of each tenant say to be gone. Older ones
 * were ended before the newest was recorded. Returns how many values went. To be run where no other removal can (`inRemovalOrder`).
 */
export async function endRemovals(store: Pick<Store, 'query' | 'erase' | 'tenants'>): Promise<number> {
  if (finished.has(store)) return 0
  let values = 0
  for (const tenant of await store.tenants()) {
    for (const action of Object.values(REMOVAL_ACTIONS)) {
      const [newest] = await store.query({ tenant, kinds: ['operator'], action, newestFirst: true, limit: 1 })
      if (newest === undefined) continue
      for (const { members, leaves } of removalsOf(newest.record)?.removals ?? []) values += await store.erase(leaves, members)
    }
  }
  finished.add(store)
  return values
}

/** Says and does a removal. Where that fails half-way, the next one ends it first. */
export async function recordedRemoval(store: object, work: () => Promise<void>): Promise<void> {
  finished.delete(store)
  await work()
  finished.add(store)
}
