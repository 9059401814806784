import { AsyncLocalStorage } from 'node:async_hooks'

import { InvariantError, invariant } from '../../format/error.ts'
import type { NewRecord, Store, Transaction } from '../../ledger/store.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { ReadOnlyStore } from '../../stores/sqlite/read-only-store.ts'

/** One job of the thread that reads, while it runs. */
export type ReadingJob = {
  readonly left: AbortSignal
  readonly nowMs: number
  readonly policySet: PolicySet
  /** What the log has to say of it; written by who asked. */
  readonly notes: Readonly<Record<string, unknown>>[]
}

/** The job that the running code belongs to: several take turns. */
export const reading = new AsyncLocalStorage<ReadingJob>()

/** The job that the running code belongs to. */
export function currentReading(): ReadingJob {
  const current = reading.getStore()
  invariant(current !== undefined, 'nothing is read outside of a job')
  return current
}

/** A store that only reads, and stops reading for who has left. The one record that reading writes is noted down instead. */
export function readingStore(store: ReadOnlyStore): Store {
  const stay = <T>(read: () => T): T => {
    currentReading().left.throwIfAborted()
    return read()
  }
  return {
    read: (documentKeys, view) => stay(() => store.read(documentKeys, view)),
    query: (query) => stay(() => store.query(query)),
    list: (kind, tenant) => stay(() => store.list(kind, tenant)),
    tenants: () => stay(store.tenants),
    archived: (digest) => stay(() => store.archived(digest)),
    proof: (leafIndex) => stay(() => store.proof(leafIndex)),
    growth: (from) => stay(() => store.growth(from)),
    checkpoint: () => stay(store.checkpoint),
    size: store.size,
    close: store.close,
    fenced: () => undefined,
    transact: (documentKeys, change) => store.read(documentKeys, (view) => change(noting(view))),
    archive: refuseToWrite,
    erasable: refuseToWrite,
    erase: refuseToWrite,
  }
}

function noting(view: Omit<Transaction, 'append'>): Transaction {
  return {
    ...view,
    append: ({ record }: NewRecord) => {
      const { verb, detail } = record.body
      invariant(record.kind === 'operator' && verb === 'read_audit', 'reading writes only that the log was read')
      currentReading().notes.push(detail as ReadingJob['notes'][number])
      return { leafIndex: view.stateVersion() }
    },
  }
}

function refuseToWrite(): Promise<never> {
  return Promise.reject(new InvariantError('the thread that reads does not write'))
}
