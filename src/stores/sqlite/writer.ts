import type { DatabaseSync, StatementSync } from 'node:sqlite'

import type { LeafRecord } from '../../audit/record-draft.ts'
import { noteSigner, type NoteSigner, signCheckpoint } from '../../audit/note.ts'
import { appendLeaves, type Frontier, frontierRoot, frontierToJson, leafHash } from '../../audit/tree.ts'
import { ServiceError } from '../../format/error.ts'
import { saltSource, sealEntry, withoutValues } from '../seal.ts'
import { isKeptLevel } from '../tree-nodes.ts'
import { openForWriting } from './connection.ts'
import { payloadOf, readFrontier, readHead } from './reader.ts'
import { inTransaction, nodeId } from './schema.ts'
import { writeAtomically } from './store-files.ts'
import type { BatchMessage, RecordMessage, SignedTreeHead, WriterOptions } from './writer-protocol.ts'

/** Pages that the writer keeps in memory, KiB. */
const CACHE_KIBIBYTES = 65_536

/** Writes the database of one store; the only one that does. Everything it does is synchronous and durable when it returns. */
export type Writer = {
  readonly commit: (batch: BatchMessage) => void
  /** Removes values beside leaves, all at once; returns how many. Throws `not_found`. */
  readonly erase: (leafIndexes: readonly number[], members: readonly string[]) => number
  readonly archive: (digest: string, bytes: Uint8Array) => void
  /** Signs the tree as it is, unless that head is signed already. */
  readonly checkpoint: () => SignedTreeHead
  readonly size: () => number
  /** Root of the tree over all committed leaves. */
  readonly root: () => Uint8Array
  readonly head: () => SignedTreeHead
  readonly close: () => void
}

/** What a writer tells of its own accord. */
export type WriterEvents = { readonly warn: (message: string) => void; readonly nowMs: () => number }

/** A database that is written, and the tree over its records. */
type Writing = WriterEvents & {
  readonly options: WriterOptions
  readonly database: DatabaseSync
  readonly statements: Statements
  readonly signer: NoteSigner
  readonly salts: () => Uint8Array
  frontier: Frontier
  /** The newest signed head; undefined before the first. */
  head: SignedTreeHead | undefined
  signedAtMs: number
}

