import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'

import { ServiceError } from '../../format/error.ts'
import { explainSqlite, onFile } from './sqlite-errors.ts'
import type { StoreFiles } from './store-files.ts'

/** Gives the lock back. */
export type Release = () => void

/**
 * Takes the place of the only writer. The lock is one that the operating system holds for the process (SQLite's own, on a file
 * of its own), so it ends with the process however that ends. Throws `store_locked` naming who has it.
 */
export function lockForWriting(files: StoreFiles): Release {
  const database = onFile(files.lock, () => new DatabaseSync(files.lock, { timeout: 0 }))
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const explained = explainSqlite(error, files.lock)
    throw explained instanceof ServiceError && explained.code === 'store_locked' ? locked(files) : explained
  }
  onFile(files.holder, () => writeFileSync(files.holder, `${process.pid} ${hostname()}\n`))
  return () => {
    rmSync(files.holder, { force: true })
    database.close()
  }
}

function locked(files: StoreFiles): ServiceError {
  const message = `The store ${files.database} is in use by process ${holderOf(files)}, and a store has one writer`
  const fix = 'stop that process, use another data directory, or change things through the API of the server that runs'
  return new ServiceError('store_locked', message, { place: { file: files.database }, fix })
}

function holderOf(files: StoreFiles): string {
  try {
    const [pid = '', host = ''] = readFileSync(files.holder, 'utf8').trim().split(' ')
    return `${pid} on ${host}`
  } catch {
    return '(unknown)'
  }
}
