import { describe, expect, it } from 'vitest'

import { parseProof } from '../../src/audit/proof.ts'
import { PAGE_BYTES_MAX } from '../../src/reports/read-log.ts'
import { ask, auditor, gateway, operator } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const categorise = () => ask('finance-agent', 'categorise_expense')
const newest = async ({ store }: TestService) => (await store.query({ newestFirst: true, limit: 1 }))[0]!.record

describe('reading the log', () => {
  it('is itself recorded: who read, and what they asked for', async () => {
    const tested = await testService()
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    const { records: found } = await tested.service.records(auditor, { agent: 'finance-agent', limit: 5 })
    expect(found.map(({ record }) => record.id)).toEqual([decision_id])
    expect(await newest(tested)).toMatchObject({
      kind: 'operator',
      actor: 'credential:auditor',
      body: {
        verb: 'read_audit',
        by: 'credential:auditor',
        detail: { verb: 'read_records', query: { agent: 'finance-agent', limit: 5 }, found: 1 },
      },
    })
    await tested.service.record(operator, decision_id)
    expect(await newest(tested)).toMatchObject({
      actor: 'person:olivia',
      body: { detail: { verb: 'read_record', record: decision_id } },
    })
  })

  it('gives nothing when it cannot be recorded', async () => {
    let broken = false
    const tested = await testService({
      store: (store) => ({
        ...store,
        transact: (touches, change) => (broken ? Promise.reject(new Error('disk')) : store.transact(touches, change)),
      }),
    })
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    broken = true
    await expect(tested.service.records(auditor, { limit: 1 })).rejects.toThrow('disk')
    await expect(tested.service.record(auditor, decision_id)).rejects.toThrow('disk')
  })

  it('gives records of the own tenant only, whatever is asked for', async () => {
    const { service } = await testService()
    await service.evaluate(gateway, categorise())
    expect(await service.records({ ...auditor, tenant: 'globex' }, { tenant: 'default', limit: 10 })).toEqual({
      records: [],
      next: null,
    })
  })

  it.each([0, -1, 1_001, Number.NaN])('refuses the limit %d', async (limit) => {
    const { service } = await testService()
    await expect(service.records(auditor, { limit })).rejects.toMatchObject({ code: 'bad_request' })
  })

  it.each([false, true])(
    'ends a page where its records are large, and misses none from page to page (newest first: %s)',
    async (newestFirst) => {
      const tested = await testService()
      for (let count = 0; count < 24; count += 1)
        await tested.service.evaluate(
          gateway,
          ask('finance-agent', 'categorise_expense', { arguments: { note: `${count}`.padEnd(500_000, 'x') } }),
        )
      const kinds = ['decision'] as const
      const whole = await tested.store.query({ kinds, newestFirst, limit: 1_000 })
      const seen: string[] = []
      const pages: number[] = []
      for (let from: number | null | undefined; from !== null;) {
        const page = await tested.service.records(auditor, {
          kinds,
          newestFirst,
          limit: 1_000,
          ...(from === undefined ? {} : { from }),
        })
        expect(Buffer.byteLength(JSON.stringify(page.records.map(({ record }) => record)))).toBeLessThan(PAGE_BYTES_MAX + 1_000)
        seen.push(...page.records.map(({ record }) => record.id))
        pages.push(page.records.length)
        from = page.next
      }
      expect(seen).toEqual(whole.map(({ record }) => record.id))
      expect(pages.length).toBeGreaterThan(1)
    },
  )

  it('gives at least one record however large, and says that a full page may go on', async () => {
    const tested = await testService()
    await tested.service.evaluate(gateway, categorise())
    await tested.service.evaluate(gateway, categorise())
    const { records, next } = await tested.service.records(auditor, { kinds: ['decision'], limit: 1 })
    expect([records.length, next]).toEqual([1, (records[0]?.leafIndex ?? 0) + 1])
  })

  it('proves that a record is under the signed head', async () => {
    const { service } = await testService()
    const { decision_id, leaf_index } = await service.evaluate(gateway, categorise())
    const found = await service.proof(auditor, decision_id)
    expect(found).toMatchObject({ record_id: decision_id, leaf_index })
    expect(parseProof(found.proof)).toMatchObject({ ok: true, proof: { index: leaf_index } })
  })
})

describe('proposals', () => {
  it('are as many as were asked for, also where decisions between them are none', async () => {
    const { service } = await testService()
    const first = await service.evaluate(gateway, categorise())
    for (let count = 0; count < 5; count += 1) await service.evaluate(gateway, ask('stranger', 'unheard_of'))
    const second = await service.evaluate(gateway, categorise())
    const page = await service.proposals(operator, { limit: 1 })
    expect(page.proposals.map(({ decision_id }) => decision_id)).toEqual([second.decision_id])
    const next = await service.proposals(operator, { limit: 1, from: page.next ?? 0 })
    expect(next.proposals.map(({ decision_id }) => decision_id)).toEqual([first.decision_id])
    const both = await service.proposals(operator, { limit: 2 })
    expect(both.proposals).toHaveLength(2)
  })

  it('are the decisions that only trust held back, newest first', async () => {
    const { service } = await testService()
    const first = await service.evaluate(gateway, categorise())
    await service.evaluate(gateway, ask('finance-agent', 'read_metrics'))
    const second = await service.evaluate(gateway, ask('coding-agent', 'run_tests'))
    const { proposals, next } = await service.proposals(operator, { limit: 10 })
    expect(proposals.map(({ decision_id }) => decision_id)).toEqual([second.decision_id, first.decision_id])
    expect(proposals[1]).toMatchObject({
      agent: 'finance-agent',
      action: 'categorise_expense',
      resource: 'expense/one',
      scope: 'bookkeeping:light',
    })
    expect(next).toBeNull()
  })

  it('come in pages', async () => {
    const { service } = await testService()
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) ids.unshift((await service.evaluate(gateway, categorise())).decision_id)
    const found: string[] = []
    let from: number | null | undefined
    do {
      const page = await service.proposals(operator, { limit: 2, ...(typeof from === 'number' ? { from } : {}) })
      found.push(...page.proposals.map(({ decision_id }) => decision_id))
      from = page.next
    } while (from !== null)
    expect(found).toEqual(ids)
  })

  it('are listed also where the mask took the resource out of the record', async () => {
    const evaluate = () => ({ kind: 'value', value: ['/input'] }) as const
    const { service } = await testService({ policySet: (policySet) => ({ ...policySet, mask: { ...policySet.base, evaluate } }) })
    await service.evaluate(gateway, categorise())
    expect((await service.proposals(operator, { limit: 1 })).proposals).toMatchObject([
      { agent: 'finance-agent', resource: '*/*' },
    ])
  })
})