/** Opens a prepared database for writing and brings the second place of its tree heads up to date. */
export function createWriter(options: WriterOptions, events: WriterEvents): Writer {
  const database = openForWriting(options.file)
  database.exec(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`)
  const writing: Writing = {
    ...events,
    options,
    database,
    statements: prepare(database),
    signer: signerOf(options),
    salts: saltSource(),
    frontier: readFrontier(database),
    head: readHead(database),
    signedAtMs: -Infinity,
  }
  if (writing.head !== undefined) publish(writing, writing.head)
  checkpoint(writing)
  return {
    commit: (batch) => commit(writing, batch),
    checkpoint: () => checkpoint(writing),
    erase: (leafIndexes, members) => eraseValues(database, leafIndexes, members),
    archive: (digest, bytes) => void writing.statements.archive.run(digest, bytes),
    size: () => writing.frontier.size,
    root: () => frontierRoot(writing.frontier),
    head: () => writing.head as SignedTreeHead,
    close: () => {
      try {
        checkpoint(writing)
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } finally {
        database.close()
      }
    },
  }
}

/** Writes a batch in one transaction, and a signed head with it when one is due. */
function commit(writing: Writing, { records, documents, constants }: BatchMessage): void {
  const { database, statements, options, head } = writing
  const isDue = writing.nowMs() - writing.signedAtMs >= options.checkpointIntervalMs
  const done = inTransaction(database, () => {
    const tree = records.length === 0 ? writing.frontier : insertLeaves(writing, records)
    for (const { kind, tenant, id, document } of documents) statements.document.run(kind, tenant, id, document)
    if (constants !== undefined) statements.state.run('constants', constants)
    return { tree, signed: isDue && tree.size !== head?.size ? sign(writing, tree) : undefined }
  })
  writing.frontier = done.tree
  if (done.signed !== undefined) publish(writing, done.signed)
}

function insertLeaves(writing: Writing, records: readonly RecordMessage[]): Frontier {
  const { frontier, statements } = writing
  const hashes = records.map((record, offset) => insertRecord(writing, record, frontier.size + offset))
  const next = appendLeaves(frontier, hashes, (level, index, hash) => {
    if (isKeptLevel(level)) statements.node.run(nodeId(level, index), hash)
  })
  statements.state.run('tree', JSON.stringify(frontierToJson(next)))
  return next
}

/** Returns the hash of the leaf. */
function insertRecord({ options, statements, salts }: Writing, { text, masked }: RecordMessage, leafIndex: number): Uint8Array {
  const record = JSON.parse(text) as LeafRecord
  const { leaf, payload } = sealEntry(record, options.sensitive[record['kind'] as string] ?? [], masked, salts)
  const hash = leafHash(leaf)
  statements.record.run(leafIndex, ...columnsOf(record), hash, leaf)
  if (Object.keys(payload).length > 0) statements.payload.run(leafIndex, JSON.stringify(payload))
  return hash
}

/** Signs the tree as it is, unless that head is signed already. */
function checkpoint(writing: Writing): SignedTreeHead {
  const { database, frontier, head } = writing
  if (head?.size !== frontier.size)
    publish(
      writing,
      inTransaction(database, () => sign(writing, frontier)),
    )
  return writing.head as SignedTreeHead
}

function sign({ options, signer, statements }: Writing, tree: Frontier): SignedTreeHead {
  const note = signCheckpoint({ origin: options.origin, size: tree.size, root: frontierRoot(tree) }, signer)
  statements.checkpoint.run(tree.size, note)
  return { size: tree.size, note }
}

/** Keeps a head in the second place, too; that this fails is no reason to stop writing. */
function publish(writing: Writing, signed: SignedTreeHead): void {
  const { checkpointFile } = writing.options
  writing.head = signed
  writing.signedAtMs = writing.nowMs()
  if (checkpointFile === undefined) return
  try {
    writeAtomically(checkpointFile, signed.note)
  } catch (error) {
    writing.warn(`The tree head could not be written to ${checkpointFile}: ${String(error)}`)
  }
}

type Statements = Readonly<Record<'record' | 'payload' | 'node' | 'checkpoint' | 'state' | 'document' | 'archive', StatementSync>>

function prepare(database: DatabaseSync): Statements {
  return {
    record: database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    payload: database.prepare('INSERT INTO payloads VALUES (?, ?)'),
    node: database.prepare('INSERT INTO nodes VALUES (?, ?)'),
    checkpoint: database.prepare('INSERT INTO checkpoints VALUES (?, ?)'),
    state: database.prepare('INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    document: database.prepare(
      'INSERT INTO documents VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document',
    ),
    archive: database.prepare('INSERT INTO policy_sets VALUES (?, ?) ON CONFLICT DO NOTHING'),
  }
}

type Column = string | number | null

/** The columns beside a leaf, in the order of the table. */
function columnsOf(record: LeafRecord): Column[] {
  const text = (name: string): Column => (record[name] ?? null) as Column
  const names = [text('agent'), text('user'), text('action'), text('outcome'), text('decision_id')]
  return [text('tenant'), text('kind'), text('id'), Date.parse(record['at'] as string), ...names]
}

function signerOf({ origin, keyPem }: WriterOptions): NoteSigner {
  const made = noteSigner(origin, keyPem)
  if (!made.ok) throw new ServiceError('store_corrupt', `The audit key cannot be used: ${made.error.message}`)
  return made.signer
}

function eraseValues(database: DatabaseSync, leafIndexes: readonly number[], members: readonly string[]): number {
  const update = database.prepare('UPDATE payloads SET payload = ? WHERE leaf_index = ?')
  const values = inTransaction(database, () => {
    let gone = 0
    for (const leafIndex of leafIndexes) {
      const without = withoutValues(payloadOf(database, leafIndex), members)
      if (without.values > 0) update.run(JSON.stringify(without.payload), leafIndex)
      gone += without.values
    }
    return gone
  })
  // The write-ahead log still holds the pages as they were.
  if (values > 0) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  return values
}
