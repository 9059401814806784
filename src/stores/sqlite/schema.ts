import { DatabaseSync } from 'node:sqlite'

import { ServiceError } from '../../format/error.ts'

/** `application_id` of a Gradus database: "Grad" in ASCII. */
const APPLICATION_ID = 0x47726164

/** One step of the schema; applied once, in order, never changed afterwards. */
type Migration = { readonly name: string; readonly sql: string }

const refuseChange = (table: string, verb: 'UPDATE' | 'DELETE'): string =>
  `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
   BEGIN SELECT RAISE(ABORT, '${table} can only be appended to'); END;`

const appendOnly = (table: string): string => refuseChange(table, 'UPDATE') + refuseChange(table, 'DELETE')

/** The schema's history. The version of a database is the number of migrations applied to it. */
const MIGRATIONS: readonly Migration[] = [
  {
    name: 'records, tree and state',
    sql: `
      -- The log. Every column but leaf is taken from the leaf, for queries; the verifier compares them.
      CREATE TABLE records (
        leaf_index INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL,
        agent TEXT, user TEXT, action TEXT, outcome TEXT, decision_id TEXT,
        leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32), leaf BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX records_id ON records (id, tenant);
      CREATE INDEX records_at ON records (tenant, at_ms);
      CREATE INDEX records_kind ON records (kind, tenant) WHERE kind <> 'decision';
      CREATE INDEX records_agent ON records (agent, tenant) WHERE agent IS NOT NULL;
      CREATE INDEX records_user ON records (user, tenant) WHERE user IS NOT NULL;
      CREATE INDEX records_action ON records (action, tenant) WHERE action IS NOT NULL;
      CREATE INDEX records_outcome ON records (outcome, tenant) WHERE outcome IS NOT NULL;
      CREATE INDEX records_decision ON records (decision_id, tenant) WHERE decision_id IS NOT NULL;
      ${appendOnly('records')}
      CREATE TRIGGER records_in_order BEFORE INSERT ON records
        WHEN NEW.leaf_index <> (SELECT coalesce(max(leaf_index) + 1, 0) FROM records)
        BEGIN SELECT RAISE(ABORT, 'records are appended in order'); END;

      -- Sealed values and their salts, so that they can be erased.
      CREATE TABLE payloads (leaf_index INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;

      -- Roots of complete subtrees at every fourth level; id = level * 2^47 + index.
      CREATE TABLE nodes (id INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
      ${appendOnly('nodes')}
      CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
      ${appendOnly('checkpoints')}

      -- The tree's frontier ('tree') and the trust constants in force ('constants').
      CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
      CREATE TABLE documents (
        kind TEXT NOT NULL, tenant TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, tenant, id)
      ) STRICT;
      CREATE TABLE policy_sets (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
      ${appendOnly('policy_sets')}
    `,
  },
]

/** Brings a database to the newest schema. Throws `store_corrupt` for another program's file or one of a newer Gradus. */
export function migrate(database: DatabaseSync, file: string, now: () => number): void {
  requireOurs(database, file)
  database.exec(
    'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT',
  )
  for (let version = schemaVersion(database); version < MIGRATIONS.length; version += 1) {
    const { name, sql } = MIGRATIONS[version] as Migration
    inTransaction(database, () => {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
      database.exec(sql)
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(version + 1, name, now())
    })
  }
}

/** Checks that a file is a Gradus database of a version this program knows. */
export function requireOurs(database: DatabaseSync, file: string): void {
  const tables = Number(database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").get()?.['n'])
  if (tables === 0) return
  const place = { file }
  if (database.prepare('PRAGMA application_id').get()?.['application_id'] !== APPLICATION_ID) {
    throw new ServiceError('store_corrupt', `${file} is a database of another program`, {
      place,
      fix: 'choose another data directory',
    })
  }
  const version = schemaVersion(database)
  if (version > MIGRATIONS.length) {
    const message = `${file} has schema version ${version}, this program knows ${MIGRATIONS.length}`
    throw new ServiceError('store_corrupt', message, { place, fix: 'use the newer Gradus that wrote it' })
  }
}

function schemaVersion(database: DatabaseSync): number {
  const has = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'").get() !== undefined
  return has ? Number(database.prepare('SELECT coalesce(max(version), 0) AS version FROM migrations').get()?.['version']) : 0
}

/** How tables, indexes and triggers differ from those that this program makes, a sentence each, in order. */
export function schemaDifferences(database: DatabaseSync): readonly string[] {
  const fresh = new DatabaseSync(':memory:')
  try {
    migrate(fresh, ':memory:', () => 0)
    const [wanted, found] = [schemaOf(fresh), schemaOf(database)]
    return [...new Set([...wanted.keys(), ...found.keys()])].sort().flatMap((name) => {
      if (wanted.get(name) === found.get(name)) return []
      const how = found.has(name) ? (wanted.has(name) ? 'is another one' : 'is none of ours') : 'is not there'
      return [`the ${name} ${how}`]
    })
  } finally {
    fresh.close()
  }
}

function schemaOf(database: DatabaseSync): ReadonlyMap<string, unknown> {
  const rows = database
    .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .all()
  return new Map(
    rows.map(({ type, name, tbl_name, sql }) => [`${String(type)} ${String(name)}`, `${String(tbl_name)} ${String(sql)}`]),
  )
}

const LEVEL_FACTOR = 2 ** 47

/** The row of an inner node: level and index in one integer (levels below 64, indexes below 2^47). */
export function nodeId(level: number, index: number): number {
  return level * LEVEL_FACTOR + index
}

/** Runs `work` in one transaction; a throw rolls everything back. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
