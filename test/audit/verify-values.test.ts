import { hash } from 'node:crypto'
import { cpSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { noteSigner, signCheckpoint } from '../../src/audit/note.ts'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, frontierToJson, leafHash } from '../../src/audit/tree.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'
import type { LogVerification } from '../../src/ledger/log-verification.ts'
import { REMOVAL_RECORDS_MAX } from '../../src/audit/removal/removal.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'
import { erase, fill, newIds, openStore, ORIGIN, tamper, verify } from './log.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const newDirectory = temporaryDirectories()
const CONTEXT = '/body/request/context'

type Made = { readonly directory: string; readonly vkey: string }

/** A closed log that was written like this. */
async function made(write: (store: Awaited<ReturnType<typeof openStore>>) => Promise<unknown>): Promise<Made> {
  const directory = newDirectory()
  const store = await openStore(directory)
  await write(store)
  await store.close()
  return { directory, vkey: store.vkey }
}

/** What verifying a copy of the log finds after a change. */
function found({ directory, vkey }: Made, change: (database: DatabaseSync) => void): LogVerification {
  const copy = newDirectory()
  cpSync(directory, copy, { recursive: true })
  tamper(copy, change)
  return verify(copy, vkey)
}

const kinds = ({ findings }: LogVerification): readonly string[] =>
  findings.map(({ kind, leafIndex }) => `${kind} ${leafIndex ?? ''}`)

describe('values that are not there', () => {
  it('are gone, and a finding each, unless a record says that they were removed', async () => {
    const log = await made(async (store) => {
      await fill(store, 1, 6)
      await erase(store, { decisionId: record(2).id })
    })
    expect(found(log, () => undefined)).toMatchObject({ ok: true, erased: 1 })
    expect(kinds(found(log, (database) => database.exec('DELETE FROM payloads WHERE leaf_index = 3')))).toEqual(['value_gone 3'])
    const all = found(log, (database) => database.exec('DELETE FROM payloads'))
    // The erasure's own detail is gone, too, and it erased nothing but the one record.
    expect(kinds(all)).toEqual([0, 2, 3, 4, 5, 6].map((leafIndex) => `value_gone ${leafIndex}`))
    expect(all).toMatchObject({ ok: false, erased: 1 })
  })

  it('are exactly those whose removal is not recorded, whatever is erased and deleted', async () => {
    const size = 8
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: size }), { maxLength: size })
    await fc.assert(
      fc.asyncProperty(numbers, numbers, async (erased, deleted) => {
        const log = await made(async (store) => {
          await fill(store, 1, size)
          const newId = newIds(900)
          for (const number of erased) await eraseOne(store, number, newId)
        })
        const { findings, ...counts } = found(log, (database) => {
          for (const number of deleted) database.exec(`DELETE FROM payloads WHERE leaf_index = ${number - 1}`)
        })
        const gone = deleted.filter((number) => !erased.includes(number)).map((number) => number - 1)
        expect(findings.map(({ leafIndex }) => leafIndex)).toEqual(gone.sort((left, right) => left - right))
        expect(counts).toMatchObject({ ok: gone.length === 0, erased: erased.length })
      }),
      { numRuns: 15 },
    )
  })

  it('cannot be passed off as masked', async () => {
    const log = await made((store) => fill(store, 1, 3))
    const masked = JSON.stringify({ [CONTEXT]: { masked: true } })
    const tampered = found(log, (database) =>
      database.prepare('UPDATE payloads SET payload = ? WHERE leaf_index = 1').run(masked),
    )
    expect(kinds(tampered)).toEqual(['payload_differs 1'])
  })

  it('were removed only if the record that says so is of their tenant, and names their member', async () => {
    const removed = [{ members: ['/body/other'], leaves: [0] }]
    const order = (number: number, more: object) =>
      record(number, { kind: 'operator', action: 'audit.erase', decision_id: null, body: { verb: 'erase', ...more } })
    const log = await made(async (store) => {
      await fill(store, 1, 2)
      await store.transact([], (transaction) => {
        transaction.append({ record: order(10, { removed }) })
        transaction.append({ record: { ...order(11, { removed: [{ members: [CONTEXT], leaves: [0] }] }), tenant: 'other' } })
        transaction.append({ record: order(12, { removed: 'everything' }) })
        // As erasures were recorded before they listed what they removed.
        transaction.append({ record: order(13, { pointers: null, detail: { agent: 'support-agent' } }) })
      })
    })
    expect(kinds(found(log, (database) => database.exec('DELETE FROM payloads WHERE leaf_index = 0')))).toEqual(['value_gone 0'])
  })

  it('are listed in as many records as it takes, none larger than a bound', async () => {
    const log = await made(async (store) => {
      await fill(store, 1, REMOVAL_RECORDS_MAX + 1)
      const { records, values } = await erase(store, { agent: 'support-agent' })
      expect([records, values]).toEqual([REMOVAL_RECORDS_MAX + 1, REMOVAL_RECORDS_MAX + 1])
      expect(store.size()).toBe(REMOVAL_RECORDS_MAX + 3)
    })
    expect(found(log, () => undefined)).toMatchObject({ ok: true, erased: REMOVAL_RECORDS_MAX + 1 })
  })
})

