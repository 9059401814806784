import { readdirSync } from 'node:fs'

import { expect, it } from 'vitest'

import type { Store } from '../../src/ledger/store.ts'
import { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite/sqlite-store.ts'
import { ORIGIN, storeContract } from './contract.ts'
import { temporaryDirectories } from './directories.ts'
import { projectSome, record } from './records.ts'

const newDirectory = temporaryDirectories()
const directories = new WeakMap<Store, string>()
const open = async (dataDir: string, more: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> => {
  const store = await createSqliteStore({
    dataDir,
    project: projectSome,
    origin: ORIGIN,
    checkpointIntervalMs: 60_000,
    nowMs: Date.now,
    ...more,
  })
  directories.set(store, dataDir)
  return store
}

storeContract({ name: 'SQLite', open: () => open(newDirectory()), reopen: (store) => open(directories.get(store)!) })

it('leaves everything in one file when it is closed', async () => {
  const directory = newDirectory()
  const store = await open(directory)
  await store.transact([], (transaction) => transaction.append({ record: record(1) }))
  await store.close()
  expect(readdirSync(directory).sort()).toEqual(['audit.key', 'audit.vkey', 'gradus.db', 'gradus.lock'])
})
