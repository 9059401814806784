import { describe, expect, it } from 'vitest'

import { eraseRecords } from '../../src/audit/removal/erase.ts'
import { exportRecords } from '../../src/audit/export.ts'
import { verifyProof } from '../../src/audit/proof.ts'
import type { RecordSelection } from '../../src/ledger/record-selection.ts'
import { openLog } from '../../src/stores/sqlite/raw-log.ts'
import { openReadOnlyStore } from '../../src/stores/sqlite/read-only-store.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { contain, record, tenantKey } from '../stores/records.ts'
import { newIds, openStore, ORIGIN, verifierOf, verify } from './log.ts'
import { recordProof } from './record-proof.ts'

const newDirectory = temporaryDirectories()
const order = {
  newId: newIds(900),
  at: record(900).at,
  actor: 'operator-1',
  reason: 'request of 2026-01-31',
}
const lines = async (
  store: Parameters<typeof exportRecords>[0],
  query: Parameters<typeof exportRecords>[1],
): Promise<readonly string[]> => {
  const found: string[] = []
  for await (const line of exportRecords(store, query)) found.push(line)
  return found
}

describe('exporting records', () => {
  it('writes one canonical JSON line per record', async () => {
    const store = await openStore(newDirectory())
    await store.transact([], (transaction) => [1, 2].map((number) => transaction.append({ record: record(number) })))
    const exported = await lines(store, { tenant: 'default' })
    expect(exported.every((line) => line.endsWith('}\n'))).toBe(true)
    expect(exported.map((line) => JSON.parse(line) as unknown)).toEqual(
      [1, 2].map((number) => ({ leaf_index: number - 1, record: record(number), state: 'whole' })),
    )
    await store.close()
  })
})

describe('erasing', () => {
  it.each<[string, Omit<RecordSelection, 'tenant'>, readonly number[]]>([
    ['an agent', { agent: 'agent-1' }, [1, 3]],
    ['a user', { user: 'ada' }, [0, 1]],
    ['a decision', { decisionId: record(3).id }, [2]],
    ['a user’s records of one agent', { agent: 'agent-1', user: 'ada' }, [1]],
  ])('removes the values of %s, says so in the log, and keeps every proof', async (_what, selection, gone) => {
    const directory = newDirectory()
    const store = await openStore(directory)
    await store.transact([], (transaction) => {
      for (const number of [1, 2, 3, 4])
        transaction.append({ record: record(number, { agent: `agent-${(number + 1) % 2}`, user: number < 3 ? 'ada' : null }) })
    })
    const erasure = await eraseRecords(store, { tenant: 'default', ...selection }, order)
    expect(erasure).toEqual({ leafIndex: 4, records: gone.length, values: gone.length })
    const stored = await store.query({ limit: 10 })
    expect(stored.filter(({ state }) => state === 'erased').map(({ leafIndex }) => leafIndex)).toEqual(gone)
    expect(stored[4]!.record).toMatchObject({
      kind: 'operator',
      action: 'audit.erase',
      agent: null,
      user: null,
      body: {
        verb: 'erase',
        removed: [{ members: ['/body/request/context'], leaves: gone }],
        detail: { reason: order.reason },
      },
    })
    const proof = await recordProof(store, gone[0]!)
    await store.close()
    expect(verify(directory, store.vkey, { receipts: [{ name: 'proof', text: proof }] })).toMatchObject({
      ok: true,
      erased: gone.length,
    })
  })

  it('refuses to erase everything', async () => {
    const store = await openStore(newDirectory())
    await expect(eraseRecords(store, { tenant: 'default' }, order)).rejects.toMatchObject({ code: 'bad_request' })
    expect(store.size()).toBe(0)
    await store.close()
  })
})

describe('the proof of a record', () => {
  it('verifies offline with the leaf and the public key, and with no other leaf', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    await store.transact([], (transaction) => [1, 2, 3].map((number) => transaction.append({ record: record(number) })))
    const text = await recordProof(store, 1)
    await store.close()
    const reader = openLog(directory)
    const [other, own] = [...reader.rows()]
    reader.close()
    const expected = { verifiers: [verifierOf(store.vkey)], origin: ORIGIN }
    expect(verifyProof(text, { ...expected, entry: own!.leaf })).toMatchObject({ ok: true, index: 1, checkpoint: { size: 3 } })
    expect(verifyProof(text, { ...expected, entry: other!.leaf })).toMatchObject({ ok: false, error: { code: 'bad_proof' } })
  })

  it('is refused for a record that is not there', async () => {
    const store = await openStore(newDirectory())
    await expect(recordProof(store, 0)).rejects.toMatchObject({ code: 'not_found' })
    await store.close()
  })
})

describe('a read-only store', () => {
  it('sees beside the running writer what is committed', async () => {
    const directory = newDirectory()
    const store = await openStore(directory, { checkpointIntervalMs: 60_000 })
    const beside = openReadOnlyStore(directory)
    await store.transact([], (transaction) => transaction.append({ record: record(1, { effects: [contain('a')] }) }))
    expect(beside.size()).toBe(1)
    expect(await beside.query({ limit: 10 })).toEqual(await store.query({ limit: 10 }))
    const seen = await beside.read([], (view) => [
      view.document(tenantKey())?.containments[0]?.id,
      view.record('default', record(1).id)?.leafIndex,
      view.stateVersion(),
    ])
    expect(seen).toEqual(['a', 0, 1])
    expect(await beside.list('tenant', 'default')).toEqual([''])
    expect(await beside.tenants()).toEqual(['default'])
    expect(await beside.proof(0)).toBeUndefined()
    const proof = await store.proof(0)
    expect(await beside.proof(0)).toEqual(proof)
    expect(await beside.checkpoint()).toBe(await store.checkpoint())
    await beside.close()
    await store.close()
  })

  it('is refused where there is no store', () => {
    expect(() => openReadOnlyStore(newDirectory())).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})
