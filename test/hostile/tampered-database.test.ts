import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { placeHold } from '../../src/audit/removal/legal-hold.ts'
import { createRetention } from '../../src/audit/removal/retain.ts'
import { DAY_MS } from '../../src/format/time.ts'
import type { DocumentKind } from '../../src/ledger/documents/documents.ts'
import type { RecordQuery } from '../../src/ledger/store.ts'
import { openReadOnlyStore } from '../../src/stores/sqlite/read-only-store.ts'
import { erase, fill, newIds, openStore, tamper, verify } from '../audit/log.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'

const newDirectory = temporaryDirectories()
const RUNS = Number(process.env['GRADUS_TAMPERINGS'] ?? 150)
const TABLES = ['records', 'payloads', 'nodes', 'checkpoints', 'state', 'documents', 'policy_sets'] as const

let original: string
let vkey: string
let shown: string

/** A log with everything that may be missing from one: masked, erased, expired, kept by a hold. */
async function live(directory: string): Promise<string> {
  const store = await openStore(directory, { checkpointIntervalMs: 1 })
  await fill(store, 1, 20)
  const secret = record(30, { body: { request: { context: { password: 'p', customer: 'Ada' } } }, user: 'ada' })
  const old = record(40, { kind: 'outcome', body: { detail: { note: 'n' } } })
  await store.transact([], (transaction) => {
    transaction.append({ record: secret, masked: ['/body/request/context/password'] })
    transaction.append({ record: record(31, { body: { policy_set: 'sha256:ab' } }) })
    transaction.append({ record: old })
  })
  await store.archive('sha256:ab', Buffer.from('bytes'))
  await erase(store, { decisionId: record(3).id })
  const newId = newIds(950)
  const nowMs = () => Date.parse(record(1).at) + 10 * DAY_MS
  await createRetention({ store, rules: [{ kinds: ['outcome'], days: 1 }], nowMs, newId, actor: 'system' })()
  const at = new Date(nowMs()).toISOString()
  await placeHold(store, { id: newId(), at, tenant: 'default', actor: 'ann', reason: 'inquiry' }, ['decision'])
  await store.close()
  return store.vkey
}

/** Everything that any reader is shown of a store, by every way of finding it; what is refused counts as shown otherwise. */
async function readersView(directory: string): Promise<string> {
  try {
    const store = openReadOnlyStore(directory)
    try {
      const queries: readonly Omit<RecordQuery, 'limit'>[] = [
        ...[{}, { newestFirst: true }, { tenant: 'default' }, { agent: 'support-agent' }, { user: 'ada' }],
        ...[{ action: 'audit.hold' }, { action: 'audit.erase' }, { action: 'tickets.update' }, { outcome: 'allow' }],
        ...[{ kinds: ['operator'] as const }, { kinds: ['outcome'] as const }, { kinds: ['decision'] as const }],
        ...[{ decisionId: record(3).id }, { since: record(4).at, tenant: 'default' }, { until: record(9).at, tenant: 'default' }],
      ]
      const found = await Promise.all(queries.map((query) => store.query({ ...query, limit: 100 })))
      const kinds: readonly DocumentKind[] = ['tenant', 'verdicts', 'agent']
      const ids = await Promise.all(kinds.map((kind) => store.list(kind, 'default')))
      const documents = await store.read([], (view) =>
        kinds.map((kind, index) => (ids[index] ?? []).map((id) => view.document({ kind, tenant: 'default', id }))),
      )
      const byId = await store.read([], (view) => (found[0] ?? []).map(({ record: { tenant, id } }) => view.record(tenant, id)))
      const archived = Buffer.from((await store.archived('sha256:ab')) ?? []).toString('hex')
      const constants = await store.read([], (view) => view.constants())
      return JSON.stringify([found, ids, documents, byId, archived, constants, await store.tenants()])
    } finally {
      await store.close()
    }
  } catch (error) {
    return `refused: ${String(error)}`
  }
}

type Change = {
  readonly table: (typeof TABLES)[number]
  readonly how: 'edit' | 'copy' | 'delete' | 'insert' | 'swap'
  readonly row: number
  readonly other: number
  readonly column: number
  readonly at: number
  readonly by: number
}

const CHANGE: fc.Arbitrary<Change> = fc.record({
  table: fc.constantFrom(...TABLES),
  how: fc.constantFrom('edit', 'copy', 'delete', 'insert', 'swap'),
  row: fc.nat(1_000),
  other: fc.nat(1_000),
  column: fc.nat(20),
  at: fc.nat(5_000),
  by: fc.integer({ min: 1, max: 255 }),
})

/** A value with one character, byte or unit changed, or nothing instead. */
function edited(value: unknown, { at, by }: Change): SQLInputValue {
  if (typeof value === 'number') return value + (by % 2 === 0 ? by : -by)
  if (value instanceof Uint8Array) {
    const bytes = Uint8Array.from(value)
    if (bytes.length > 0) bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ by
    return bytes
  }
  if (typeof value !== 'string') return 'put in'
  if (by % 16 === 0) return ''
  const place = at % (value.length + 1)
  const put = by % 3 === 0 ? '' : String.fromCharCode(32 + (by % 95))
  return value.slice(0, place) + put + value.slice(place + 1)
}

