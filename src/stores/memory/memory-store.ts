import { encodeBase64 } from '../../audit/base64.ts'
import type { LeafPayload } from '../../audit/leaf.ts'
import type { LeafRecord } from '../../audit/record-draft.ts'
import { generateNoteKey, type NoteSigner, noteSigner, signCheckpoint } from '../../audit/note.ts'
import {
  appendLeaves,
  consistencyProof,
  EMPTY_FRONTIER,
  type Frontier,
  frontierRoot,
  inclusionProof,
  leafHash,
  type NodeLookup,
} from '../../audit/tree.ts'
import { invariant, ServiceError } from '../../format/error.ts'
import { byCodeUnit } from '../../format/order.ts'
import type { Projector } from '../../ledger/projector.ts'
import { SENSITIVE_POINTERS } from '../../ledger/record.ts'
import type { RecordProof, RecordQuery, Store, StoredRecord, TreeGrowth } from '../../ledger/store.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../trust/default-constants.ts'
import { createDocumentMap, type DocumentMap } from '../document-map.ts'
import { checkQuery, matchesQuery } from '../record-filter.ts'
import { erasableMembers, openEntry, saltSource, sealEntry, withoutValues } from '../seal.ts'
import { createTransactions, type Entry, recordName, type Transactions } from '../transactions.ts'
import { isKeptLevel, nodeLookup } from '../tree-nodes.ts'

/** What a memory store needs. */
export type MemoryStoreOptions = { readonly project: Projector; readonly origin: string }

/** A store that forgets everything at its end, and the key its tree heads are verified with. */
export type MemoryStore = Store & { readonly vkey: string }

type Row = { readonly leaf: Uint8Array; payload: LeafPayload; readonly hash: Uint8Array }

/** The log in memory, its tree, and what was archived beside it. */
type MemoryLog = {
  readonly origin: string
  readonly signer: NoteSigner
  readonly salts: () => Uint8Array
  readonly rows: Row[]
  /** Leaf indexes by the name of a record. */
  readonly indexes: Map<string, number>
  readonly tenants: Set<string>
  readonly archive: Map<string, Uint8Array>
  readonly nodes: Map<string, Uint8Array>
  frontier: Frontier
}

/** State and log in memory: the semantics of the durable stores, the same tree and signatures, nothing on disk. */
export function createMemoryStore({ project, origin }: MemoryStoreOptions): MemoryStore {
  const log = emptyLog(origin)
  const documents = createDocumentMap()
  const { view, transact } = transactionsOn(log, documents, project)
  let closed = false
  const settle = <T>(run: () => T): Promise<T> =>
    new Promise((resolve) => {
      if (closed) throw new ServiceError('not_ready', 'The store is closed')
      resolve(run())
    })
  return {
    vkey: log.signer.vkey,
    transact: (_touches, change) =>
      settle(() => {
        const { value, entries } = transact(change)
        for (const entry of entries) write(log, entry)
        return value
      }),
    read: (_touches, look) => settle(() => look(view)),
    query: (query) => settle(() => selectRecords(log, query)),
    list: (kind, tenant) => settle(() => documents.list(kind, tenant)),
    tenants: () => settle(() => [...log.tenants].sort(byCodeUnit)),
    archive: (digest, bytes) => settle(() => archive(log, digest, bytes)),
    archived: (digest) => settle(() => log.archive.get(digest)),
    erasable: (leafIndex, members) => settle(() => erasableMembers(rowOf(log, leafIndex).payload, members)),
    erase: (leafIndexes, members) => settle(() => eraseRows(log, leafIndexes, members)),
    proof: (leafIndex) => settle(() => proofOf(log, leafIndex)),
    growth: (from) => settle(() => growthOf(log, from)),
    checkpoint: () => settle(() => checkpoint(log)),
    size: () => log.rows.length,
    fenced: () => undefined,
    close: () => {
      closed = true
      return Promise.resolve()
    },
  }
}

function transactionsOn(log: MemoryLog, documents: DocumentMap, project: Projector): Transactions {
  return createTransactions({
    project,
    documents,
    record: (tenant, id) => findRecord(log, tenant, id),
    constants: DEFAULT_TRUST_CONSTANTS,
    size: 0,
    lastId: '',
    lastAtMs: 0,
  })
}

