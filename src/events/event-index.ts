import { listenToAppends } from '../ledger/append-listener.ts'
import type { Store } from '../ledger/store.ts'
import { eventsOf } from './events-of-record.ts'

/** Most records with events that are remembered; what is older is found in the log. */
export const INDEXED_RECORDS_MAX = 10_000

/** A durable record that events come from. */
export type IndexedRecord = { readonly leafIndex: number; readonly tenant: string; readonly id: string }

/** Which records have events, of all that are appended through `store`: next to none do, and to look at each again would cost more than writing it. */
export type EventIndex<S extends Store = Store> = {
  readonly store: S
  /** The records with events from a leaf index on, in order, up to `end`, exclusive; undefined when nothing is known of that place. */
  readonly from: (leafIndex: number) => { readonly records: readonly IndexedRecord[]; readonly end: number } | undefined
}

/** Remembers which of the records appended from here on have events. Only records that are durable are known. */
export function indexEvents<S extends Store>(store: S): EventIndex<S> {
  let start = store.size()
  let end = start
  let records: IndexedRecord[] = []
  const listened = listenToAppends(store, {
    look: (record, leafIndex) => ({
      indexed: { leafIndex, tenant: record.tenant, id: record.id },
      hasEvents: eventsOf({ leafIndex, record, state: 'whole' }).length > 0,
    }),
    durable: ({ indexed, hasEvents }, leafIndex) => {
      end = leafIndex + 1
      if (hasEvents) records.push(indexed)
      if (records.length <= INDEXED_RECORDS_MAX) return
      start = (records[records.length - INDEXED_RECORDS_MAX / 2 - 1]?.leafIndex ?? end) + 1
      records = records.slice(-INDEXED_RECORDS_MAX / 2)
    },
  })
  return {
    store: listened,
    from: (leafIndex) =>
      leafIndex < start || leafIndex >= end
        ? undefined
        : { records: records.slice(records.findLastIndex((each) => each.leafIndex < leafIndex) + 1), end },
  }
}
