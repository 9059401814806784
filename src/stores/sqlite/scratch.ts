import { DatabaseSync } from 'node:sqlite'

import type { Scratch } from '../../ledger/scratch.ts'

/** Room on disk in a temporary database that nobody else sees and that is gone when closed; what fits stays in memory. */
export function openScratch(): Scratch {
  const database = new DatabaseSync('')
  database.exec(
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE scratch (name TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID; BEGIN',
  )
  const get = database.prepare('SELECT document FROM scratch WHERE name = ?')
  const set = database.prepare('INSERT OR REPLACE INTO scratch VALUES (?, ?)')
  return {
    get: (name) => {
      const text = get.get(name)?.['document']
      return typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined
    },
    set: (name, document) => void set.run(name, JSON.stringify(document)),
    close: () => database.close(),
  }
}
