import type { StoredState } from '../../audit/rebuild.ts'
import { openDatabase, openForWriting } from './connection.ts'
import { inTransaction } from './schema.ts'
import { onFile } from './sqlite-errors.ts'
import { storeFiles } from './store-files.ts'
import { lockForWriting } from './writer-lock.ts'

/** Runs `work` while nobody else can write to a store. Throws `not_found`, or `store_locked` naming who has it. */
export function underTheLock<T>(dataDir: string, work: () => T): T {
  const file = storeFiles(dataDir).database
  openDatabase(dataDir).close()
  const release = lockForWriting(storeFiles(dataDir))
  try {
    // With a write-ahead log what is read does not stand in the way of what is written; a backup has none.
    onFile(file, () => openForWriting(file)).close()
    return work()
  } finally {
    release()
  }
}

/** Puts state in the place of what a store has, in one transaction; the log stays as it is. The caller holds the lock. */
export function rewriteState(dataDir: string, { documents, constants }: StoredState): void {
  const file = storeFiles(dataDir).database
  const database = onFile(file, () => openForWriting(file))
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
