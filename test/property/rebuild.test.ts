import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import fc from 'fast-check'
import { expect, it } from 'vitest'

import { noteVerifier } from '../../src/audit/note.ts'
import { rebuildState } from '../../src/audit/rebuild.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { Rebuilding } from '../../src/ledger/log-verification.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import { systemCaller } from '../../src/service/create-service.ts'
import { archiveDigest } from '../../src/rego/assemble-policy-set.ts'
import { openLog } from '../../src/stores/sqlite/raw-log.ts'
import { rewriteState, underTheLock } from '../../src/stores/sqlite/rewrite-state.ts'
import { createSqliteStore, type SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { newTrack, operate, operation, type Operation } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import { testService } from '../support/test-service.ts'

const newDirectory = temporaryDirectories()
const ORIGIN = 'gradus.test/audit'

const open = (dataDir: string): Promise<SqliteStore> =>
  createSqliteStore({ dataDir, project, origin: ORIGIN, checkpointIntervalMs: 60_000, nowMs: Date.now })

/** A data directory in which this happened, closed; and the public key of its log. */
async function lived(steps: readonly Operation[]): Promise<{ readonly dataDir: string; readonly vkey: string }> {
  const dataDir = newDirectory()
  const store = await open(dataDir)
  const tested = await testService({ store: () => store })
  const write = async (effects: readonly Effect[], tenant = 'default'): Promise<void> => {
    const atMs = tested.clock.nowMs()
    const record = recordOf({ kind: 'operator', id: tested.newId(), caller: systemCaller(tenant), atMs, body: {}, effects })
    await store.transact([], (transaction) => transaction.append({ record }))
  }
  const track = newTrack()
  for (const step of steps) await operate({ ...tested, write }, step, track, 'default')
  await tested.service.close()
  return { dataDir, vkey: store.vkey }
}

/** Everything that is state, as text in one form. */
function stateOf(dataDir: string): Readonly<Record<string, string>> {
  const database = new DatabaseSync(join(dataDir, 'gradus.db'), { readOnly: true })
  const canonical = (text: unknown): string => canonicalJson(JSON.parse(text as string))
  const documents = database.prepare('SELECT * FROM documents').all()
  const constants = database.prepare("SELECT value FROM state WHERE name = 'constants'").get()?.['value']
  database.close()
  return {
    constants: constants === undefined ? '' : canonical(constants),
    ...Object.fromEntries(
      documents.map(({ kind, tenant, id, document }) => [JSON.stringify([kind, tenant, id]), canonical(document)]),
    ),
  }
}

function rebuild(dataDir: string, vkey: string, write: boolean): Rebuilding {
  const key = noteVerifier(vkey)
  if (!key.ok) throw new Error('no key')
  const options = { verifiers: [key.verifier], origin: ORIGIN, fold: project, policySetDigest: archiveDigest }
  const reader = openLog(dataDir)
  try {
    return rebuildState(reader, options, write ? (state) => rewriteState(dataDir, state) : undefined)
  } finally {
    reader.close()
  }
}

function tamper(dataDir: string, sql: string): void {
  const database = new DatabaseSync(join(dataDir, 'gradus.db'))
  database.exec(sql)
  database.close()
}

const EARN: Operation = {
  kind: 'earn',
  what: { agent: 'finance-agent', action: 'categorise_expense', parts: {} },
  units: 40,
}

it('state that is rebuilt has the bytes of the state that was lived, whatever happened and whatever became of it', async () => {
  const loss = fc.constantFrom(
    'DELETE FROM documents',
    "DELETE FROM state WHERE name = 'constants'",
    "UPDATE documents SET document = '{}'",
    "UPDATE documents SET document = 'no json' WHERE kind = 'agent'",
    "INSERT INTO documents VALUES ('agent', 'default', 'nobody', '{}')",
    "UPDATE state SET value = '{}' WHERE name = 'constants'",
  )
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), loss, async (steps, sql) => {
      const { dataDir, vkey } = await lived([EARN, ...steps])
      const before = stateOf(dataDir)
      expect(rebuild(dataDir, vkey, false)).toMatchObject({ ok: true, damaged: false, written: false, findings: [] })
      tamper(dataDir, sql)
      expect(rebuild(dataDir, vkey, false)).toMatchObject({ ok: false, damaged: false, written: false })
      expect(stateOfOrNothing(dataDir)).not.toEqual(before)
      expect(rebuild(dataDir, vkey, true)).toMatchObject({ ok: false, damaged: false, written: true })
      expect(stateOf(dataDir)).toEqual(before)
      expect(rebuild(dataDir, vkey, false)).toMatchObject({ ok: true })
      // The store opens on it and goes on.
      await (await open(dataDir)).close()
    }),
    runs(6),
  )
})

function stateOfOrNothing(dataDir: string): Readonly<Record<string, string>> | null {
  try {
    return stateOf(dataDir)
  } catch {
    return null
  }
}

it('a backup, which has no write-ahead log, is rebuilt too', async () => {
  const { dataDir, vkey } = await lived([EARN])
  const before = stateOf(dataDir)
  tamper(dataDir, 'PRAGMA journal_mode = DELETE; DELETE FROM documents')
  expect(underTheLock(dataDir, () => rebuild(dataDir, vkey, true))).toMatchObject({ written: true })
  expect(stateOf(dataDir)).toEqual(before)
})

it('nothing is derived from a log that is not whole', async () => {
  const { dataDir, vkey } = await lived([EARN, { kind: 'wait', hours: 3 }, EARN])
  tamper(dataDir, "DROP TRIGGER records_no_update; UPDATE records SET leaf = CAST('{}' AS BLOB) WHERE leaf_index = 1")
  tamper(dataDir, 'DELETE FROM documents')
  expect(rebuild(dataDir, vkey, true)).toMatchObject({ ok: false, damaged: true, written: false })
  expect(Object.keys(stateOf(dataDir))).toEqual(['constants'])
})

it('state is rebuilt under the lock only, and not where there is no store', async () => {
  const dataDir = newDirectory()
  expect(() => underTheLock(dataDir, () => undefined)).toThrow(expect.objectContaining({ code: 'not_found' }))
  const store = await open(dataDir)
  expect(() => underTheLock(dataDir, () => undefined)).toThrow(expect.objectContaining({ code: 'store_locked' }))
  await store.close()
  expect(underTheLock(dataDir, () => 'done')).toBe('done')
  expect(underTheLock(dataDir, () => 'again')).toBe('again')
})
