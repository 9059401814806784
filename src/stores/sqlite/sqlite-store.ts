import { DatabaseSync } from 'node:sqlite'

import { ServiceError } from '../../format/error.ts'
import { documentName } from '../../ledger/documents/documents.ts'
import { SENSITIVE_POINTERS } from '../../ledger/record.ts'
import type { Store, StoredRecord } from '../../ledger/store.ts'
import { DEFAULT_TRUST_CONSTANTS, TrustConstants } from '../../trust/constants.ts'
import { asStored, createLedger, type Entry, type Projector } from '../ledger.ts'
import { type CommitBatch, createCommitter } from './committer.ts'
import { explainSqlite, onFile } from './errors.ts'
import { prepareDirectory, storeFiles, type StoreFiles } from './files.ts'
import { auditKey, type AuditKey } from './keys.ts'
import { lockForWriting, type Release } from './lock.ts'
import type { BatchMessage, Head } from './messages.ts'
import { createOverlay } from './overlay.ts'
import { pagedQuery, proofOf } from './queries.ts'
import { createReader, type Reader, readFrontier } from './reader.ts'
import { migrate, requireOurs } from './schema.ts'
import { checkStart } from './start-checks.ts'
import { startWriter, type WriterClient } from './writer-client.ts'

/** How long a reader waits for the database, ms. */
const BUSY_MS_MAX = 5_000

/** How an embedded store is opened. */
export type SqliteStoreOptions = {
  readonly dataDir: string
  readonly project: Projector
  /** Name of the log in its tree heads. */
  readonly origin: string
  /** Second place for tree heads. */
  readonly checkpointFile?: string | undefined
  readonly checkpointIntervalMs: number
  /** Wall clock, ms; only to note when a migration ran. */
  readonly nowMs: () => number
  /** Something the operator should know, and that is not reason enough to stop. */
  readonly onWarning?: (message: string) => void
}

/** The embedded store, and the key its tree heads are verified with. */
export type SqliteStore = Store & { readonly vkey: string }