/** Erases one record; each erasure needs an id of its own. */
async function eraseOne(store: Awaited<ReturnType<typeof openStore>>, number: number, newId: () => string): Promise<void> {
  const { eraseRecords } = await import('../../src/audit/removal/erase.ts')
  const order = { newId, at: record(900).at, actor: 'operator-1', reason: 'asked for' }
  await eraseRecords(store, { tenant: 'default', decisionId: record(number).id }, order)
}

/** Turns the first `count` leaves of a log into the form of before masks were bound, and signs it anew: such a log as an earlier revision left it. */
function asEarlier(directory: string, count: number): void {
  tamper(directory, (database) => {
    const rows = database
      .prepare(
        'SELECT leaf_index, CAST(leaf AS TEXT) AS leaf, payload FROM records LEFT JOIN payloads USING (leaf_index) ORDER BY leaf_index',
      )
      .all()
    const leaves = rows.map(({ leaf, payload, leaf_index }) => {
      const { sealed, ...others } = JSON.parse(String(leaf)) as { readonly sealed: Record<string, string | null> } & Record<
        string,
        unknown
      >
      delete others['form']
      if (Number(leaf_index) >= count) return String(leaf)
      const entries = JSON.parse(String(payload ?? '{}')) as Record<string, object>
      for (const [pointer, digest] of Object.entries(sealed)) {
        if (digest !== null) continue
        sealed[pointer] = hash('sha256', pointer, 'hex')
        entries[pointer] = { masked: true }
      }
      database.prepare('INSERT OR REPLACE INTO payloads VALUES (?, ?)').run(leaf_index as number, JSON.stringify(entries))
      return canonicalJson({ ...others, sealed })
    })
    const set = database.prepare('UPDATE records SET leaf = ?, leaf_hash = ? WHERE leaf_index = ?')
    const hashes = leaves.map((leaf) => leafHash(Buffer.from(leaf)))
    leaves.forEach((leaf, index) => set.run(Buffer.from(leaf), hashes[index]!, index))
    database.exec('DELETE FROM nodes; DELETE FROM checkpoints')
    const tree = appendLeaves(EMPTY_FRONTIER, hashes, () => undefined)
    database.prepare("UPDATE state SET value = ? WHERE name = 'tree'").run(JSON.stringify(frontierToJson(tree)))
    const signer = noteSigner(ORIGIN, readFileSync(join(directory, 'audit.key'), 'utf8'))
    if (!signer.ok) throw new Error(signer.error.message)
    const note = signCheckpoint({ origin: ORIGIN, size: tree.size, root: frontierRoot(tree) }, signer.signer)
    database.prepare('INSERT INTO checkpoints VALUES (?, ?)').run(tree.size, note)
  })
}

