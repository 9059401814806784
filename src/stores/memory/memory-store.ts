import { encodeBase64 } from '../../audit/base64.ts'
import type { LeafPayload, LeafRecord } from '../../audit/leaf.ts'
import { generateNoteKey, noteSigner, signCheckpoint } from '../../audit/note.ts'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, inclusionProof, leafHash } from '../../audit/tree.ts'
import { invariant, ServiceError } from '../../format/error.ts'
import { SENSITIVE_POINTERS } from '../../ledger/record.ts'
import type { RecordQuery, Store, StoredRecord } from '../../ledger/store.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../trust/constants.ts'
import { createDocumentMap } from '../document-map.ts'
import { createLedger, type Entry, type Projector } from '../ledger.ts'
import { checkQuery, matchesQuery } from '../record-filter.ts'
import { erasable, openEntry, saltSource, sealEntry } from '../seal.ts'
import { isKeptLevel, nodeLookup } from '../tree-store.ts'

/** What a memory store needs. */
export type MemoryStoreOptions = { readonly project: Projector; readonly origin: string }

/** A store that forgets everything at its end, and the key its tree heads are verified with. */
export type MemoryStore = Store & { readonly vkey: string }

type Row = { readonly leaf: Uint8Array; payload: LeafPayload; readonly hash: Uint8Array }

/** State and log in memory: the semantics of the durable stores, the same tree and signatures, nothing on disk. */
export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const signer = newSigner(options.origin)
  const documents = createDocumentMap()
  const rows: Row[] = []
  const places = new Map<string, number>()
  const tenants = new Set<string>()
  const archive = new Map<string, Uint8Array>()
  const nodes = new Map<string, Uint8Array>()
  const salts = saltSource()
  let frontier = EMPTY_FRONTIER
  let closed = false

  const stored = (leafIndex: number): StoredRecord => {
    const row = rows[leafIndex]
    invariant(row !== undefined, 'a place belongs to a record')
    return openEntry(leafIndex, row.leaf, row.payload)
  }
  const record = (tenant: string, id: string): StoredRecord | undefined => {
    const leafIndex = places.get(placeName(tenant, id))
    return leafIndex === undefined ? undefined : stored(leafIndex)
  }
  const ledger = createLedger({
    project: options.project,
    documents,
    record,
    constants: DEFAULT_TRUST_CONSTANTS,
    size: 0,
    lastId: '',
  })

  const write = (entry: Entry): void => {
    const { leaf, payload } = sealEntry(
      JSON.parse(entry.text) as LeafRecord,
      SENSITIVE_POINTERS[entry.record.kind],
      entry.masked,
      salts,
    )
    const hash = leafHash(leaf)
    rows.push({ leaf, payload, hash })
    places.set(placeName(entry.record.tenant, entry.record.id), entry.leafIndex)
    tenants.add(entry.record.tenant)
    frontier = appendLeaves(frontier, [hash], (level, index, node) => {
      if (isKeptLevel(level)) nodes.set(`${level}/${index}`, node)
    })
  }
  const node = nodeLookup((level, index) => {
    const hash = level === 0 ? rows[index]?.hash : nodes.get(`${level}/${index}`)
    invariant(hash !== undefined, 'complete subtrees are kept')
    return hash
  })
  const checkpoint = (): string =>
    signCheckpoint({ origin: options.origin, size: frontier.size, root: frontierRoot(frontier) }, signer)
  const requireOpen = (): void => {
    if (closed) throw new ServiceError('not_ready', 'The store is closed')
  }
  const settle = <T>(run: () => T): Promise<T> =>
    new Promise((resolve) => {
      requireOpen()
      resolve(run())
    })

  return {
    vkey: signer.vkey,
    transact: (_touches, change) =>
      settle(() => {
        const outcome = ledger.transact(change)
        outcome.entries.forEach(write)
        return outcome.value
      }),
    read: (_touches, view) => settle(() => view(ledger.view)),
    query: (query) => settle(() => select(query, rows.length, stored)),
    list: (kind, tenant) => settle(() => documents.list(kind, tenant)),
    tenants: () => settle(() => [...tenants].sort()),
    archive: (digest, bytes) =>
      settle(() => {
        if (!archive.has(digest)) archive.set(digest, Uint8Array.from(bytes))
      }),
    archived: (digest) => settle(() => archive.get(digest)),
    erase: (leafIndex, pointers) => settle(() => eraseRow(rows[leafIndex], pointers)),
    proof: (leafIndex) =>
      settle(() => {
        const row = rows[leafIndex]
        if (row === undefined) return undefined
        const path = inclusionProof(leafIndex, frontier.size, node).map(encodeBase64)
        return { leafIndex, leafHash: encodeBase64(row.hash), path, checkpoint: checkpoint() }
      }),
    checkpoint: () => settle(checkpoint),
    size: () => rows.length,
    fenced: () => undefined,
    close: () => {
      closed = true
      return Promise.resolve()
    },
  }
}

function newSigner(origin: string): Extract<ReturnType<typeof noteSigner>, { ok: true }>['signer'] {
  const made = noteSigner(origin, generateNoteKey())
  if (!made.ok) throw new ServiceError('bad_config', `The audit origin cannot name a key: ${made.error.message}`)
  return made.signer
}

function placeName(tenant: string, id: string): string {
  return `${encodeURIComponent(tenant)}/${id}`
}

function select(query: RecordQuery, size: number, stored: (leafIndex: number) => StoredRecord): readonly StoredRecord[] {
  const checked = checkQuery(query)
  const found: StoredRecord[] = []
  // Opening a record costs a hash: what the page does not hold is not opened.
  const down = query.newestFirst === true
  const first = down ? Math.min(size, query.from ?? size) - 1 : (query.from ?? 0)
  for (let leafIndex = first; leafIndex >= 0 && leafIndex < size && found.length < query.limit; leafIndex += down ? -1 : 1) {
    const each = stored(leafIndex)
    if (matchesQuery(checked, leafIndex, each.record)) found.push(each)
  }
  return found
}

function eraseRow(row: Row | undefined, pointers: readonly string[]): number {
  if (row === undefined) throw new ServiceError('not_found', 'There is no such record')
  const gone = erasable(row.payload, pointers)
  row.payload = Object.fromEntries(Object.entries(row.payload).filter(([pointer]) => !gone.includes(pointer)))
  return gone.length
}
