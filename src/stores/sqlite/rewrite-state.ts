import { DatabaseSync } from 'node:sqlite'

import type { StoredState } from '../../audit/rebuild.ts'
import { onFile } from './errors.ts'
import { storeFiles } from './files.ts'
import { lockForWriting } from './lock.ts'
import { openDatabase } from './log-reader.ts'
import { inTransaction } from './schema.ts'

const BUSY_MS_MAX = 5_000

/** Runs `work` while nobody else can write to a store. Throws `not_found`, or `store_locked` naming who has it. */
export function underTheLock<T>(dataDir: string, work: () => T): T {
  openDatabase(dataDir).close()
  const release = lockForWriting(storeFiles(dataDir))
  try {
    // With a write-ahead log what is read does not stand in the way of what is written; a backup has none.
    openForWriting(dataDir).close()
    return work()
  } finally {
    release()
  }
}

/** Puts state in the place of what a store has, in one transaction; the log stays as it is. The caller holds the lock. */
export function rewriteState(dataDir: string, { documents, constants }: StoredState): void {
  const file = storeFiles(dataDir).database
  const database = openForWriting(dataDir)
  try {
    const insert = database.prepare('INSERT INTO documents VALUES (?, ?, ?, ?)')
    const set = database.prepare("INSERT INTO state VALUES ('constants', ?) ON CONFLICT DO UPDATE SET value = excluded.value")
    onFile(file, () =>
      inTransaction(database, () => {
        database.exec("DELETE FROM documents; DELETE FROM state WHERE name = 'constants'")
        for (const { key, text } of documents) insert.run(key.kind, key.tenant, key.id, text)
        if (constants !== undefined) set.run(constants)
      }),
    )
  } finally {
    database.close()
  }
}

function openForWriting(dataDir: string): DatabaseSync {
  const file = storeFiles(dataDir).database
  return onFile(file, () => {
    const database = new DatabaseSync(file, { timeout: BUSY_MS_MAX })
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}
