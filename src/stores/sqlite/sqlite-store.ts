import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

import { ServiceError } from '../../format/error.ts'
import { byCodeUnit } from '../../format/order.ts'
import type { Store, Transaction } from '../../ledger/store.ts'
import { recordName } from '../transactions.ts'
import { auditKey, type AuditKey } from './audit-key.ts'
import { BUSY_MS_MAX, openForReading } from './connection.ts'
import { createReader, readFrontier } from './reader.ts'
import { recordProof, treeGrowth } from './record-proof.ts'
import { pagedQuery } from './record-query.ts'
import { migrate, requireOurs } from './schema.ts'
import { type OpenedStore, type ServingStore, type SqliteStoreOptions, startServing } from './serving-store.ts'
import { explainSqlite, onFile } from './sqlite-errors.ts'
import { openHealing } from './healing-store.ts'
import { type WrittenTree, checkStart } from './start-checks.ts'
import { prepareDirectory, type StoreFiles, storeFiles } from './store-files.ts'
import { lockForWriting } from './writer-lock.ts'
import type { WriterAnswer, WriterRequest } from './writer-protocol.ts'

export type { SqliteStoreOptions } from './serving-store.ts'

/** The embedded store, and the key its tree heads are verified with. */
export type SqliteStore = Store & { readonly vkey: string }

/**
 * Opens the store in a directory, making it when there is none. What is not committed, what belongs to a tenant and what was asked for
 * lately is in memory; the log and the state are in one SQLite file, written by a thread of its own in groups. Rejects with `store_locked`, `store_corrupt`, `store_rolled_back` or `io`.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const files = storeFiles(options.dataDir)
  prepareDirectory(files, options.onWarning ?? (() => undefined))
  const release = lockForWriting(files)
  let database: DatabaseSync | undefined
  try {
    const { key, size } = onFile(files.database, () => prepareDatabase(files, options))
    database = openForReading(files.database)
    return await serve({ options, files, key, size, database, release })
  } catch (error) {
    database?.close()
    release()
    throw explainSqlite(error, files.database)
  }
}

/** Schema, key and checks, before anything else touches the database. */
function prepareDatabase(
  files: StoreFiles,
  options: SqliteStoreOptions,
  acknowledged?: WrittenTree,
): { readonly key: AuditKey; readonly size: number } {
  const database = new DatabaseSync(files.database, { timeout: BUSY_MS_MAX })
  try {
    requireOurs(database, files.database)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(database, files.database, options.nowMs)
    const isNew = !existsSync(files.key)
    const key = auditKey(files, options.origin, readFrontier(database).size > 0)
    const { node } = createReader(database)
    const { origin, checkpointFile, acceptNewCheckpointFile = false } = options
    const { database: file } = files
    const warn = (message: string): void => options.onWarning?.(message)
    const second = { checkpointFile, isNew, acceptNewCheckpointFile, warn, acknowledged }
    return { key, size: checkStart({ database, file, node, verifier: key.verifier, origin, ...second }) }
  } finally {
    database.close()
  }
}

async function serve(opened: OpenedStore): Promise<SqliteStore> {
  const { options } = opened
  const healing = await openHealing({
    open: (onFence, former) => (former === undefined ? startServing(opened, onFence) : reopen(opened, onFence, former)),
    afterMs: options.healAfterMs,
    warn: (message) => options.onWarning?.(message),
  })
  const { serving } = healing
  let closing: Promise<void> | undefined
  const whileOpen: WhileOpen = async (run) => {
    if (closing !== undefined) throw new ServiceError('not_ready', 'The store is closed')
    return run(serving())
  }
  const whileWritable: WhileOpen = (run) =>
    whileOpen((store) => {
      if (store.written.fence !== undefined) throw store.written.fence
      return run(store)
    })
  return {
    vkey: opened.key.signer.vkey,
    ...reading(whileOpen, whileWritable),
    ...writing(whileWritable),
    size: () => serving().written.size,
    fenced: () => serving().written.fence?.message,
    close: () => (closing ??= healing.stop().then(() => shutDown(serving()))),
  }
}

