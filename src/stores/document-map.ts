import { byCodeUnit } from '../format/order.ts'
import { DOCUMENT_KINDS, type DocumentKey, type DocumentKind, type Documents } from '../ledger/documents/documents.ts'
import type { DocumentTable } from './transactions.ts'

type ById = Map<string, Documents[DocumentKind]>

/** Documents in memory, by kind, tenant and id. */
export type DocumentMap = DocumentTable & {
  readonly has: (key: DocumentKey) => boolean
  readonly delete: (key: DocumentKey) => void
  /** Ids of a tenant's documents of a kind, sorted by code unit. */
  readonly list: (kind: DocumentKind, tenant: string) => readonly string[]
}

/** An empty table of documents. */
export function createDocumentMap(): DocumentMap {
  const kinds = Object.fromEntries(DOCUMENT_KINDS.map((kind) => [kind, new Map<string, ById>()])) as Record<
    DocumentKind,
    Map<string, ById>
  >
  const get = <K extends DocumentKind>({ kind, tenant, id }: DocumentKey<K>): Documents[K] | undefined =>
    kinds[kind].get(tenant)?.get(id) as Documents[K] | undefined
  const set = ({ kind, tenant, id }: DocumentKey, document: Documents[DocumentKind]): void => {
    const byId = kinds[kind].get(tenant)
    if (byId === undefined) kinds[kind].set(tenant, new Map([[id, document]]))
    else byId.set(id, document)
  }
  const remove = ({ kind, tenant, id }: DocumentKey): void => {
    kinds[kind].get(tenant)?.delete(id)
  }
  return {
    get,
    set,
    has: (key) => get(key) !== undefined,
    delete: remove,
    restorer: (key) => {
      const before = get(key)
      return before === undefined ? () => remove(key) : () => set(key, before)
    },
    list: (kind, tenant) => [...(kinds[kind].get(tenant)?.keys() ?? [])].sort(byCodeUnit),
  }
}