function emptyLog(origin: string): MemoryLog {
  return {
    origin,
    signer: newSigner(origin),
    salts: saltSource(),
    rows: [],
    indexes: new Map(),
    tenants: new Set(),
    archive: new Map(),
    nodes: new Map(),
    frontier: EMPTY_FRONTIER,
  }
}

function newSigner(origin: string): NoteSigner {
  const made = noteSigner(origin, generateNoteKey())
  if (!made.ok) throw new ServiceError('bad_config', `The audit origin cannot name a key: ${made.error.message}`)
  return made.signer
}

function findRecord(log: MemoryLog, tenant: string, id: string): StoredRecord | undefined {
  const leafIndex = log.indexes.get(recordName(tenant, id))
  return leafIndex === undefined ? undefined : storedRecord(log, leafIndex)
}

function storedRecord({ rows }: MemoryLog, leafIndex: number): StoredRecord {
  const row = rows[leafIndex]
  invariant(row !== undefined, 'a leaf index belongs to a record')
  return openEntry(leafIndex, row.leaf, row.payload)
}

function write(log: MemoryLog, { leafIndex, record, text, masked }: Entry): void {
  const { leaf, payload } = sealEntry(JSON.parse(text) as LeafRecord, SENSITIVE_POINTERS[record.kind], masked, log.salts)
  const hash = leafHash(leaf)
  log.rows.push({ leaf, payload, hash })
  log.indexes.set(recordName(record.tenant, record.id), leafIndex)
  log.tenants.add(record.tenant)
  log.frontier = appendLeaves(log.frontier, [hash], (level, index, node) => {
    if (isKeptLevel(level)) log.nodes.set(`${level}/${index}`, node)
  })
}

function archive({ archive: archived }: MemoryLog, digest: string, bytes: Uint8Array): void {
  if (!archived.has(digest)) archived.set(digest, Uint8Array.from(bytes))
}

function proofOf(log: MemoryLog, leafIndex: number): RecordProof | undefined {
  const row = log.rows[leafIndex]
  if (row === undefined) return undefined
  const path = inclusionProof(leafIndex, log.frontier.size, nodesOf(log)).map(encodeBase64)
  return { leafIndex, leafHash: encodeBase64(row.hash), path, checkpoint: checkpoint(log) }
}

function growthOf(log: MemoryLog, from: number): TreeGrowth | undefined {
  const { size } = log.frontier
  if (from > size) return undefined
  return { size, checkpoint: checkpoint(log), path: consistencyProof(from, size, nodesOf(log)).map(encodeBase64) }
}

function nodesOf(log: MemoryLog): NodeLookup {
  return nodeLookup((level, index) => {
    const hash = level === 0 ? log.rows[index]?.hash : log.nodes.get(`${level}/${index}`)
    invariant(hash !== undefined, 'complete subtrees are kept')
    return hash
  })
}

function checkpoint({ origin, frontier, signer }: MemoryLog): string {
  return signCheckpoint({ origin, size: frontier.size, root: frontierRoot(frontier) }, signer)
}

function selectRecords(log: MemoryLog, query: RecordQuery): readonly StoredRecord[] {
  const size = log.rows.length
  const checked = checkQuery(query)
  const found: StoredRecord[] = []
  // Opening a record costs a hash: what the page does not hold is not opened.
  const down = query.newestFirst === true
  const first = down ? Math.min(size, query.from ?? size) - 1 : (query.from ?? 0)
  for (let leafIndex = first; leafIndex >= 0 && leafIndex < size && found.length < query.limit; leafIndex += down ? -1 : 1) {
    const each = storedRecord(log, leafIndex)
    if (matchesQuery(checked, leafIndex, each.record)) found.push(each)
  }
  return found
}

function rowOf({ rows }: MemoryLog, leafIndex: number): Row {
  const row = rows[leafIndex]
  if (row === undefined) throw new ServiceError('not_found', `There is no record ${leafIndex}`)
  return row
}

function eraseRows(log: MemoryLog, leafIndexes: readonly number[], members: readonly string[]): number {
  let values = 0
  for (const row of leafIndexes.map((leafIndex) => rowOf(log, leafIndex))) {
    const without = withoutValues(row.payload, members)
    row.payload = without.payload
    values += without.values
  }
  return values
}
