import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { LEAF_BYTES_MAX, leafBytesBound, sealRecord } from '../../src/audit/leaf.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { EFFECTS_MAX } from '../../src/ledger/record.ts'
import type { NewRecord } from '../../src/ledger/store.ts'
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { ORIGIN, verify } from '../audit/log.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { contain, projectSome, record, tenantKey, verdict } from '../stores/records.ts'

const newDirectory = temporaryDirectories()
const LONG = 'k'.repeat(10_000)
const names = Array.from({ length: 250 }, (_, index) => `${LONG}${index}`)

const TOO_LARGE: readonly (readonly [string, NewRecord])[] = [
  ['a body', { record: record(2, { body: { text: 'x'.repeat(LEAF_BYTES_MAX) } }) }],
  ['a body of characters that take three bytes each', { record: record(2, { body: { text: '\u20ac'.repeat(800_000) } }) }],
  ['a body of characters that are escaped', { record: record(2, { body: { text: '\u0001'.repeat(400_000) } }) }],
  [
    'the places of masks',
    {
      record: record(2, { body: { request: { context: Object.fromEntries(names.map((name) => [name, 1])) } } }),
      masked: names.map((name) => `/body/request/context/${name}`),
    },
  ],
]

const open = (dataDir: string) =>
  createSqliteStore({
    dataDir,
    project: projectSome,
    origin: ORIGIN,
    checkpointIntervalMs: 1_000,
    nowMs: Date.now,
  })
const lifts = (count: number): readonly Effect[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'lift', id: `c${index}` }))

describe('a record with more effects than any reader takes', () => {
  it('is refused before anything of it is applied, and what is written is read back by the verifier', async () => {
    const directory = join(newDirectory(), 'data')
    const store = await open(directory)
    const append = (effects: readonly Effect[], number: number) =>
      store.transact([], (transaction) => void transaction.append({ record: record(number, { effects: [...effects] }) }))
    await expect(append([contain('c'), ...lifts(EFFECTS_MAX)], 1)).rejects.toMatchObject({
      code: 'too_large',
      message: 'The record has 5001 effects: the limit `audit.effects_max` is 5000',
    })
    expect(await store.read([], (view) => view.document(tenantKey()))).toBeUndefined()
    await append([...lifts(EFFECTS_MAX - 1), contain('c')], 2)
    expect([store.fenced(), store.size()]).toEqual([undefined, 1])
    await store.close()
    expect(verify(directory, store.vkey)).toMatchObject({ ok: true, records: 1 })
  })

  it.each<readonly [string, object]>([
    ['a kind that there is not', { kind: 'nothing' }],
    ['a member too long', { kind: 'lift', id: 'c'.repeat(513) }],
    ['no number', { ...verdict('d'), positive: NaN }],
  ])('as with an effect of %s, which is a bug and not written', async (_what, effect) => {
    const store = await open(join(newDirectory(), 'data'))
    const change = store.transact([], (transaction) => {
      transaction.append({ record: record(1, { effects: [effect as Effect] }) })
    })
    await expect(change).rejects.toThrow('would not be read again: its effects at /0')
    expect([store.fenced(), store.size()]).toEqual([undefined, 0])
    await store.close()
  })
})

describe('a record that is too large for the log', () => {
  it.each(TOO_LARGE)('by %s is refused before anything of it is applied, and the store goes on', async (_what, entry) => {
    const directory = join(newDirectory(), 'data')
    const store = await open(directory)
    const change = store.transact([], (transaction) => {
      transaction.append({ record: record(1, { effects: [contain('c')] }) })
      transaction.append(entry)
    })
    await expect(change).rejects.toMatchObject({
      code: 'too_large',
      message: expect.stringContaining('the limit `audit.leaf_bytes_max` is'),
    })
    expect(await store.read([], (view) => view.document(tenantKey()))).toBeUndefined()
    await store.transact([], (transaction) => void transaction.append({ record: record(3) }))
    expect([store.fenced(), store.size()]).toEqual([undefined, 1])
    await store.close()
  })

  it('is told by a bound that is never below what the leaf has', () => {
    const given = { kind: 'decision', body: { list: [1, 2, 3], 'a"b\u20ac': 'x', nothing: null, n: 1e21, deep: { a: [true] } } }
    for (const pointers of [
      [],
      ['/body/list/0'],
      ['/body/list/0', '/body/list/2', '/body/a"b\u20ac'],
      ['/body/deep/a/0', '/body'],
    ]) {
      for (const [sensitive, masked] of [[pointers, []] as const, [[], pointers] as const]) {
        const sealed = sealRecord(given, { sensitive, masked }, () => new Uint8Array(16))
        expect(sealed.ok && sealed.leaf.length <= leafBytesBound(JSON.stringify(given), pointers)).toBe(true)
      }
    }
  })
})
