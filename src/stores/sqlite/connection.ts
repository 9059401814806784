import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

import { ServiceError } from '../../format/error.ts'
import { requireOurs } from './schema.ts'
import { onFile } from './sqlite-errors.ts'
import { storeFiles } from './store-files.ts'

/** How long a connection waits for another process or thread to let go of the database, ms. */
export const BUSY_MS_MAX = 5_000

/** A connection that writes. Its failures are those of SQLite. */
export function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS_MAX })
  try {
    // FULL: a commit is on the disk when it returns. secure_delete: erased values are overwritten, not only unlinked.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** A connection that reads beside the writer of this process. */
export function openForReading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS_MAX })
}

/** Opens a store's database for reading only, beside a running server or without one. Throws `not_found`, `store_corrupt` or `io`. */
export function openDatabase(dataDir: string): DatabaseSync {
  const file = storeFiles(dataDir).database
  if (!existsSync(file)) {
    const fix = 'name the data directory of a store with --data-dir'
    throw new ServiceError('not_found', `There is no store in ${dataDir}`, { place: { file }, fix })
  }
  return onFile(file, () => {
    const database = openWhereItLies(file)
    try {
      requireOurs(database, file)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}

/** A database in a place that cannot be written has no room for the files of its write-ahead log; without one it can be read as it is. */
function openWhereItLies(file: string): DatabaseSync {
  const database = openForReading(file)
  try {
    database.prepare('SELECT 1 FROM sqlite_schema').get()
    return database
  } catch (error) {
    database.close()
    if (existsSync(`${file}-wal`)) throw error
    const immutable = new URL(pathToFileURL(file))
    immutable.searchParams.set('immutable', '1')
    return new DatabaseSync(immutable, { readOnly: true })
  }
}
