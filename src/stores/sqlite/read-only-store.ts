import { ServiceError } from '../../format/error.ts'
import { type DocumentKey, type DocumentKind, DOCUMENTS, type Documents } from '../../ledger/documents/documents.ts'
import type { Store, View } from '../../ledger/store.ts'
import { openDatabase } from './connection.ts'
import { createReader, type Reader, readFrontier, readHead } from './reader.ts'
import { recordProof, treeGrowth } from './record-proof.ts'
import { pagedQuery } from './record-query.ts'
import { storeFiles } from './store-files.ts'
import type { SignedTreeHead } from './writer-protocol.ts'

/** The part of a store that reads: for commands beside a running server. Sees what is committed at each call. */
export type ReadOnlyStore = Pick<
  Store,
  'read' | 'query' | 'list' | 'tenants' | 'archived' | 'proof' | 'growth' | 'checkpoint' | 'size' | 'close'
>

/**
 * Opens the store in a directory for reading only; takes no lock. A proof needs a signed head that covers the record: undefined
 * until the server has signed one. Throws `not_found`, `store_corrupt` or `io`.
 */
export function openReadOnlyStore(dataDir: string): ReadOnlyStore {
  const database = openDatabase(dataDir)
  const { database: file } = storeFiles(dataDir)
  const reader = createReader(database)
  const view = viewOf(reader, () => readFrontier(database).size)
  const signedHead = (): SignedTreeHead => {
    const head = readHead(database)
    if (head !== undefined) return head
    throw new ServiceError('not_ready', `No tree head of ${file} is signed yet`, { fix: 'start the server once' })
  }
  const settle = <T>(run: () => T | Promise<T>): Promise<T> => new Promise((resolve) => resolve(run()))
  return {
    read: (_touches, look) => settle(() => look(view)),
    query: (query) => settle(() => pagedQuery(reader, query)),
    list: (kind, tenant) => settle(() => reader.list(kind, tenant)),
    tenants: () => settle(reader.tenants),
    archived: (digest) => settle(() => reader.archived(digest)),
    proof: (leafIndex) =>
      settle(() => {
        const head = readHead(database)
        return head === undefined || leafIndex >= head.size ? undefined : recordProof(reader, leafIndex, head)
      }),
    growth: (from) => settle(() => treeGrowth(reader, from, signedHead())),
    checkpoint: () => settle(() => signedHead().note),
    size: () => readFrontier(database).size,
    close: () => settle(() => database.close()),
  }
}

function viewOf(reader: Reader, stateVersion: () => number): View {
  return {
    document: <K extends DocumentKind>(key: DocumentKey<K>) => {
      const text = reader.document(key)
      return text === undefined ? undefined : (DOCUMENTS[key.kind].parse(JSON.parse(text)) as Documents[K])
    },
    record: reader.record,
    constants: reader.constants,
    stateVersion,
  }
}
