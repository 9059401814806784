import { listenToAppends } from '../ledger/append-listener.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { Store } from '../ledger/store.ts'
import { type Hit, hitsOf } from '../reports/monitoring/hits.ts'
import type { MonitoringRule } from '../reports/monitoring/settings.ts'
import { type TrustSighting, trustSightingOf } from '../reports/trust-report/sighting.ts'

/** Most records that are buffered for the monitor; older ones are read from the log. */
export const TAIL_RECORDS_MAX = 20_000

/** What the monitor needs of a record; nothing of its request. */
export type MonitoredRecord = {
  readonly leafIndex: number
  readonly recordId: string
  readonly atMs: number
  readonly hits: readonly Hit[]
  readonly trust: TrustSighting | undefined
}

/** The newest records of a store, as the monitor needs them. */
export type Tail<S extends Store = Store> = {
  readonly store: S
  /** Takes the durable records from a leaf index on out of the buffer, in order; undefined if the buffer lacks some. */
  readonly drain: (from: number) => readonly MonitoredRecord[] | undefined
}

/** Reduces a record to what the monitor needs. */
export function monitoredRecord(record: AuditRecord, leafIndex: number, rules: readonly MonitoringRule[]): MonitoredRecord {
  return {
    leafIndex,
    recordId: record.id,
    atMs: Date.parse(record.at),
    hits: hitsOf(record, rules),
    trust: trustSightingOf(record),
  }
}

/** Buffers what is appended from now on, so that the log need not be read again. Only durable records enter the buffer. */
export function tailAppends<S extends Store>(store: S, rules: readonly MonitoringRule[]): Tail<S> {
  let start = store.size()
  let records: MonitoredRecord[] = []
  const listened = listenToAppends(store, {
    look: (record, leafIndex) => monitoredRecord(record, leafIndex, rules),
    durable: (record) => {
      records.push(record)
      if (records.length <= TAIL_RECORDS_MAX) return
      start += TAIL_RECORDS_MAX / 2
      records = records.slice(TAIL_RECORDS_MAX / 2)
    },
  })
  return {
    store: listened,
    drain: (from) => {
      if (from < start) return undefined
      const drained = records.slice(from - start)
      start += records.length
      records = []
      return drained
    },
  }
}
