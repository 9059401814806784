import { afterEach, describe, expect, it } from 'vitest'

import type { Store } from '../../src/ledger/store.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { administrator, auditor, caller, gateway, inTenant, judge, verifier } from '../support/callers.ts'
import { AGENT, asking, bea, categorise, cem, ENGINES, retry } from '../support/people.ts'

const newDirectory = temporaryDirectories()
const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

const expense = (name: string) => categorise({ arguments: { account: name } })

describe.each(Object.entries(ENGINES))('the history of approvals, with the %s store,', (_name, open) => {
  const started = async () => {
    const store = await open(newDirectory)
    opened.push(store)
    return asking({ engine: store })
  }

  it('says who did what to which request, when and why, the newest first', async () => {
    const tested = await started()
    const [yes, no, taken] = [expense('travel'), expense('meals'), expense('rent')]
    const ids: string[] = []
    for (const each of [yes, no, taken]) ids.push((await tested.service.evaluate(gateway, each)).decision_id)
    const [first = '', second = '', third = ''] = ids
    await tested.service.decideApproval(bea, first, { verdict: 'approve', reason: 'the receipt is there' })
    await tested.service.decideApproval(cem, second, { verdict: 'reject', reason: 'no receipt' })
    await tested.service.withdrawApproval(gateway, third, {})
    const { steps, next } = await tested.service.approvalHistory(bea, {})
    expect(next).toBeNull()
    expect(steps).toMatchObject([
      { decision_id: third, verb: 'withdraw', by: 'credential:gateway', reason: null, state: 'withdrawn' },
      { decision_id: second, verb: 'reject', by: 'person:cem', reason: 'no receipt', state: 'rejected' },
      { decision_id: first, verb: 'approve', by: 'person:bea', reason: 'the receipt is there', state: 'approved', agent: AGENT },
    ])
    expect(steps[0]).toMatchObject({
      action: 'categorise_expense',
      scope: 'bookkeeping:light',
      resource: expect.stringMatching(/\w+ \S/u) as string,
    })
    expect(Date.parse(steps[0]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(steps[2]?.at ?? ''))
    for (const [search, found] of [
      ['RECEIPT', 2],
      ['cem', 1],
      [third, 1],
      ['nobody', 0],
    ] as const)
      expect((await tested.service.approvalHistory(bea, { search })).steps, search).toHaveLength(found)
    expect((await tested.service.evaluate(gateway, retry(yes, first))).decision).toBe(true)
    expect((await tested.service.approvalHistory(auditor, {})).steps).toHaveLength(3)
  })

  it('is read page by page, each step once, also where the same request was asked again', async () => {
    const tested = await started()
    const all: string[] = []
    for (let at = 0; at < 27; at += 1) {
      const { decision_id } = await tested.service.evaluate(gateway, expense(at < 2 ? 'the same' : `e-${at}`))
      await tested.service.decideApproval(bea, decision_id, { verdict: 'reject', reason: 'no' })
      all.unshift(decision_id)
    }
    const first = await tested.service.approvalHistory(bea, {})
    expect(first.steps).toHaveLength(25)
    const second = await tested.service.approvalHistory(bea, { from: first.next ?? -1 })
    expect([...first.steps, ...second.steps].map(({ decision_id }) => decision_id)).toEqual(all)
    expect(second.next).toBeNull()
  })

  it('has nothing of other scopes or tenants, nothing of canaries, and is for who reads approvals', async () => {
    const tested = await started()
    const { decision_id } = await tested.service.evaluate(gateway, expense('travel'))
    await tested.service.seedCanary(administrator, { decision_id, expected: 'reject' })
    await tested.service.decideApproval(bea, decision_id, { verdict: 'approve', reason: 'fine' })
    const again = await tested.service.evaluate(gateway, expense('travel'))
    const payments = caller('pay', { roles: ['approver'], person: 'pia', approver_scopes: ['payments'] })
    for (const stranger of [payments, inTenant(bea, 'other')])
      expect(await tested.service.approvalHistory(stranger, {})).toEqual({ steps: [], next: null })
    expect(again.decision_id).not.toBe('')
    expect(JSON.stringify(await tested.service.approvalHistory(bea, {}))).not.toMatch(/canary/iu)
    await expect(tested.service.approvalHistory(verifier, {})).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('has no reason that was erased; no more has the advice of a judging agent', async () => {
    const tested = await started()
    const { decision_id } = await tested.service.evaluate(gateway, expense('travel'))
    const details = [{ reason: 'The account is new.' }, 'plain words', { score: 3 }, undefined]
    for (const [at, detail] of details.entries())
      await tested.service.reportOutcome(
        { ...judge, credential: `judge-${at}` },
        { decision_id, class: 'rejected', ...(detail === undefined ? {} : { detail }) },
      )
    const reasons = async () => (await tested.service.approval(bea, decision_id)).advice.map(({ reason }) => reason)
    expect(await reasons()).toEqual(['The account is new.', 'plain words', '{"score":3}', null])
    await tested.service.decideApproval(bea, decision_id, { verdict: 'reject', reason: 'as they say' })
    for (const { leafIndex, record } of await tested.store.query({ decisionId: decision_id, limit: 100 })) {
      if (record.kind === 'outcome') await tested.store.erase([leafIndex], ['/body/detail'])
      if (record.kind === 'approval') await tested.store.erase([leafIndex], ['/body/reason'])
    }
    expect(await reasons()).toEqual([null, null, null, null])
    expect((await tested.service.approvalHistory(bea, {})).steps).toMatchObject([{ verb: 'reject', reason: null }])
  })
})
