import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

import type { LeafPayload } from '../../audit/leaf.ts'
import { EMPTY_FRONTIER, type Frontier, frontierFromJson, type FrontierJson, type NodeLookup } from '../../audit/tree.ts'
import { ServiceError } from '../../format/error.ts'
import type { DocumentKey, DocumentKind } from '../../ledger/documents/documents.ts'
import type { RecordQuery, StoredRecord } from '../../ledger/store.ts'
import { TrustConstants } from '../../trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../trust/default-constants.ts'
import { erasableMembers } from '../seal.ts'
import { nodeLookup } from '../tree-nodes.ts'
import { selectRecords, STORED_RECORD, storedRecord } from './record-query.ts'
import { nodeId } from './schema.ts'
import type { SignedTreeHead } from './writer-protocol.ts'

type Row = Readonly<Record<string, SQLInputValue>>

/** What is committed, read as the store's nouns. */
export type Reader = {
  readonly document: (key: DocumentKey) => string | undefined
  readonly documents: (kinds: readonly DocumentKind[]) => Iterable<{ readonly key: DocumentKey; readonly text: string }>
  readonly record: (tenant: string, id: string) => StoredRecord | undefined
  readonly records: (query: RecordQuery) => readonly StoredRecord[]
  readonly list: (kind: DocumentKind, tenant: string) => readonly string[]
  readonly tenants: () => readonly string[]
  readonly lastId: () => string
  /** When the newest record was, ms since 1970; 0 where there is none. */
  readonly lastAtMs: () => number
  readonly archived: (digest: string) => Uint8Array | undefined
  /** Which of these members still have values. Throws `not_found`. */
  readonly erasable: (leafIndex: number, members: readonly string[]) => readonly string[]
  readonly leafHash: (leafIndex: number) => Uint8Array | undefined
  /** Complete subtrees of the committed tree; throws `store_corrupt` for one that is not there. */
  readonly node: NodeLookup
  /** The trust constants in force. */
  readonly constants: () => TrustConstants
}

/** Walks the tenants' first rows instead of all rows. */
const TENANTS = `
  WITH RECURSIVE each (tenant) AS (
    SELECT min(tenant) FROM records
    UNION ALL SELECT (SELECT min(tenant) FROM records WHERE tenant > each.tenant) FROM each WHERE each.tenant IS NOT NULL
  ) SELECT tenant FROM each WHERE tenant IS NOT NULL`

/** A reader on an open database. */
export function createReader(database: DatabaseSync): Reader {
  const document = database.prepare('SELECT document FROM documents WHERE kind = ? AND tenant = ? AND id = ?')
  const record = database.prepare(`${STORED_RECORD} WHERE id = ? AND tenant = ?`)
  const ids = database.prepare('SELECT id FROM documents WHERE kind = ? AND tenant = ? ORDER BY id')
  const archived = database.prepare('SELECT bytes FROM policy_sets WHERE digest = ?')
  const constants = database.prepare("SELECT value FROM state WHERE name = 'constants'")
  return {
    document: ({ kind, tenant, id }) => document.get(kind, tenant, id)?.['document'] as string | undefined,
    documents: (kinds) => documentsOfKinds(database, kinds),
    record: (tenant, id) => {
      const row = record.get(id, tenant)
      return row === undefined ? undefined : storedRecord(row)
    },
    records: (query) => selectRecords(database, query),
    list: (kind, tenant) => ids.all(kind, tenant).map((row) => row['id'] as string),
    tenants: () =>
      database
        .prepare(TENANTS)
        .all()
        .map((row) => row['tenant'] as string),
    lastId: () => (database.prepare("SELECT coalesce(max(id), '') AS id FROM records").get()?.['id'] ?? '') as string,
    lastAtMs: () =>
      (database.prepare('SELECT at_ms FROM records ORDER BY leaf_index DESC LIMIT 1').get()?.['at_ms'] ?? 0) as number,
    archived: (digest) => archived.get(digest)?.['bytes'] as Uint8Array | undefined,
    erasable: (leafIndex, members) => erasableMembers(payloadOf(database, leafIndex), members),
    constants: () => {
      const text = constants.get()?.['value']
      return typeof text === 'string' ? TrustConstants.parse(JSON.parse(text)) : DEFAULT_TRUST_CONSTANTS
    },
    ...treeReader(database),
  }
}

function treeReader(database: DatabaseSync): Pick<Reader, 'leafHash' | 'node'> {
  const hash = database.prepare('SELECT leaf_hash AS hash FROM records WHERE leaf_index = ?')
  const node = database.prepare('SELECT hash FROM nodes WHERE id = ?')
  const leafHash = (leafIndex: number): Uint8Array | undefined => hash.get(leafIndex)?.['hash'] as Uint8Array | undefined
  return {
    leafHash,
    node: nodeLookup((level, index) => {
      const found = level === 0 ? leafHash(index) : (node.get(nodeId(level, index))?.['hash'] as Uint8Array | undefined)
      if (found === undefined) throw new ServiceError('store_corrupt', `The tree has no node ${index} at level ${level}`)
      return found
    }),
  }
}

function* documentsOfKinds(
  database: DatabaseSync,
  kinds: readonly DocumentKind[],
): Iterable<{ readonly key: DocumentKey; readonly text: string }> {
  const places = kinds.map(() => '?').join(', ')
  const all = database.prepare(`SELECT kind, tenant, id, document FROM documents WHERE kind IN (${places})`)
  for (const row of all.iterate(...kinds) as Iterable<Row>) {
    yield {
      key: { kind: row['kind'] as DocumentKind, tenant: row['tenant'] as string, id: row['id'] as string },
      text: row['document'] as string,
    }
  }
}

/** What stands beside a leaf. Throws `not_found`. */
export function payloadOf(database: DatabaseSync, leafIndex: number): LeafPayload {
  const row = database
    .prepare('SELECT payload FROM records LEFT JOIN payloads USING (leaf_index) WHERE leaf_index = ?')
    .get(leafIndex)
  if (row === undefined) throw new ServiceError('not_found', `There is no record ${leafIndex}`)
  return (typeof row['payload'] === 'string' ? JSON.parse(row['payload']) : {}) as LeafPayload
}

/** The newest signed tree head; undefined before the first. */
export function readHead(database: DatabaseSync): SignedTreeHead | undefined {
  const row = database.prepare('SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1').get()
  return row === undefined ? undefined : { size: row['size'] as number, note: row['note'] as string }
}

/** The stored frontier of the tree. Throws `store_corrupt` when it is none. */
export function readFrontier(database: DatabaseSync): Frontier {
  const text = database.prepare("SELECT value FROM state WHERE name = 'tree'").get()?.['value']
  if (typeof text !== 'string') return EMPTY_FRONTIER
  const frontier = parseFrontier(text)
  if (frontier === undefined)
    throw new ServiceError('store_corrupt', 'The stored tree is damaged', { fix: 'restore the data directory from a backup' })
  return frontier
}

/** A frontier from its stored text. */
function parseFrontier(text: string): Frontier | undefined {
  try {
    const json = JSON.parse(text) as FrontierJson
    return frontierFromJson(json)
  } catch {
    return undefined
  }
}
