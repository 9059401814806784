import { ServiceError } from '../../format/error.ts'
import { byCodeUnit } from '../../format/order.ts'
import {
  DOCUMENT_KINDS,
  type DocumentKey,
  type DocumentKind,
  documentName,
  DOCUMENTS,
  type Documents,
  PASSING_KINDS,
} from '../../ledger/documents/documents.ts'
import { createDocumentMap, type DocumentMap } from '../document-map.ts'
import type { DocumentTable } from '../transactions.ts'
import { createLruCache, type LruCache } from './lru-cache.ts'
import type { Reader } from './reader.ts'

/** Kinds of which there are as many as agents or their scopes: a million of them would fill the memory, so they are read when asked for. */
const AGENT_KINDS: readonly DocumentKind[] = ['agent', 'activity', 'rehearsal', 'bounds', 'watch', 'watch_scope']
const RESIDENT = DOCUMENT_KINDS.filter((kind) => !PASSING_KINDS.includes(kind) && !AGENT_KINDS.includes(kind))
/** Committed documents of agents that are kept in memory, about 2 kB each. */
const AGENT_DOCUMENTS_MAX = 65_536
/** Names under which there is nothing that are remembered: apart from the documents, so that made-up agents do not push out known ones. */
const ABSENT_MAX = 4_096

/** Documents of a SQLite store: residents, those not yet committed, those of agents seen lately, and the rest in the database. */
export type SqliteDocumentTable = DocumentTable & {
  /** Ids of all documents, committed or not. */
  readonly list: (kind: DocumentKind, tenant: string) => readonly string[]
  /** A change of these documents goes with this batch. */
  readonly mark: (keys: readonly DocumentKey[], batch: number) => void
  /** The batch is committed: what it wrote last can be read from the database again. */
  readonly release: (keys: readonly DocumentKey[], batch: number) => void
}

/** Loads the resident documents. Throws `store_corrupt` for one that is not what it should be. */
export function createDocumentTable(reader: Reader, agentDocumentsMax = AGENT_DOCUMENTS_MAX): SqliteDocumentTable {
  const map: DocumentMap = createDocumentMap()
  const recent = createLruCache<Documents[DocumentKind]>(agentDocumentsMax)
  const absent = createLruCache<true>(ABSENT_MAX)
  const committed = committedDocuments(reader, recent, absent)
  /** The newest batch that changes a document which is not resident. */
  const batches = new Map<string, number>()
  for (const { key, text } of reader.documents(RESIDENT)) map.set(key, parse(key, text))
  return {
    get: (key) => map.get(key) ?? committed(key),
    set: map.set,
    restorer: map.restorer,
    list: (kind, tenant) =>
      RESIDENT.includes(kind)
        ? map.list(kind, tenant)
        : [...new Set([...map.list(kind, tenant), ...reader.list(kind, tenant)])].sort(byCodeUnit),
    mark: (keys, batch) => {
      for (const key of keys.filter(isNotResident)) batches.set(documentName(key), batch)
    },
    release: (keys, batch) => {
      for (const key of keys.filter(isNotResident)) {
        const name = documentName(key)
        if (batches.get(name) !== batch) continue
        batches.delete(name)
        absent.forget(name)
        if (AGENT_KINDS.includes(key.kind)) recent.set(name, map.get(key) ?? null)
        map.delete(key)
      }
    },
  }
}

function isNotResident({ kind }: DocumentKey): boolean {
  return !RESIDENT.includes(kind)
}

/** Documents as the database has them; those of agents are kept for a while. */
function committedDocuments(
  reader: Reader,
  recent: LruCache<Documents[DocumentKind]>,
  absent: LruCache<true>,
): DocumentTable['get'] {
  const stored = <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined => {
    const text = reader.document(key)
    return text === undefined ? undefined : parse(key, text)
  }
  return <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined => {
    if (RESIDENT.includes(key.kind)) return undefined
    if (!AGENT_KINDS.includes(key.kind)) return stored(key)
    const name = documentName(key)
    const kept = recent.get(name)
    if (kept !== undefined) return (kept ?? undefined) as Documents[K] | undefined
    if (absent.get(name) === true) return undefined
    const found = stored(key)
    if (found === undefined) absent.set(name, true)
    else recent.set(name, found)
    return found
  }
}

function parse<K extends DocumentKind>(key: DocumentKey<K>, text: string): Documents[K] {
  try {
    return DOCUMENTS[key.kind].parse(JSON.parse(text)) as Documents[K]
  } catch (cause) {
    const fix = 'restore the data directory from a backup; "gradus audit verify" tells what is damaged'
    throw new ServiceError('store_corrupt', `The stored document ${documentName(key)} is not a valid ${key.kind} document`, {
      fix,
      cause,
    })
  }
}
