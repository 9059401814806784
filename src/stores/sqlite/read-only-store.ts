import { encodeBase64 } from '../../audit/base64.ts'
import { inclusionProof } from '../../audit/tree.ts'
import { ServiceError } from '../../format/error.ts'
import { type DocumentKey, type DocumentKind, DOCUMENTS, type Documents } from '../../ledger/documents/documents.ts'
import type { Store, View } from '../../ledger/store.ts'
import { DEFAULT_TRUST_CONSTANTS, TrustConstants } from '../../trust/constants.ts'
import { storeFiles } from './files.ts'
import { openDatabase } from './log-reader.ts'
import { createReader, readFrontier, readHead } from './reader.ts'

/** The part of a store that reads: for commands beside a running server. Sees what is committed at each call. */
export type ReadOnlyStore = Pick<
  Store,
  'read' | 'query' | 'list' | 'tenants' | 'archived' | 'proof' | 'checkpoint' | 'size' | 'close'
>

/**
 * Opens the store in a directory for reading only; takes no lock. A proof needs a signed head that covers the record: undefined
 * until the server has signed one. Throws `not_found`, `store_corrupt` or `io`.
 */
export function openReadOnlyStore(dataDir: string): ReadOnlyStore {
  const database = openDatabase(dataDir)
  const { database: file } = storeFiles(dataDir)
  const reader = createReader(database)
  const view: View = {
    document: <K extends DocumentKind>(key: DocumentKey<K>) => {
      const text = reader.document(key)
      return text === undefined ? undefined : (DOCUMENTS[key.kind].parse(JSON.parse(text)) as Documents[K])
    },
    record: reader.record,
    constants: () => {
      const text = reader.state('constants')
      return text === undefined ? DEFAULT_TRUST_CONSTANTS : TrustConstants.parse(JSON.parse(text))
    },
    stateVersion: () => readFrontier(database).size,
  }
  const settle = <T>(run: () => T): Promise<T> => new Promise((resolve) => resolve(run()))
  return {
    read: (_touches, look) => settle(() => look(view)),
    query: (query) => settle(() => reader.records(query)),
    list: (kind, tenant) => settle(() => reader.list(kind, tenant)),
    tenants: () => settle(reader.tenants),
    archived: (digest) => settle(() => reader.archived(digest)),
    proof: (leafIndex) =>
      settle(() => {
        const head = readHead(database)
        const hash = reader.leafHash(leafIndex)
        if (head === undefined || hash === undefined || leafIndex >= head.size) return undefined
        const path = inclusionProof(leafIndex, head.size, reader.node).map(encodeBase64)
        return { leafIndex, leafHash: encodeBase64(hash), path, checkpoint: head.note }
      }),
    checkpoint: () =>
      settle(() => {
        const head = readHead(database)
        if (head === undefined)
          throw new ServiceError('not_ready', `No tree head of ${file} is signed yet`, { fix: 'start the server once' })
        return head.note
      }),
    size: () => readFrontier(database).size,
    close: () => settle(() => database.close()),
  }
}