describe('records of before masks were bound', () => {
  const append = (store: Awaited<ReturnType<typeof openStore>>, number: number, masked: readonly string[] = []) =>
    store.transact([], (transaction) => transaction.append({ record: record(number), masked }))

  it('verify, and what was masked in them is said not to be bound; what their erasures select is erased', async () => {
    const { directory, vkey } = await made(async (store) => {
      await append(store, 1, [CONTEXT])
      await append(store, 2)
      await append(store, 3)
      const detail = { agent: null, user: null, decision_id: record(3).id, reason: 'asked for' }
      const body = { verb: 'erase', pointers: null, detail }
      await store.transact([], (transaction) =>
        transaction.append({ record: record(4, { kind: 'operator', action: 'audit.erase', decision_id: null, body }) }),
      )
      await append(store, 5, [CONTEXT])
    })
    asEarlier(directory, 4)
    tamper(directory, (database) => database.exec('DELETE FROM payloads WHERE leaf_index = 2'))
    expect(verify(directory, vkey)).toMatchObject({ ok: true, masked: 2, masksUnbound: 1, erased: 1, findings: [] })
    tamper(directory, (database) => database.exec('DELETE FROM payloads WHERE leaf_index = 1'))
    expect(kinds(verify(directory, vkey))).toEqual(['value_gone 1'])
  })

  it('come first: after one that binds its masks none is taken for such a record, even signed', async () => {
    const { directory, vkey } = await made((store) => fill(store, 1, 4))
    asEarlier(directory, 2)
    expect(verify(directory, vkey)).toMatchObject({ ok: true })
    tamper(directory, (database) => {
      // The first two in the newer form, the others in the earlier one.
      const leaves = database.prepare('SELECT CAST(leaf AS TEXT) AS leaf FROM records ORDER BY leaf_index').all()
      const set = database.prepare('UPDATE records SET leaf = ? WHERE leaf_index = ?')
      leaves.forEach(({ leaf }, index) => {
        const others = JSON.parse(String(leaf)) as Record<string, unknown>
        delete others['form']
        set.run(Buffer.from(canonicalJson(index < 2 ? { ...others, form: 2 } : others)), index)
      })
    })
    expect(kinds(verify(directory, vkey)).filter((each) => each.startsWith('masks'))).toEqual([
      'masks_unbound 2',
      'masks_unbound 3',
    ])
  })
})

describe('signed heads that are not there', () => {
  it.each([
    ['all', 'DELETE FROM checkpoints'],
    ['all but that of the empty tree, over records of more than an hour', 'DELETE FROM checkpoints WHERE size > 0'],
  ])('are a finding: %s', async (_what, sql) => {
    const log = await made(async (store) => {
      await fill(store, 1, 3)
      await fill(store, 4_000_000, 1)
    })
    const tampered = found(log, (database) => database.exec(sql))
    expect(kinds(tampered)).toEqual(['unsigned 0'])
    expect(tampered).toMatchObject({ unsigned: 4 })
  })

  it('are none where the next one is not due yet', async () => {
    const log = await made((store) => fill(store, 1, 3))
    expect(found(log, (database) => database.exec('DELETE FROM checkpoints WHERE size > 0'))).toMatchObject({
      ok: true,
      unsigned: 3,
    })
  })
})

describe('policy sets', () => {
  const named = (digest: string, number = 1) => record(number, { kind: 'policy_set', decision_id: null, body: { digest } })

  it('that records name are archived, and are those', async () => {
    const log = await made(async (store) => {
      await store.archive('d1', Buffer.from('no archive'))
      await store.archive('never named', Buffer.from('no archive'))
      await store.transact([], (transaction) => {
        transaction.append({ record: named('d1', 1) })
        transaction.append({ record: named('d2', 2) })
        transaction.append({ record: record(3, { body: { policy_set: 'd3' } }) })
        transaction.append({ record: record(4, { body: { policy_set: 'd3' } }) })
      })
    })
    const verification = found(log, () => undefined)
    expect(kinds(verification)).toEqual(['policy_set_differs ', 'policy_set_gone 1', 'policy_set_gone 2'])
    expect(verification).toMatchObject({ ok: false, policySets: 3 })
  })
})
