import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { legalHolds, placeHold } from '../../src/audit/removal/legal-hold.ts'
import { createRetention } from '../../src/audit/removal/retain.ts'
import { DAY_MS } from '../../src/format/time.ts'
import type { RecordQuery } from '../../src/ledger/store.ts'
import { newIds, openStore, verify } from '../audit/log.ts'
import { recordProof } from '../audit/record-proof.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'

const newDirectory = temporaryDirectories()
const nowMs = () => Date.parse(record(1).at) + 10 * DAY_MS
const rules = [{ days: 1 }]

/** A store with two records that have one sealed member, and two that have more. */
async function written(): Promise<{ readonly directory: string; readonly vkey: string; readonly proof: string }> {
  const directory = newDirectory()
  const store = await openStore(directory)
  for (const number of [1, 2, 3, 4]) {
    const request = { subject: { type: 'agent', id: 'support-agent' }, context: { number } }
    const body = number > 2 ? { request, goal: { purpose: 'test' } } : { request }
    await store.transact([], (transaction) => transaction.append({ record: record(number, { body }) }))
  }
  const proof = await recordProof(store, 0)
  await store.close()
  return { directory, vkey: store.vkey, proof }
}

function killed(directory: string, verb: string, step: string): void {
  const script = join(import.meta.dirname, 'killed-removal.ts')
  const { signal, stderr } = spawnSync(process.execPath, [script, directory, verb, step], { encoding: 'utf8' })
  expect({ signal, stderr }).toMatchObject({ signal: 'SIGKILL' })
}

describe('a removal that is killed', () => {
  it.each([
    ['retain', 'before its record', []],
    ['retain', 'after its record', ['removal_unfinished']],
    ['retain', 'after the first values', ['removal_unfinished']],
    ['retain', 'half-way', ['removal_unfinished']],
    ['erase', 'before its record', []],
    ['erase', 'after its record', ['removal_unfinished']],
    ['erase', 'after the first values', ['removal_unfinished']],
    ['erase', 'half-way', ['removal_unfinished']],
  ])('(%s) %s is told by the verifier and ended at the next start', async (verb, step, kinds) => {
    const { directory, vkey, proof } = await written()
    killed(directory, verb, step)
    expect(verify(directory, vkey).findings.map(({ kind }) => kind)).toEqual(kinds)
    const store = await openStore(directory)
    const before = store.size()
    await createRetention({ store, rules: kinds.length === 0 ? rules : [], nowMs, newId: newIds(950), actor: 'system' })()
    expect((await store.query({ kinds: ['decision'], limit: 10 })).map(({ state }) => state)).toEqual(Array(4).fill('erased'))
    expect(store.size() - before).toBe(kinds.length === 0 ? 1 : 0)
    await store.close()
    const receipts = [{ name: 'proof', text: proof }]
    expect(verify(directory, vkey, { receipts })).toMatchObject({
      findings: [],
      [verb === 'erase' && kinds.length > 0 ? 'erased' : 'expired']: 4,
    })
  })

  it('is ended before a legal hold begins, which so never keeps what the log says is gone', async () => {
    const { directory, vkey } = await written()
    killed(directory, 'retain', 'after its record')
    const store = await openStore(directory)
    await placeHold(
      store,
      { id: newIds(950)(), at: new Date(nowMs()).toISOString(), tenant: 'default', actor: 'ann', reason: 'inquiry' },
      null,
    )
    expect(await legalHolds(store, 'default')).toHaveLength(1)
    await store.close()
    expect(verify(directory, vkey)).toMatchObject({ findings: [], expired: 4 })
  })
})

describe('a run that expires values', () => {
  it('goes on after a restart where the one before stopped', async () => {
    const { directory } = await written()
    const looked: (number | undefined)[] = []
    for (const first of [950, 960]) {
      const opened = await openStore(directory)
      const store = {
        ...opened,
        query: (query: RecordQuery) => {
          if (query.until !== undefined && query.kinds?.[0] === 'decision') looked.push(query.from)
          return opened.query(query)
        },
      }
      await createRetention({ store, rules, nowMs, newId: newIds(first), actor: 'system' })()
      await opened.close()
    }
    expect(looked).toEqual([0, 4])
  })

  it('removes nothing that a hold keeps which was placed while it ran, and the log verifies', async () => {
    const { directory, vkey } = await written()
    const opened = await openStore(directory)
    let placed = false
    const store = {
      ...opened,
      erasable: async (leafIndex: number, members: readonly string[]) => {
        if (!placed) {
          placed = true
          const header = { id: newIds(940)(), at: new Date(nowMs()).toISOString(), tenant: 'default', actor: 'ann' }
          await placeHold(store, { ...header, reason: 'inquiry' }, ['decision'])
        }
        return opened.erasable(leafIndex, members)
      },
    }
    const run = createRetention({ store, rules, nowMs, newId: newIds(950), actor: 'system' })
    expect(await run()).toEqual({ records: 0, values: 0, held: 1 })
    await opened.close()
    expect(verify(directory, vkey)).toMatchObject({ findings: [], expired: 0 })
  })

  it('is found where it removed what a hold kept', async () => {
    const { directory, vkey } = await written()
    const store = await openStore(directory)
    const newId = newIds(940)
    const at = new Date(nowMs()).toISOString()
    await placeHold(store, { id: newId(), at, tenant: 'default', actor: 'ann', reason: 'inquiry' }, ['decision'])
    const member = '/body/request/context'
    const body = { verb: 'retain', rule: { kind: 'outcome' }, removed: [{ members: [member], leaves: [0] }] }
    const said = record(970, { kind: 'operator', action: 'audit.retain', at, body, decision_id: null })
    await store.transact([], (transaction) => transaction.append({ record: said }))
    await store.erase([0], [member])
    await store.close()
    expect(verify(directory, vkey).findings.map(({ kind }) => kind)).toEqual(['removal_despite_hold'])
  })
})
