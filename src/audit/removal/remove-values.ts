import type { AuditRecord } from '../../ledger/record.ts'
import type { RecordQuery, Store, StoredRecord } from '../../ledger/store.ts'
import { endRemovals, inRemovalOrder, recordedRemoval } from './end-removals.ts'
import { type Removal, REMOVAL_RECORDS_MAX } from './removal.ts'
import { walkRecords } from '../walk-records.ts'

/** What of a store it takes to remove values. */
export type RemovingStore = Pick<Store, 'query' | 'transact' | 'erase' | 'erasable' | 'size' | 'tenants'>

/** Which values go, and how the log says so. */
export type RemovalOrder = {
  readonly query: Omit<RecordQuery, 'limit'>
  readonly membersOf: (stored: StoredRecord) => readonly string[]
  /** `reached`: every record of the query in front of this leaf index was looked at. */
  readonly recordOf: (removed: readonly Removal[], reached: number) => AuditRecord
  /** Rejects where it is not permitted any more; asked in front of each record. */
  readonly permitted: () => Promise<void>
  /** Write a record even where there is nothing to remove. */
  readonly always: boolean
}

/**
 * What was removed. `leafIndex`: the first record that says so; undefined where there was nothing to say. `reached`: every record of the
 * query in front of this leaf index was looked at.
 */
export type Removed = {
  readonly leafIndex: number | undefined
  readonly records: number
  readonly values: number
  readonly reached: number
}

/**
 * Removes values record by record, some hundred at a time: the log says first what goes, then it goes. Records that are appended
 * meanwhile stay as they are. A removal that was interrupted before is ended first.
 */
export async function removeValues(store: RemovingStore, order: RemovalOrder): Promise<Removed> {
  const until = store.size()
  const done = { leafIndex: undefined as number | undefined, records: 0, values: 0, reached: order.query.from ?? 0 }
  let next = new Map<string, { readonly members: readonly string[]; readonly leaves: number[] }>()
  let count = 0
  const flush = async (): Promise<void> => {
    const removed = [...next.values()].map(({ members, leaves }) => ({ members: [...members], leaves }))
    await inRemovalOrder(store, async () => {
      await order.permitted()
      await endRemovals(store)
      const record = order.recordOf(removed, done.reached)
      await recordedRemoval(store, async () => {
        const { leafIndex } = await store.transact([], (transaction) => transaction.append({ record }))
        done.leafIndex ??= leafIndex
        for (const { members, leaves } of removed) done.values += await store.erase(leaves, members)
      })
    })
    done.records += count
    next = new Map()
    count = 0
  }
  for await (const stored of walkRecords(store, order.query)) {
    if (stored.leafIndex >= until) break
    done.reached = stored.leafIndex + 1
    const members = await store.erasable(stored.leafIndex, order.membersOf(stored))
    if (members.length === 0) continue
    const name = JSON.stringify(members)
    const group = next.get(name)
    if (group === undefined) next.set(name, { members, leaves: [stored.leafIndex] })
    else group.leaves.push(stored.leafIndex)
    count += 1
    if (count === REMOVAL_RECORDS_MAX) await flush()
  }
  if (count > 0 || (order.always && done.leafIndex === undefined)) await flush()
  return done
}
