import { eventsOf } from '../events/events-of-record.ts'
import type { Store, Transaction } from '../ledger/store.ts'

/** Most records with events that are remembered; what is older is found in the log. */
export const NOTED_MAX = 10_000

/** A durable record that events come from. */
export type Noted = { readonly leafIndex: number; readonly tenant: string; readonly id: string }

/** Which records tell something, of all that are appended through `store`: next to none do, and to look at each again would cost more than writing it. */
export type Appends<S extends Store = Store> = {
  readonly store: S
  /** The records with events from a leaf index on, in order, up to `end`, exclusive; undefined when nothing is known of that place. */
  readonly from: (leafIndex: number) => { readonly noted: readonly Noted[]; readonly end: number } | undefined
}

/** Watches what is appended to a store. Only records that are durable are known. */
export function watchAppends<S extends Store>(store: S): Appends<S> {
  let start = store.size()
  let end = start
  let noted: Noted[] = []
  /** Records that are durable before one in front of them is known to be. */
  const ahead = new Map<number, Noted | null>()

  const note = (leafIndex: number, told: Noted | null): void => {
    if (leafIndex >= end) ahead.set(leafIndex, told)
    for (let next = ahead.get(end); next !== undefined; next = ahead.get(end)) {
      ahead.delete(end)
      end += 1
      if (next !== null) noted.push(next)
    }
    if (noted.length > NOTED_MAX) {
      start = (noted[noted.length - NOTED_MAX / 2 - 1]?.leafIndex ?? end) + 1
      noted = noted.slice(-NOTED_MAX / 2)
    }
  }
  const transact: Store['transact'] = async (touches, change) => {
    const appended: (readonly [number, Noted | null])[] = []
    const value = await store.transact(touches, (transaction) => {
      appended.length = 0
      return change({ ...transaction, append: noting(transaction, appended) })
    })
    for (const [leafIndex, told] of appended) note(leafIndex, told)
    return value
  }
  return {
    store: { ...store, transact },
    from: (leafIndex) =>
      leafIndex < start || leafIndex >= end
        ? undefined
        : { noted: noted.slice(noted.findLastIndex((each) => each.leafIndex < leafIndex) + 1), end },
  }
}

function noting(transaction: Transaction, appended: (readonly [number, Noted | null])[]): Transaction['append'] {
  return (entry) => {
    const placed = transaction.append(entry)
    const { record } = entry
    const tells = eventsOf({ ...placed, record, state: 'whole' }).length > 0
    appended.push([placed.leafIndex, tells ? { ...placed, tenant: record.tenant, id: record.id } : null])
    return placed
  }
}
