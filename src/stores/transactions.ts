import type { LeafRecord } from '../audit/record-draft.ts'
import { invariant, ServiceError } from '../format/error.ts'
import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../ledger/documents/documents.ts'
import type { ProjectionState } from '../ledger/fold/fold.ts'
import type { Projector } from '../ledger/projector.ts'
import { type AuditRecord, SENSITIVE_POINTERS } from '../ledger/record.ts'
import type { Appended, NewRecord, StoredRecord, Transaction, View } from '../ledger/store.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { openEntry, recordText, saltSource, sealEntry } from './seal.ts'

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

/** What transactions stand on. */
export type TransactionBase = {
  readonly project: Projector
  readonly documents: DocumentTable
  /** A record that an earlier change appended. */
  readonly record: (tenant: string, id: string) => StoredRecord | undefined
  readonly constants: TrustConstants
  readonly size: number
  /** The greatest id of all records; ids above it are new without looking. */
  readonly lastId: string
  /** When the newest record was, ms since 1970; 0 where there is none. */
  readonly lastAtMs: number
}

/** The name of a record among all of a store. */
export function recordName(tenant: string, id: string): string {
  return `${encodeURIComponent(tenant)}/${id}`
}

/** State and end of the log in memory: applies changes in one sequence, each wholly or not at all. */
export type Transactions = {
  readonly view: View
  readonly transact: <T>(change: (transaction: Transaction) => T) => TransactionOutcome<T>
}

/** What a change that throws puts back. */
type Undo = {
  readonly size: number
  readonly lastId: string
  readonly constants: TrustConstants
  readonly restorers: (() => void)[]
}

type State = {
  readonly base: TransactionBase
  size: number
  lastId: string
  constants: TrustConstants
  lastAtMs: number
  /** Undefined outside of a change. */
  undo: Undo | undefined
  /** What the change under way appended, and which documents it changed. */
  entries: Entry[]
  changed: Map<string, DocumentKey>
}

/** Transactions over what an engine loaded. A change that throws leaves nothing behind; its error goes to the caller. */
export function createTransactions(base: TransactionBase): Transactions {
  const { size, lastId, lastAtMs, constants } = base
  const state: State = { base, size, lastId, constants, lastAtMs, undo: undefined, entries: [], changed: new Map() }
  const projection = projectionOf(state)
  const view: View = {
    document: base.documents.get,
    record: (tenant, id) => lookUp(state, tenant, id),
    constants: () => state.constants,
    stateVersion: () => state.size,
  }
  const transaction: Transaction = { ...view, append: (entry) => append(state, projection, entry) }
  return { view, transact: (change) => transact(state, transaction, change) }
}

function transact<T>(state: State, transaction: Transaction, change: (transaction: Transaction) => T): TransactionOutcome<T> {
  invariant(state.undo === undefined, 'changes do not nest')
  const { size, lastId, constants } = state
  const start: Undo = { size, lastId, constants, restorers: [] }
  state.undo = start
  try {
    const value = change(transaction)
    const { entries, changed } = state
    return { value, entries, changed: [...changed.values()], constantsChanged: state.constants !== start.constants }
  } catch (error) {
    for (const restore of start.restorers) restore()
    Object.assign(state, { size, lastId, constants })
    throw error
  } finally {
    state.undo = undefined
    state.entries = []
    state.changed = new Map()
  }
}

function append(state: State, projection: ProjectionState, { record: given, masked = [] }: NewRecord): Appended {
  invariant(state.undo !== undefined, 'a transaction is over when its change returns')
  if (given.id <= state.lastId && lookUp(state, given.tenant, given.id) !== undefined) {
    throw new ServiceError('conflict', `There is already a record ${JSON.stringify(given.id)}`)
  }
  const record = inOrder(state, given)
  const text = recordText(record, SENSITIVE_POINTERS[record.kind], masked)
  const leafIndex = state.size
  state.entries.push({ leafIndex, record, text, masked })
  state.size += 1
  if (record.id > state.lastId) state.lastId = record.id
  state.base.project(record.effects, state.lastAtMs, record.tenant, projection)
  return { leafIndex }
}

/** Requests that run side by side may arrive here in another order than they started: a log's times only rise. */
function inOrder(state: State, given: AuditRecord): AuditRecord {
  const givenMs = Date.parse(given.at)
  invariant(!Number.isNaN(givenMs), 'a record has a time')
  const atMs = Math.max(givenMs, state.lastAtMs)
  state.lastAtMs = atMs
  return atMs === givenMs ? given : { ...given, at: new Date(atMs).toISOString() }
}

function lookUp({ base, entries }: State, tenant: string, id: string): StoredRecord | undefined {
  const entry = entries.find(({ record }) => record.id === id && record.tenant === tenant)
  return entry === undefined ? base.record(tenant, id) : asStored(entry)
}

/** The state that effects are folded into; what was there before is remembered once for each document. */
function projectionOf(state: State): ProjectionState {
  const { documents } = state.base
  return {
    document: documents.get,
    put: (key, document) => {
      const name = documentName(key)
      if (!state.changed.has(name)) state.undo?.restorers.push(documents.restorer(key))
      state.changed.set(name, key)
      documents.set(key, document)
    },
    constants: () => state.constants,
    useConstants: (next) => {
      state.constants = next
    },
  }
}