/** Changes one thing of a database; false where the database itself does not take it, or nothing is other than before. */
function apply(database: DatabaseSync, change: Change): boolean {
  const { table, how } = change
  const rows = database.prepare(`SELECT rowid AS rowid_, * FROM ${table} ORDER BY rowid`).all()
  if (rows.length === 0) return false
  const row = rows[change.row % rows.length] as Record<string, SQLInputValue>
  const other = rows[change.other % rows.length] as Record<string, SQLInputValue>
  const columns = Object.keys(row).filter((name) => name !== 'rowid_')
  const column = columns[change.column % columns.length] as string
  const set = (value: SQLInputValue, rowid: SQLInputValue): unknown =>
    database.prepare(`UPDATE ${table} SET "${column}" = ? WHERE rowid = ?`).run(value, rowid)
  try {
    const before = row[column] as SQLInputValue
    if (how === 'delete') database.prepare(`DELETE FROM ${table} WHERE rowid = ?`).run(row['rowid_'] as SQLInputValue)
    else if (how === 'insert') {
      const values = columns.map((name) => (name === column ? edited(row[name], change) : (row[name] as SQLInputValue)))
      database.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`).run(...values)
    } else if (how === 'edit') set(edited(before, change), row['rowid_'] as SQLInputValue)
    else {
      set(other[column] as SQLInputValue, row['rowid_'] as SQLInputValue)
      if (how === 'swap') set(before, other['rowid_'] as SQLInputValue)
    }
    return true
  } catch {
    return false
  }
}

beforeAll(async () => {
  original = newDirectory()
  vkey = await live(original)
  shown = await readersView(original)
})

const check = (directory: string) =>
  verify(directory, vkey, { policySetDigest: (bytes) => (Buffer.from(bytes).toString() === 'bytes' ? 'sha256:ab' : undefined) })

describe('whoever changes one thing in the database', () => {
  it('finds a log that verifies, with everything that may be missing', () => {
    expect(check(original)).toMatchObject({ findings: [], ok: true, masked: 1, erased: 1, expired: 1 })
    expect(shown).not.toMatch(/^refused/u)
  })

  it('is found out, or changes nothing that any reader is shown', { timeout: 600_000 }, async () => {
    let changed = 0
    await fc.assert(
      fc.asyncProperty(CHANGE, async (change) => {
        const copy = newDirectory()
        cpSync(original, copy, { recursive: true })
        const took: boolean[] = []
        tamper(copy, (database) => void took.push(apply(database, change)))
        if (took[0] !== true) return
        const { ok } = check(copy)
        if (!ok) changed += 1
        else expect(await readersView(copy)).toBe(shown)
      }),
      { numRuns: RUNS },
    )
    expect(changed).toBeGreaterThan(RUNS / 4)
  })
})

/** What verifying a copy finds after a change, as `kind: message`. */
function found(change: (database: DatabaseSync) => void): readonly string[] {
  const copy = newDirectory()
  cpSync(original, copy, { recursive: true })
  tamper(copy, change)
  return check(copy).findings.map(({ kind, message }) => `${kind}: ${message}`)
}

describe('what readers go by besides the rows', () => {
  it('is compared with them: an index that lacks a record would hide it from queries alone', () => {
    const hide = found((database) => {
      // "defensive" is off where somebody else's program writes the file.
      database.enableDefensive(false)
      const schema = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'records_agent'").get()?.['sql'] as string
      database.exec('DROP INDEX records_agent; CREATE INDEX records_agent ON records (agent, tenant) WHERE agent IS NULL')
      database.exec('PRAGMA writable_schema = ON')
      database.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'records_agent'").run(schema)
      database.exec('PRAGMA writable_schema = RESET')
    })
    expect(hide[0]).toMatch(
      /^database_differs: In the database: (?:row \d+ missing from|wrong # of entries in) index records_agent/u,
    )
  })

  it.each([
    ['a trigger that is not there', 'DROP TRIGGER records_no_update', 'the trigger records_no_update is not there'],
    ['a trigger that is put in', 'CREATE TRIGGER t AFTER INSERT ON state BEGIN SELECT 1; END', 'the trigger t is none of ours'],
    ['another index', 'DROP INDEX records_at; CREATE INDEX records_at ON records (at_ms)', 'the index records_at is another one'],
  ])('is what this program made: %s', (_what, sql, difference) => {
    const copy = newDirectory()
    cpSync(original, copy, { recursive: true })
    const database = new DatabaseSync(join(copy, 'gradus.db'))
    database.exec(sql)
    database.close()
    expect(check(copy).findings).toEqual([{ kind: 'database_differs', message: `In the database: ${difference}.` }])
  })

  it('is of records: what stands where none is would stop the next one from being written', () => {
    expect(found((database) => database.exec("INSERT INTO payloads VALUES (500, '{}')"))).toEqual([
      'stray_row: Values are stored here, but no record is.',
    ])
    expect(found((database) => database.exec("INSERT INTO nodes VALUES (99, x'00')"))).toEqual([
      expect.stringContaining('stray_row: The tree of'),
    ])
  })
})

describe('a removal', () => {
  it('that is said and not done is found, as is one that a legal hold forbade', () => {
    const put = found((database) => {
      const whole = '{"/body/request/context":{"salt":"AAAAAAAAAAAAAAAAAAAAAA","value":1}}'
      database.prepare('UPDATE payloads SET payload = ? WHERE leaf_index = 2').run(whole)
    })
    expect(put).toEqual([expect.stringContaining('payload_differs'), expect.stringContaining('removal_unfinished: ')])
  })
})
