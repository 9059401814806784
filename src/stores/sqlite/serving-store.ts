import type { DatabaseSync } from 'node:sqlite'

import { ServiceError } from '../../format/error.ts'
import { documentName } from '../../ledger/documents/documents.ts'
import type { Projector } from '../../ledger/projector.ts'
import { SENSITIVE_POINTERS } from '../../ledger/record.ts'
import { asStored, createTransactions, type Entry, recordName, type Transactions } from '../transactions.ts'
import type { AuditKey } from './audit-key.ts'
import { createDocumentTable, type SqliteDocumentTable } from './document-table.ts'
import { createGroupCommit, type GroupCommit, type GroupCommitDeps } from './group-commit.ts'
import { createReader, type Reader } from './reader.ts'
import type { StoreFiles } from './store-files.ts'
import { PASSING_CAUSE, startWriter, type WriterClient } from './writer-client.ts'
import type { Release } from './writer-lock.ts'
import type { BatchMessage, SignedTreeHead, WriterOptions } from './writer-protocol.ts'

/** How an embedded store is opened. */
export type SqliteStoreOptions = {
  readonly dataDir: string
  readonly project: Projector
  /** Name of the log in its tree heads. */
  readonly origin: string
  /** Second place for tree heads. */
  readonly checkpointFile?: string | undefined
  /** Begin the second place anew where its file is missing; false when absent: such a start is refused, unless the log is new. */
  readonly acceptNewCheckpointFile?: boolean | undefined
  readonly checkpointIntervalMs: number
  /** Wall clock, ms; only to note when a migration ran. */
  readonly nowMs: () => number
  /** How long after a failed commit whose cause may pass the store is first opened anew, ms; 5,000 when absent. */
  readonly healAfterMs?: number | undefined
  /** Something the operator should know, and that is not reason enough to stop. */
  readonly onWarning?: (message: string) => void
}

/** What a store is opened from. */
export type OpenedStore = {
  readonly options: SqliteStoreOptions
  readonly files: StoreFiles
  readonly key: AuditKey
  readonly size: number
  readonly database: DatabaseSync
  readonly release: Release
}

/** A store at work: what is committed is read from the database, what is not yet from memory. */
export type ServingStore = OpenedStore & {
  readonly reader: Reader
  readonly documents: SqliteDocumentTable
  readonly transactions: Transactions
  readonly tenants: Set<string>
  /** Records that are not committed, by name. */
  readonly pending: Map<string, Entry>
  readonly client: WriterClient
  readonly commits: GroupCommit
  readonly written: Written
}

/** What the writer said last. */
export type Written = {
  size: number
  /** Root of the tree over what was acknowledged. */
  root: Uint8Array
  head: SignedTreeHead
  /** A commit failed, so that nobody knows what of it is on the disk: nothing is written until the log was read anew. */
  fence: ServiceError | undefined
}

/** Loads what is kept in memory and starts the writer. `onFence` is told once when a commit failed, and whether its cause may pass. */
export async function startServing(opened: OpenedStore, onFence: (isPassing: boolean) => void): Promise<ServingStore> {
  const { options, files, key, size, database } = opened
  const reader = createReader(database)
  const documents = createDocumentTable(reader)
  const pending = new Map<string, Entry>()
  const transactions = createTransactions({
    project: options.project,
    documents,
    record: (tenant, id) => {
      const entry = pending.get(recordName(tenant, id))
      return entry === undefined ? reader.record(tenant, id) : asStored(entry)
    },
    constants: reader.constants(),
    size,
    lastId: reader.lastId(),
    lastAtMs: reader.lastAtMs(),
  })
  const { origin, checkpointFile, checkpointIntervalMs, onWarning } = options
  const { client, written } = await startWriting(
    { file: files.database, origin, keyPem: key.pem, checkpointFile, checkpointIntervalMs, sensitive: SENSITIVE_POINTERS },
    size,
    onWarning,
  )
  const tenants = new Set(reader.tenants())
  const commits = createGroupCommit(commitDeps({ documents, transactions, pending, client, written }, onFence))
  return { ...opened, reader, documents, transactions, tenants, pending, client, commits, written }
}

async function startWriting(
  options: WriterOptions,
  size: number,
  onWarning: SqliteStoreOptions['onWarning'],
): Promise<Pick<ServingStore, 'client' | 'written'>> {
  const signed: { written?: Written } = {}
  const { client, first } = await startWriter(options, {
    onHead: (head) => {
      if (signed.written !== undefined) signed.written.head = head
    },
    onWarning: (message) => onWarning?.(message),
  })
  const written: Written = { size, root: first.root, head: first.head, fence: undefined }
  signed.written = written
  return { client, written }
}

/** How a batch is written, and what its commit changes here. */
function commitDeps(
  {
    documents,
    transactions,
    pending,
    client,
    written,
  }: Pick<ServingStore, 'documents' | 'transactions' | 'pending' | 'client' | 'written'>,
  onFence: (isPassing: boolean) => void,
): GroupCommitDeps {
  return {
    name: documentName,
    commit: (message) => client.ask(message),
    message: (batch): BatchMessage => ({
      kind: 'commit',
      records: batch.entries.map(({ text, masked }) => ({ text, masked })),
      documents: [...batch.documents.values()].map((each) => ({ ...each, document: JSON.stringify(documents.get(each)) })),
      constants: batch.constantsChanged ? JSON.stringify(transactions.view.constants()) : undefined,
    }),
    committed: (batch, answer) => {
      written.size = answer.size
      written.root = answer.root
      written.head = answer.head
      for (const { record } of batch.entries) pending.delete(recordName(record.tenant, record.id))
      documents.release([...batch.documents.values()], batch.number)
    },
    failed: (error) => {
      if (written.fence !== undefined) return written.fence
      written.fence = fenceOf(error)
      onFence(isPassingFailure(error))
      return written.fence
    },
  }
}

function isPassingFailure(error: unknown): boolean {
  return error instanceof ServiceError && error.cause === PASSING_CAUSE
}

function fenceOf(error: unknown): ServiceError {
  const cause = error instanceof Error ? error.message : String(error)
  const then = isPassingFailure(error)
    ? 'mend the cause, and the store goes on by itself'
    : 'mend the cause and start gradus again'
  return new ServiceError('store_fenced', `The store writes nothing more, because a commit failed: ${cause}`, {
    fix: `${then}; what was not acknowledged was not recorded`,
    cause: error,
  })
}
