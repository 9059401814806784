import type { AuditRecord } from '../ledger/record.ts'
import type { Store, Transaction } from '../ledger/store.ts'
import { type Hit, hitsOf } from '../reports/monitoring/hits.ts'
import type { MonitoringRule } from '../reports/monitoring/settings.ts'
import { type TrustSighting, trustSightingOf } from '../reports/trust-report/sighting.ts'

/** Most records that are remembered until the monitor takes them; what is older is found in the log. */
export const SEEN_MAX = 20_000

/** What of a record is monitored; nothing of its request. */
export type Seen = {
  readonly leafIndex: number
  readonly recordId: string
  readonly atMs: number
  readonly hits: readonly Hit[]
  readonly trust: TrustSighting | undefined
}

/** What is appended to a store, as the monitor sees it. */
export type Tail<S extends Store = Store> = {
  readonly store: S
  /** Durable records from a leaf index on, in order; undefined when not all of them are remembered. They are forgotten with this. */
  readonly take: (from: number) => readonly Seen[] | undefined
}

/** What is monitored of one record. */
export function seenIn(record: AuditRecord, leafIndex: number, rules: readonly MonitoringRule[]): Seen {
  return {
    leafIndex,
    recordId: record.id,
    atMs: Date.parse(record.at),
    hits: hitsOf(record, rules),
    trust: trustSightingOf(record),
  }
}

/** Looks at what is appended, before anything of it is masked, so that the log need not be read again. Only durable records are given. */
export function tailAppends<S extends Store>(store: S, rules: readonly MonitoringRule[]): Tail<S> {
  let start = store.size()
  let seen: Seen[] = []
  /** Records that are durable before one in front of them is known to be. */
  const ahead = new Map<number, Seen>()

  const note = (one: Seen): void => {
    if (one.leafIndex >= start + seen.length) ahead.set(one.leafIndex, one)
    for (let next = ahead.get(start + seen.length); next !== undefined; next = ahead.get(start + seen.length)) {
      ahead.delete(next.leafIndex)
      seen.push(next)
    }
    if (seen.length > SEEN_MAX) {
      start += SEEN_MAX / 2
      seen = seen.slice(SEEN_MAX / 2)
    }
  }
  const transact: Store['transact'] = async (touches, change) => {
    const appended: Seen[] = []
    const value = await store.transact(touches, (transaction) => {
      appended.length = 0
      return change({ ...transaction, append: seeing(transaction, appended, rules) })
    })
    appended.forEach(note)
    return value
  }
  return {
    store: { ...store, transact },
    take: (from) => {
      if (from < start) return undefined
      const taken = seen.slice(from - start)
      start += seen.length
      seen = []
      return taken
    },
  }
}

function seeing(transaction: Transaction, appended: Seen[], rules: readonly MonitoringRule[]): Transaction['append'] {
  return (entry) => {
    const placed = transaction.append(entry)
    appended.push(seenIn(entry.record, placed.leafIndex, rules))
    return placed
  }
}
