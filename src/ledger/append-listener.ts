import type { AuditRecord } from './record.ts'
import type { Store, Transaction } from './store.ts'

/** What is made of the records that are appended to a store. */
export type AppendListener<T> = {
  /** Looks at a record when it is appended, before anything of it is masked; it may still come to nothing. */
  readonly look: (record: AuditRecord, leafIndex: number) => T
  /** Takes what `look` made of a record once the record is durable: in the order of the log, without gaps. */
  readonly durable: (seen: T, leafIndex: number) => void
}

/** The same store, whose appends are listened to from here on. */
export function listenToAppends<S extends Store, T extends object>(store: S, listener: AppendListener<T>): S {
  let next = store.size()
  /** Records that are durable before one in front of them is known to be. */
  const ahead = new Map<number, T>()

  const settle = (leafIndex: number, seen: T): void => {
    if (leafIndex >= next) ahead.set(leafIndex, seen)
    for (let first = ahead.get(next); first !== undefined; first = ahead.get(next)) {
      ahead.delete(next)
      next += 1
      listener.durable(first, next - 1)
    }
  }
  const transact: Store['transact'] = async (touches, change) => {
    const appended: (readonly [number, T])[] = []
    const append =
      (transaction: Transaction): Transaction['append'] =>
      (entry) => {
        const placed = transaction.append(entry)
        appended.push([placed.leafIndex, listener.look(entry.record, placed.leafIndex)])
        return placed
      }
    const value = await store.transact(touches, (transaction) => {
      appended.length = 0
      return change({ ...transaction, append: append(transaction) })
    })
    for (const [leafIndex, seen] of appended) settle(leafIndex, seen)
    return value
  }
  return { ...store, transact }
}
