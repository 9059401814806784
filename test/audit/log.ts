import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'

import { type Erasure, eraseRecords } from '../../src/audit/removal/erase.ts'
import { noteVerifier, type NoteVerifier } from '../../src/audit/note.ts'
import { verifyLog, type VerifyOptions } from '../../src/audit/verify.ts'
import type { RecordSelection } from '../../src/ledger/record-selection.ts'
import { archiveDigest } from '../../src/rego/assemble-policy-set.ts'
import type { LogVerification } from '../../src/ledger/log-verification.ts'
import { openLog } from '../../src/stores/sqlite/raw-log.ts'
import { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite/sqlite-store.ts'
import { contain, projectSome, record, verdict } from '../stores/records.ts'

/** The log's name in these tests. */
export const ORIGIN = 'gradus.test/audit'

/** Opens a SQLite store for a test of the audit tools. */
export function openStore(dataDir: string, more: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> {
  return createSqliteStore({
    dataDir,
    project: projectSome,
    origin: ORIGIN,
    checkpointIntervalMs: 60_000,
    nowMs: Date.now,
    ...more,
  })
}

/** Appends records of these numbers one by one; every fifth has effects. */
export async function fill(store: SqliteStore, from: number, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => from + index)
  const effects = (number: number) =>
    number % 5 === 0 ? [contain(String(number)), verdict(`d${number % 3}`, `source-${number}`)] : []
  await Promise.all(
    numbers.map((number) =>
      store.transact([], (transaction) => transaction.append({ record: record(number, { effects: effects(number) }) })),
    ),
  )
}

/** Ids of records from this number on. */
export function newIds(from: number): () => string {
  let number = from - 1
  return () => record((number += 1)).id
}

/** Erases as a person orders it, with its record. */
export function erase(store: SqliteStore, selection: Omit<RecordSelection, 'tenant'>, tenant = 'default'): Promise<Erasure> {
  const { at } = record(900)
  return eraseRecords(store, { tenant, ...selection }, { newId: newIds(900), at, actor: 'operator-1', reason: 'asked for' })
}

/** The verifier of a store's heads. */
export function verifierOf(vkey: string): NoteVerifier {
  const read = noteVerifier(vkey)
  if (!read.ok) throw new Error(read.error.message)
  return read.verifier
}

/** Verifies the closed store in a directory. */
export function verify(dataDir: string, vkey: string, more: Partial<VerifyOptions> = {}): LogVerification {
  const reader = openLog(dataDir)
  try {
    return verifyLog(reader, {
      verifiers: [verifierOf(vkey)],
      origin: ORIGIN,
      fold: projectSome,
      policySetDigest: archiveDigest,
      ...more,
    })
  } finally {
    reader.close()
  }
}

/** Changes a store's database as an attacker with access to the file would: without its triggers, which are there again afterwards. */
export function tamper(dataDir: string, change: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(dataDir, 'gradus.db'))
  const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all()
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`)
  change(database)
  for (const { sql } of triggers) database.exec(String(sql))
  database.close()
}