/** Runs something on the store as it serves now; rejects where it is closed, or may not write. */
type WhileOpen = <T>(run: (store: ServingStore) => T | Promise<T>) => Promise<T>

function reading(
  whileOpen: WhileOpen,
  whileWritable: WhileOpen,
): Pick<Store, 'read' | 'query' | 'list' | 'tenants' | 'archived' | 'erasable' | 'proof' | 'growth' | 'checkpoint'> {
  return {
    read: (_touches, look) => whileOpen(({ transactions }) => look(transactions.view)),
    query: (query) => whileOpen(({ reader }) => pagedQuery(reader, query)),
    list: (kind, tenant) => whileOpen(({ documents }) => documents.list(kind, tenant)),
    tenants: () => whileOpen(({ tenants }) => [...tenants].sort(byCodeUnit)),
    archived: (digest) => whileOpen(({ reader }) => reader.archived(digest)),
    erasable: (leafIndex, members) => whileOpen(({ reader }) => reader.erasable(leafIndex, members)),
    proof: (leafIndex) =>
      whileOpen(async ({ reader, written }) => {
        if (!(leafIndex < written.size)) return undefined
        if (written.head.size <= leafIndex)
          written.head = (await whileWritable((store) => askWriter(store, { kind: 'checkpoint' }))).head
        return recordProof(reader, leafIndex, written.head)
      }),
    growth: (from) => whileOpen(({ reader, written }) => treeGrowth(reader, from, written.head)),
    checkpoint: () => whileOpen(({ written }) => written.head.note),
  }
}

function writing(whileWritable: WhileOpen): Pick<Store, 'transact' | 'archive' | 'erase'> {
  return {
    transact: (_touches, change) => whileWritable((store) => transact(store, change)),
    archive: async (digest, bytes) => {
      await whileWritable((store) => askWriter(store, { kind: 'archive', digest, bytes }))
    },
    erase: async (leafIndexes, members) =>
      (await whileWritable((store) => askWriter(store, { kind: 'erase', leafIndexes, members }))).erased,
  }
}

/** Verifies the log against what was acknowledged and begins anew from it: what is in memory stands on a commit that failed. */
async function reopen(
  opened: OpenedStore,
  onFence: (isPassing: boolean) => void,
  { client, written }: ServingStore,
): Promise<ServingStore> {
  const { files, options } = opened
  await client.stop()
  try {
    const { size } = prepareDatabase(files, options, written)
    return await startServing({ ...opened, size }, onFence)
  } catch (error) {
    throw explainSqlite(error, files.database)
  }
}

/** Applies a change in memory and waits until it is durable; one that appends nothing waits for those it may have seen. */
async function transact<T>(serving: ServingStore, change: (transaction: Transaction) => T): Promise<T> {
  const { transactions, commits, documents, pending, tenants } = serving
  const outcome = transactions.transact(change)
  if (outcome.entries.length === 0) {
    await commits.settled()
    return outcome.value
  }
  for (const entry of outcome.entries) {
    pending.set(recordName(entry.record.tenant, entry.record.id), entry)
    tenants.add(entry.record.tenant)
  }
  documents.mark(outcome.changed, commits.number())
  await commits.add(outcome)
  return outcome.value
}

async function askWriter({ commits, client }: ServingStore, request: WriterRequest): Promise<WriterAnswer> {
  await commits.settled()
  return client.ask(request)
}

/** The last connection to close folds the write-ahead log into the file; only the writer's can. */
async function shutDown({ written, commits, database, client, release }: ServingStore): Promise<void> {
  try {
    if (written.fence === undefined) await commits.settled()
    database.close()
    if (written.fence === undefined) await client.ask({ kind: 'close' })
  } finally {
    await client.stop()
    release()
  }
}
