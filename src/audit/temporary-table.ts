import { DatabaseSync } from 'node:sqlite'

/** JSON documents by name, on disk where they do not fit in memory. */
export type TemporaryTable = {
  readonly get: (name: string) => unknown
  readonly set: (name: string, document: unknown) => void
  readonly delete: (name: string) => void
  /** In order. */
  readonly names: () => Iterable<string>
  readonly close: () => void
}

/** A table in a temporary database that nobody else sees and that is gone when closed; what fits stays in memory. */
export function openTemporaryTable(): TemporaryTable {
  const database = new DatabaseSync('')
  database.exec(
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE documents (name TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID; BEGIN',
  )
  const get = database.prepare('SELECT document FROM documents WHERE name = ?')
  const set = database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM documents WHERE name = ?')
  return {
    get: (name) => {
      const text = get.get(name)?.['document']
      return typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined
    },
    set: (name, document) => void set.run(name, JSON.stringify(document)),
    delete: (name) => void remove.run(name),
    names: function* () {
      for (const row of database.prepare('SELECT name FROM documents ORDER BY name').iterate()) yield row['name'] as string
    },
    close: () => database.close(),
  }
}
