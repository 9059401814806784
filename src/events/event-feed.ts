import type { Store, StoredRecord } from '../ledger/store.ts'
import type { EventIndex } from './event-index.ts'
import type { Event } from './event.ts'
import { eventsOf } from './events-of-record.ts'
import type { LogPosition } from './log-position.ts'

/** Records with events that are read at a time. */
const PAGE_RECORDS = 4
/** Records of the log that are looked through at a time. */
const SCAN_RECORDS = 8

/** One event in its place in the log. */
export type QueuedEvent = { readonly id: string; readonly tenant: string; readonly event: Event; readonly at: LogPosition }

/** The events of a stretch of the log. `scanned`: it was looked through record by record, which costs. */
export type EventStretch = { readonly events: readonly QueuedEvent[]; readonly next: number; readonly scanned: boolean }

/**
 * The events of the log from a leaf index on, of durable records only. What this process wrote is read where it has events; what was
 * written before, at most since the position was last saved, is looked through.
 */
export async function readEvents(store: Store, index: EventIndex | undefined, from: number): Promise<EventStretch> {
  const size = store.size()
  if (from >= size) return { events: [], next: from, scanned: false }
  const known = index?.from(from)
  if (known === undefined) {
    const records = (await store.query({ from, limit: SCAN_RECORDS })).filter(({ leafIndex }) => leafIndex < size)
    return { events: records.flatMap(queuedEvents), next: (records.at(-1)?.leafIndex ?? size - 1) + 1, scanned: true }
  }
  const end = Math.min(known.end, size)
  const indexed = known.records.filter(({ leafIndex }) => leafIndex < end)
  const page = indexed.slice(0, PAGE_RECORDS)
  const records = await store.read([], (view) => page.flatMap(({ tenant, id }) => view.record(tenant, id) ?? []))
  const last = page.at(-1)
  return {
    events: records.flatMap(queuedEvents),
    next: last === undefined || page.length === indexed.length ? end : last.leafIndex + 1,
    scanned: false,
  }
}

/** Ids are the same each time an event is sent, so a receiver can tell a repetition. */
function queuedEvents(stored: StoredRecord): readonly QueuedEvent[] {
  const { leafIndex, record } = stored
  return eventsOf(stored).map((event, index) => ({
    id: `evt_${record.id}_${index}`,
    tenant: record.tenant,
    event,
    at: { leaf_index: leafIndex, event: index },
  }))
}
