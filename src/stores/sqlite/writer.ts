import { DatabaseSync, type StatementSync } from 'node:sqlite'

import type { LeafPayload, LeafRecord } from '../../audit/leaf.ts'
import { noteSigner, type NoteSigner, signCheckpoint } from '../../audit/note.ts'
import { appendLeaves, type Frontier, frontierRoot, frontierToJson, leafHash } from '../../audit/tree.ts'
import { ServiceError } from '../../format/error.ts'
import { erasable, saltSource, sealEntry } from '../seal.ts'
import { isKeptLevel } from '../tree-store.ts'
import { writeAtomically } from './files.ts'
import type { BatchMessage, Head, RecordMessage, WriterOptions } from './messages.ts'
import { nodeId } from './node-id.ts'
import { readFrontier, readHead } from './reader.ts'
import { inTransaction } from './schema.ts'

/** How long the writer waits for another process to let go of the database, ms. */
const BUSY_MS_MAX = 5_000

/** Writes the database of one store; the only one that does. Everything it does is synchronous and durable when it returns. */
export type Writer = {
  readonly commit: (batch: BatchMessage) => void
  /** Removes values beside a leaf; returns how many. Throws `not_found`. */
  readonly erase: (leafIndex: number, pointers: readonly string[]) => number
  readonly archive: (digest: string, bytes: Uint8Array) => void
  /** Signs the tree as it is, unless that head is signed already. */
  readonly checkpoint: () => Head
  readonly size: () => number
  readonly head: () => Head
  readonly close: () => void
}

/** What a writer tells of its own accord. */
export type WriterEvents = { readonly warn: (message: string) => void; readonly nowMs: () => number }

/** Opens a prepared database for writing and brings the second place of its tree heads up to date. */
export function createWriter(options: WriterOptions, events: WriterEvents): Writer {
  const database = openForWriting(options.file)
  const statements = prepare(database)
  const signer = signerOf(options)
  const salts = saltSource()
  let frontier = readFrontier(database)
  let head = readHead(database)
  let signedAtMs = -Infinity

  const insertRecord = ({ text, masked }: RecordMessage, leafIndex: number): Uint8Array => {
    const record = JSON.parse(text) as LeafRecord
    const { leaf, payload } = sealEntry(record, options.sensitive[record['kind'] as string] ?? [], masked, salts)
    const hash = leafHash(leaf)
    statements.record.run(leafIndex, ...columnsOf(record), hash, leaf)
    if (Object.keys(payload).length > 0) statements.payload.run(leafIndex, JSON.stringify(payload))
    return hash
  }
  const insertLeaves = (records: readonly RecordMessage[]): Frontier => {
    const hashes = records.map((record, offset) => insertRecord(record, frontier.size + offset))
    const next = appendLeaves(frontier, hashes, (level, index, hash) => {
      if (isKeptLevel(level)) statements.node.run(nodeId(level, index), hash)
    })
    statements.state.run('tree', JSON.stringify(frontierToJson(next)))
    return next
  }
  const sign = (tree: Frontier): Head => {
    const note = signCheckpoint({ origin: options.origin, size: tree.size, root: frontierRoot(tree) }, signer)
    statements.checkpoint.run(tree.size, note)
    return { size: tree.size, note }
  }
  const publish = (signed: Head): void => {
    head = signed
    signedAtMs = events.nowMs()
    if (options.checkpointFile === undefined) return
    try {
      writeAtomically(options.checkpointFile, signed.note)
    } catch (error) {
      events.warn(`The tree head could not be written to ${options.checkpointFile}: ${String(error)}`)
    }
  }
  const commit = ({ records, documents, constants }: BatchMessage): void => {
    const isDue = events.nowMs() - signedAtMs >= options.checkpointIntervalMs
    const done = inTransaction(database, () => {
      const tree = records.length === 0 ? frontier : insertLeaves(records)
      for (const { kind, tenant, id, document } of documents) statements.document.run(kind, tenant, id, document)
      if (constants !== undefined) statements.state.run('constants', constants)
      return { tree, signed: isDue && tree.size !== head?.size ? sign(tree) : undefined }
    })
    frontier = done.tree
    if (done.signed !== undefined) publish(done.signed)
  }
  const checkpoint = (): Head => {
    if (head?.size !== frontier.size) publish(inTransaction(database, () => sign(frontier)))
    return head as Head
  }
  if (head !== undefined) publish(head)
  checkpoint()
  return {
    commit,
    checkpoint,
    erase: (leafIndex, pointers) => eraseValues(database, leafIndex, pointers),
    archive: (digest, bytes) => void statements.archive.run(digest, bytes),
    size: () => frontier.size,
    head: () => head as Head,
    close: () => {
      try {
        checkpoint()
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } finally {
        database.close()
      }
    },
  }
}

function openForWriting(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS_MAX })
  // FULL: a commit is on the disk when it returns. secure_delete: erased values are overwritten, not only unlinked.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -65536')
  return database
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

function eraseValues(database: DatabaseSync, leafIndex: number, pointers: readonly string[]): number {
  if (database.prepare('SELECT 1 FROM records WHERE leaf_index = ?').get(leafIndex) === undefined) {
    throw new ServiceError('not_found', `There is no record ${leafIndex}`)
  }
  const text = database.prepare('SELECT payload FROM payloads WHERE leaf_index = ?').get(leafIndex)?.['payload']
  const payload = (typeof text === 'string' ? JSON.parse(text) : {}) as LeafPayload
  const gone = erasable(payload, pointers)
  if (gone.length === 0) return 0
  const kept = Object.fromEntries(Object.entries(payload).filter(([pointer]) => !gone.includes(pointer)))
  inTransaction(database, () => {
    database.prepare('UPDATE payloads SET payload = ? WHERE leaf_index = ?').run(JSON.stringify(kept), leafIndex)
  })
  // The write-ahead log still holds the page as it was.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  return gone.length
}
