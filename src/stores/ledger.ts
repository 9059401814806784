import type { LeafRecord } from '../audit/leaf.ts'
import { invariant, ServiceError } from '../format/error.ts'
import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import type { ProjectionState } from '../ledger/fold/fold.ts'
import { type AuditRecord, SENSITIVE_POINTERS } from '../ledger/record.ts'
import type { Appended, NewRecord, StoredRecord, Transaction, View } from '../ledger/store.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { openEntry, recordText, saltSource, sealEntry } from './seal.ts'

/** The fold of effects into state (`service/projection.ts`). */
export type Projector = (effects: readonly Effect[], nowMs: number, tenant: string, state: ProjectionState) => unknown

/** Where documents are kept. `restorer` remembers what is there now and puts it back when called. */
export type DocumentTable = {
  readonly get: <K extends DocumentKind>(key: DocumentKey<K>) => Documents[K] | undefined
  readonly set: <K extends DocumentKind>(key: DocumentKey<K>, document: Documents[K]) => void
  readonly restorer: (key: DocumentKey) => () => void
}

/** One appended record on its way to be sealed and written. */
export type Entry = {
  readonly leafIndex: number
  readonly record: AuditRecord
  readonly text: string
  readonly masked: readonly string[]
}

const salts = saltSource()

/** An entry that is not written yet, as it will be read: without the values of its masked members. */
export function asStored({ leafIndex, record, text, masked }: Entry): StoredRecord {
  if (masked.length === 0) return { leafIndex, record: JSON.parse(text) as AuditRecord, state: 'whole' }
  const { leaf, payload } = sealEntry(JSON.parse(text) as LeafRecord, SENSITIVE_POINTERS[record.kind], masked, salts)
  return openEntry(leafIndex, leaf, payload)
}

/** What one change did. */
export type TransactionOutcome<T> = {
  readonly value: T
  readonly entries: readonly Entry[]
  readonly changed: readonly DocumentKey[]
  readonly constantsChanged: boolean
}

/** What a ledger stands on. */
export type LedgerBase = {
  readonly project: Projector
  readonly documents: DocumentTable
  /** A record that an earlier change appended. */
  readonly record: (tenant: string, id: string) => StoredRecord | undefined
  readonly constants: TrustConstants
  readonly size: number
  /** The greatest id of all records; ids above it are new without looking. */
  readonly lastId: string
}

/** State and place of the log in memory: applies changes in one sequence, each wholly or not at all. */
export type StoreLedger = {
  readonly view: View
  readonly transact: <T>(change: (transaction: Transaction) => T) => TransactionOutcome<T>
}

type Undo = {
  readonly size: number
  readonly lastId: string
  readonly constants: TrustConstants
  readonly restorers: (() => void)[]
}

/** A ledger over what an engine loaded. A change that throws leaves nothing behind; its error goes to the caller. */
export function createLedger(base: LedgerBase): StoreLedger {
  let { size, lastId, constants } = base
  let lastAtMs = 0
  let undo: Undo | undefined
  let entries: Entry[] = []
  let changed = new Map<string, DocumentKey>()

  const put = <K extends DocumentKind>(key: DocumentKey<K>, document: Documents[K]): void => {
    const name = documentName(key)
    if (!changed.has(name)) undo?.restorers.push(base.documents.restorer(key))
    changed.set(name, key)
    base.documents.set(key, document)
  }
  const state: ProjectionState = {
    document: base.documents.get,
    put,
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
  const lookUp = (tenant: string, id: string): StoredRecord | undefined => {
    const entry = entries.find(({ record }) => record.id === id && record.tenant === tenant)
    return entry === undefined ? base.record(tenant, id) : asStored(entry)
  }
  const append = ({ record: given, masked = [] }: NewRecord): Appended => {
    invariant(undo !== undefined, 'a transaction is over when its change returns')
    if (given.id <= lastId && lookUp(given.tenant, given.id) !== undefined) {
      throw new ServiceError('conflict', `There is already a record ${JSON.stringify(given.id)}`)
    }
    const givenMs = Date.parse(given.at)
    invariant(!Number.isNaN(givenMs), 'a record has a time')
    // Requests that run side by side may arrive here in another order than they started: a log's times only rise.
    const atMs = Math.max(givenMs, lastAtMs)
    lastAtMs = atMs
    const record = atMs === givenMs ? given : { ...given, at: new Date(atMs).toISOString() }
    const text = recordText(record, SENSITIVE_POINTERS[record.kind], masked)
    const leafIndex = size
    entries.push({ leafIndex, record, text, masked })
    size += 1
    if (record.id > lastId) lastId = record.id
    base.project(record.effects, atMs, record.tenant, state)
    return { leafIndex }
  }
  const view: View = { document: base.documents.get, record: lookUp, constants: () => constants, stateVersion: () => size }
  const transaction: Transaction = { ...view, append }

  const rollBack = (to: Undo): void => {
    for (const restore of to.restorers) restore()
    ;({ size, lastId, constants } = to)
  }
  const transact = <T>(change: (transaction: Transaction) => T): TransactionOutcome<T> => {
    invariant(undo === undefined, 'changes do not nest')
    const start: Undo = { size, lastId, constants, restorers: [] }
    undo = start
    try {
      const value = change(transaction)
      return { value, entries, changed: [...changed.values()], constantsChanged: constants !== start.constants }
    } catch (error) {
      rollBack(start)
      throw error
    } finally {
      undo = undefined
      entries = []
      changed = new Map()
    }
  }
  return { view, transact }
}
