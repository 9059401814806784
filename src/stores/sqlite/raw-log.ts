import type { DatabaseSync } from 'node:sqlite'

import type { LogReader, LogRow } from '../../audit/log-reader.ts'
import type { DocumentKind } from '../../ledger/documents/documents.ts'
import { isKeptLevel } from '../tree-nodes.ts'
import { openDatabase } from './connection.ts'
import { nodeId, schemaDifferences } from './schema.ts'
import { onFile } from './sqlite-errors.ts'
import { storeFiles } from './store-files.ts'

type Row = Readonly<Record<string, unknown>>

/** The table is read itself, whatever its indexes say. */
const ROWS = 'SELECT records.*, payload FROM records NOT INDEXED LEFT JOIN payloads USING (leaf_index)'
const STRAY_PAYLOADS = 'SELECT leaf_index FROM payloads WHERE leaf_index NOT IN (SELECT leaf_index FROM records)'
/** What SQLite says is wrong at most. */
const DAMAGE_MAX = 100

/** The raw log of the store in a directory, as of now. */
export function openLog(dataDir: string): LogReader {
  const database = openDatabase(dataDir)
  const file = storeFiles(dataDir).database
  const node = database.prepare('SELECT hash FROM nodes WHERE id = ?')
  const row = database.prepare(`${ROWS} WHERE leaf_index = ?`)
  const state = database.prepare('SELECT value FROM state WHERE name = ?')
  const stateOf = (name: string): string | undefined => state.get(name)?.['value'] as string | undefined
  database.exec('BEGIN')
  const each = function* <T>(sql: string, read: (row: Row) => T): Iterable<T> {
    const rows = database.prepare(sql).iterate()
    for (;;) {
      const next = onFile(file, () => rows.next())
      if (next.done === true) return
      yield read(next.value)
    }
  }
  return {
    count: () => onFile(file, () => database.prepare('SELECT count(*) AS n FROM records').get()?.['n'] as number),
    rows: () => each(`${ROWS} ORDER BY leaf_index`, rowOf),
    row: (leafIndex) => {
      const found = onFile(file, () => row.get(leafIndex))
      return found === undefined ? undefined : rowOf(found)
    },
    ...besideRows(each),
    node: (level, index) => node.get(nodeId(level, index))?.['hash'] as Uint8Array | undefined,
    nodeCount: () => onFile(file, () => database.prepare('SELECT count(*) AS n FROM nodes').get()?.['n'] as number),
    damage: () => onFile(file, () => damageOf(database)),
    keepsLevel: isKeptLevel,
    frontier: () => stateOf('tree'),
    constants: () => stateOf('constants'),
    close: () => database.close(),
  }
}

/** Goes through what a statement gives, row by row. */
type Each = <T>(sql: string, read: (row: Row) => T) => Iterable<T>

function besideRows(each: Each): Pick<LogReader, 'strayPayloads' | 'documents' | 'checkpoints' | 'policySets'> {
  return {
    strayPayloads: () => each(`${STRAY_PAYLOADS} ORDER BY leaf_index`, (row) => row['leaf_index'] as number),
    documents: () =>
      each('SELECT * FROM documents', (row) => ({
        key: { kind: row['kind'] as DocumentKind, tenant: row['tenant'] as string, id: row['id'] as string },
        text: row['document'] as string,
      })),
    checkpoints: () =>
      each('SELECT size, note FROM checkpoints ORDER BY size', (row) => ({
        size: row['size'] as number,
        note: row['note'] as string,
      })),
    policySets: () =>
      each('SELECT digest, bytes FROM policy_sets', (row) => ({
        digest: row['digest'] as string,
        bytes: row['bytes'] as Uint8Array,
      })),
  }
}

function rowOf(row: Row): LogRow {
  const text = (name: string): string => row[name] as string
  const textOrNull = (name: string): string | null => row[name] as string | null
  return {
    leafIndex: row['leaf_index'] as number,
    columns: {
      tenant: text('tenant'),
      kind: text('kind'),
      id: text('id'),
      atMs: row['at_ms'] as number,
      agent: textOrNull('agent'),
      user: textOrNull('user'),
      action: textOrNull('action'),
      outcome: textOrNull('outcome'),
      decisionId: textOrNull('decision_id'),
    },
    leaf: row['leaf'] as Uint8Array,
    leafHash: row['leaf_hash'] as Uint8Array,
    payload: textOrNull('payload') ?? '{}',
  }
}

/** Queries go by indexes, the verifier by tables: an index without a record would hide it from readers alone. */
function damageOf(database: DatabaseSync): readonly string[] {
  const checked = database.prepare(`PRAGMA integrity_check(${DAMAGE_MAX})`).all()
  return [
    ...schemaDifferences(database),
    ...checked.map((each) => String(each['integrity_check'])).filter((each) => each !== 'ok'),
  ]
}
