import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { legalHolds, placeHold, releaseHold } from '../../src/audit/removal/legal-hold.ts'
import { createRetention } from '../../src/audit/removal/retain.ts'
import type { RetentionRule } from '../../src/audit/settings.ts'
import { DAY_MS } from '../../src/format/time.ts'
import type { RecordKind } from '../../src/ledger/record.ts'
import type { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'
import { erase, newIds, openStore, verify } from './log.ts'
import { recordProof } from './record-proof.ts'

const newDirectory = temporaryDirectories()
const START_MS = 1_700_000_000_000
const newId = newIds(500)
const atDay = (day: number): string => new Date(START_MS + day * DAY_MS).toISOString()

/** A record of a kind that was written on a day, with one sealed value. */
function append(store: SqliteStore, number: number, day: number, kind: RecordKind = 'decision', tenant = 'default') {
  const body = kind === 'decision' ? { request: { context: { number } } } : { detail: { number } }
  return store.transact([], (transaction) =>
    transaction.append({ record: record(number, { kind, tenant, at: atDay(day), body, decision_id: null }) }),
  )
}

function retention(store: SqliteStore, rules: readonly RetentionRule[], clock: { day: number }) {
  return createRetention({ store, rules, nowMs: () => START_MS + clock.day * DAY_MS, newId, actor: 'system' })
}

const erased = async (store: SqliteStore): Promise<readonly number[]> =>
  (await store.query({ limit: 100 })).filter(({ state }) => state === 'erased').map(({ leafIndex }) => leafIndex)

const order = (day: number, tenant = 'default') => ({ id: newId(), at: atDay(day), tenant, actor: 'ann', reason: 'inquiry' })

describe('keeping values as long as configured', () => {
  it('removes them by tenant and kind, says so in the log first, and every proof survives', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    await append(store, 1, 0)
    await append(store, 2, 0, 'outcome')
    await append(store, 3, 0, 'decision', 'other')
    await append(store, 4, 5)
    const proof = await recordProof(store, 0)
    const clock = { day: 11 }
    const rules: readonly RetentionRule[] = [
      { kinds: ['outcome'], days: 100 },
      { tenant: 'default', days: 10 },
    ]
    const retain = retention(store, rules, clock)
    expect(await retain()).toEqual({ records: 1, values: 1, held: 0 })
    expect(await erased(store)).toEqual([0])
    const [, , , , said] = await store.query({ limit: 5 })
    expect(said?.record).toMatchObject({
      kind: 'operator',
      action: 'audit.retain',
      actor: 'system',
      tenant: 'default',
      body: {
        verb: 'retain',
        rule: { kind: 'decision', days: 10, until: atDay(1), reached: 1 },
        removed: [{ members: ['/body/request/context'], leaves: [0] }],
      },
    })
    expect(await retain()).toEqual({ records: 0, values: 0, held: 0 })
    expect(store.size()).toBe(5)
    clock.day = 16
    expect(await retain()).toMatchObject({ records: 1 })
    clock.day = 101
    expect(await retain()).toMatchObject({ records: 1 })
    expect(await erased(store)).toEqual([0, 1, 3])
    await store.close()
    expect(verify(directory, store.vkey, { receipts: [{ name: 'proof', text: proof }] })).toMatchObject({
      ok: true,
      expired: 3,
      erased: 0,
    })
  })

  it('removes exactly what is older than its rule, whatever the days', async () => {
    const days = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(days, fc.integer({ min: 1, max: 25 }), async (written, kept) => {
        const store = await openStore(newDirectory())
        const sorted = [...written].sort((left, right) => left - right)
        for (const [index, day] of sorted.entries()) await append(store, index + 1, day)
        await retention(store, [{ days: kept }], { day: 21 })()
        expect(await erased(store)).toEqual(sorted.flatMap((day, index) => (day < 21 - kept ? [index] : [])))
        await store.close()
      }),
      { numRuns: 15 },
    )
  })
})

describe('what retention never removes', () => {
  it('is why values are held, and what an erasure of before removals were listed selected', async () => {
    const store = await openStore(newDirectory())
    const verbs = { erase: 'audit.erase', hold: 'audit.hold', raise: 'incident.raise' }
    for (const [verb, action] of Object.entries(verbs))
      await store.transact([], (transaction) => {
        const body = { verb, kinds: ['signal'], detail: { agent: 'a' } }
        const { id } = record(Object.keys(verbs).indexOf(verb) + 1)
        transaction.append({ record: record(1, { id, kind: 'operator', action, at: atDay(0), body, decision_id: null }) })
      })
    expect(await retention(store, [{ days: 10 }], { day: 100 })()).toMatchObject({ records: 1 })
    expect(await erased(store)).toEqual([2])
    await store.close()
  })
})

describe('a legal hold', () => {
  it('keeps values from expiring and from being erased, of its tenant and kinds, until it is released', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    await append(store, 1, 0)
    await append(store, 2, 0, 'outcome')
    await append(store, 3, 0, 'decision', 'other')
    const hold = order(1)
    await placeHold(store, hold, ['decision'])
    expect(await legalHolds(store, 'default')).toEqual([
      { id: hold.id, kinds: ['decision'], placedAt: atDay(1), placedBy: 'ann' },
    ])
    const retain = retention(store, [{ days: 10 }], { day: 100 })
    expect(await retain()).toEqual({ records: 2, values: 2, held: 1 })
    expect(await erased(store)).toEqual([1, 2])
    await expect(erase(store, { agent: 'support-agent' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(hold.id) as string,
    })
    await expect(releaseHold(store, order(2, 'other'), hold.id)).rejects.toMatchObject({
      code: 'not_found',
      fix: 'check the tenant',
    })
    await expect(releaseHold(store, order(2), 'none')).rejects.toMatchObject({ fix: `in force are: ${hold.id}` })
    await releaseHold(store, order(2), hold.id)
    expect(await legalHolds(store, 'default')).toEqual([])
    expect(await retain()).toMatchObject({ held: 0 })
    expect(await erased(store)).toContain(0)
    await store.close()
    expect(verify(directory, store.vkey)).toMatchObject({ ok: true })
  })

  it('of every kind keeps every kind', async () => {
    const store = await openStore(newDirectory())
    await append(store, 1, 0)
    await placeHold(store, order(1), null)
    const { held, values } = await retention(store, [{ days: 10 }], { day: 100 })()
    expect(values).toBe(0)
    expect(held).toBeGreaterThan(1)
    await store.close()
  })
})