/**
 * Opens the store in a directory, making it when there is none. What is not committed, what belongs to a tenant and what was asked for
 * lately is in memory; the log and the state are in one SQLite file, written by a thread of its own in groups. Rejects with `store_locked`, `store_corrupt`, `store_rolled_back` or `io`.
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const files = storeFiles(options.dataDir)
  prepareDirectory(files.directory)
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
function prepareDatabase(files: StoreFiles, options: SqliteStoreOptions): { readonly key: AuditKey; readonly size: number } {
  const database = new DatabaseSync(files.database, { timeout: BUSY_MS_MAX })
  try {
    requireOurs(database, files.database)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(database, files.database, options.nowMs)
    const key = auditKey(files, options.origin, readFrontier(database).size > 0)
    const { node } = createReader(database)
    const { origin, checkpointFile } = options
    return { key, size: checkStart({ database, file: files.database, node, verifier: key.verifier, origin, checkpointFile }) }
  } finally {
    database.close()
  }
}

function openForReading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS_MAX })
}

type Opened = {
  readonly options: SqliteStoreOptions
  readonly files: StoreFiles
  readonly key: AuditKey
  readonly size: number
  readonly database: DatabaseSync
  readonly release: Release
}

async function serve({ options, files, key, size, database, release }: Opened): Promise<SqliteStore> {
  const reader = createReader(database)
  const documents = createOverlay(reader)
  const tenants = new Set(reader.tenants())
  const pending = new Map<string, Entry>()
  let committedSize = size
  let head: Head
  let fence: ServiceError | undefined
  let closing: Promise<void> | undefined

  const record = (tenant: string, id: string): StoredRecord | undefined => {
    const entry = pending.get(placeName(tenant, id))
    return entry === undefined ? reader.record(tenant, id) : asStored(entry)
  }
  const ledger = createLedger({
    project: options.project,
    documents,
    record,
    constants: storedConstants(reader),
    size,
    lastId: reader.lastId(),
  })
  const { client, first } = await startWriter(
    {
      file: files.database,
      origin: options.origin,
      keyPem: key.pem,
      checkpointFile: options.checkpointFile,
      checkpointIntervalMs: options.checkpointIntervalMs,
      sensitive: SENSITIVE_POINTERS,
    },
    { onHead: (signed) => void (head = signed), onWarning: (message) => options.onWarning?.(message) },
  )
  head = first.head

  const committer = createCommitter({
    name: documentName,
    commit: (message) => client.ask(message),
    message: (batch): BatchMessage => ({
      kind: 'commit',
      records: batch.entries.map(({ text, masked }) => ({ text, masked })),
      documents: [...batch.documents.values()].map((each) => ({ ...each, document: JSON.stringify(documents.get(each)) })),
      constants: batch.constantsChanged ? JSON.stringify(ledger.view.constants()) : undefined,
    }),
    committed: (batch: CommitBatch, answer) => {
      committedSize = answer.size
      head = answer.head
      for (const { record: each } of batch.entries) pending.delete(placeName(each.tenant, each.id))
      documents.release([...batch.documents.values()], batch.number)
    },
    failed: (error) => {
      const cause = error instanceof Error ? error.message : String(error)
      const fix = 'mend the cause and start gradus again; what was not acknowledged was not recorded'
      fence ??= new ServiceError('store_fenced', `The store writes nothing more, because a commit failed: ${cause}`, {
        fix,
        cause: error,
      })
      return fence
    },
  })
  const requireOpen = (): void => {
    if (closing !== undefined) throw new ServiceError('not_ready', 'The store is closed')
  }
  const requireWritable = (): void => {
    requireOpen()
    if (fence !== undefined) throw fence
  }
  const whileOpen = async <T>(run: () => T | Promise<T>): Promise<T> => {
    requireOpen()
    return run()
  }
  const askWriter: WriterClient['ask'] = async (ask) => {
    requireWritable()
    await committer.settled()
    return client.ask(ask)
  }

  return {
    vkey: key.signer.vkey,
    transact: async (_touches, change) => {
      requireWritable()
      const outcome = ledger.transact(change)
      if (outcome.entries.length === 0) {
        await committer.settled()
        return outcome.value
      }
      for (const entry of outcome.entries) {
        pending.set(placeName(entry.record.tenant, entry.record.id), entry)
        tenants.add(entry.record.tenant)
      }
      documents.mark(outcome.changed, committer.number())
      await committer.add(outcome)
      return outcome.value
    },
    read: (_touches, view) => whileOpen(() => view(ledger.view)),
    query: (query) => whileOpen(() => pagedQuery(reader, query)),
    list: (kind, tenant) => whileOpen(() => documents.list(kind, tenant)),
    tenants: () => whileOpen(() => [...tenants].sort()),
    archive: async (digest, bytes) => {
      await askWriter({ kind: 'archive', digest, bytes })
    },
    archived: (digest) => whileOpen(() => reader.archived(digest)),
    erase: async (leafIndex, pointers) => (await askWriter({ kind: 'erase', leafIndex, pointers })).erased,
    proof: (leafIndex) =>
      whileOpen(async () => {
        if (!(leafIndex < committedSize)) return undefined
        if (head.size <= leafIndex) head = (await askWriter({ kind: 'checkpoint' })).head
        return proofOf(reader, leafIndex, head)
      }),
    checkpoint: () => whileOpen(() => head.note),
    size: () => committedSize,
    fenced: () => fence?.message,
    close: () => {
      closing ??= shutDown()
      return closing
    },
  }

  /** The last connection to close folds the write-ahead log into the file; only the writer's can. */
  async function shutDown(): Promise<void> {
    try {
      if (fence === undefined) await committer.settled()
      database.close()
      if (fence === undefined) await client.ask({ kind: 'close' })
    } finally {
      await client.stop()
      release()
    }
  }
}

function placeName(tenant: string, id: string): string {
  return `${encodeURIComponent(tenant)}/${id}`
}

function storedConstants(reader: Reader): TrustConstants {
  const text = reader.state('constants')
  return text === undefined ? DEFAULT_TRUST_CONSTANTS : TrustConstants.parse(JSON.parse(text))
}
