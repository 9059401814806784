import { listenToAppends } from '../ledger/append-listener.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { Store } from '../ledger/store.ts'
import { type Hit, hitsOf } from '../reports/monitoring/hits.ts'
import type { MonitoringRule } from '../reports/monitoring/settings.ts'
import { type TrustSighting, trustSightingOf } from '../reports/trust-report/sighting.ts'

/** Most records that are remembered until the monitor takes them; what is older is found in the log. */
export const TAIL_RECORDS_MAX = 20_000

/** What of a record is monitored; nothing of its request. */
export type MonitoredRecord = {
  readonly leafIndex: number
  readonly recordId: string
  readonly atMs: number
  readonly hits: readonly Hit[]
  readonly trust: TrustSighting | undefined
}

/** The newest records of a store, as the monitor sees them. */
export type Tail<S extends Store = Store> = {
  readonly store: S
  /** Durable records from a leaf index on, in order; undefined when not all of them are remembered. They are forgotten with this. */
  readonly drain: (from: number) => readonly MonitoredRecord[] | undefined
}

/** What is monitored of one record. */
export function monitoredRecord(record: AuditRecord, leafIndex: number, rules: readonly MonitoringRule[]): MonitoredRecord {
  return {
    leafIndex,
    recordId: record.id,
    atMs: Date.parse(record.at),
    hits: hitsOf(record, rules),
    trust: trustSightingOf(record),
  }
}

/** Remembers what is appended from here on, so that the log need not be read again. Only durable records are given. */
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
