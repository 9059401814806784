import { describe, expect, it } from 'vitest'

import { authorize } from '../../src/access/authority.ts'
import type { Caller } from '../../src/access/caller.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import { DAY_MS, HOUR_MS } from '../../src/format/time.ts'
import { SENSITIVE_POINTERS } from '../../src/ledger/record.ts'
import { ASKS_PER_DAY_MAX, OPEN_PER_ACCOUNT_MAX, OPEN_PER_TENANT_MAX } from '../../src/permissions/ask.ts'
import { SAME_ASKS_PER_DAY_MAX } from '../../src/permissions/repeated-ask.ts'
import type { PermissionAsk } from '../../src/permissions/wire.ts'
import { ask as decision, auditor, caller, gateway, inTenant, operator } from '../support/callers.ts'
import { type TestService, testService } from '../support/test-service.ts'

const agentsOwn = caller('research-agent-key', { roles: ['agent'], agent: 'research-agent' })
const SCOPE = 'crm:full'

function wanted(parts: { agent?: string; type?: string; action?: string; id?: string } = {}): PermissionAsk {
  const { agent = 'research-agent', type = 'agent', action = 'update_crm_field', id = 'one' } = parts
  return {
    subject: { type, id: agent },
    action: { name: action },
    resource: { type: 'contact', id },
    reason: 'The summary needs it',
    expected_use: 'Once a day',
  }
}

const listed = async ({ service }: TestService, who: Caller = operator) =>
  (await service.permissionRequests(who, { limit: 50 })).requests

async function recordAt({ store }: TestService, leafIndex: number) {
  const [stored] = await store.query({ from: leafIndex, limit: 1 })
  if (stored === undefined) throw new Error('not recorded')
  return stored
}

/** Asks, and gives back what of the record is about trust. */
async function asked(tested: TestService, what = wanted(), who: Caller = gateway) {
  const answer = await tested.service.askPermission(who, what)
  const stored = await recordAt(tested, answer.leaf_index)
  return { answer, stored, evidence: stored.record.effects.filter(({ kind }) => kind === 'evidence') }
}

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error as { readonly code?: string }).code,
  )

describe('asking for a permission', () => {
  it('opens a request that people see, with what was written, and grants nothing', async () => {
    const tested = await testService()
    const before = await tested.service.evaluate(gateway, decision('research-agent', 'update_crm_field'))
    const { answer, stored } = await asked(tested, wanted(), agentsOwn)
    expect(answer).toEqual({ id: stored.record.id, state: 'open', asked: 1, asked_today: 1, leaf_index: stored.leafIndex })
    const at = stored.record.at
    expect(await listed(tested)).toEqual([
      {
        id: answer.id,
        subject: { type: 'agent', id: 'research-agent' },
        action: 'update_crm_field',
        resource: { type: 'contact', id: 'one' },
        owner: 'alice',
        asked: 1,
        first_at: at,
        last_at: at,
        asked_by: 'credential:research-agent-key',
        reason: 'The summary needs it',
        expected_use: 'Once a day',
        change: { kind: 'none', why: 'the sources of the base are not at hand' },
      },
    ])
    const after = await tested.service.evaluate(gateway, decision('research-agent', 'update_crm_field'))
    expect([before.outcome, after.outcome, after.base]).toEqual(['deny', 'deny', 'deny'])
  })

  it('is recorded with its texts apart, so that they can be erased, and told without them', async () => {
    const tested = await testService()
    const { answer, stored } = await asked(tested)
    const { record } = stored
    expect(record).toMatchObject({
      kind: 'permission_request',
      agent: 'research-agent',
      action: 'update_crm_field',
      outcome: 'open',
    })
    expect(record.body['detail']).toEqual({ reason: 'The summary needs it', expected_use: 'Once a day' })
    expect(JSON.stringify({ ...record, body: { ...record.body, detail: null } })).not.toContain('summary')
    expect(eventsOf(stored)).toMatchObject([
      { type: 'permission_request.asked', data: { permission_request: { id: answer.id, owner: 'alice', asked_today: 1 } } },
    ])
    expect(JSON.stringify(eventsOf(stored))).not.toContain('summary')
    await tested.store.erase([stored.leafIndex], SENSITIVE_POINTERS.permission_request)
    expect(await listed(tested)).toMatchObject([{ id: answer.id, reason: null, expected_use: null }])
  })

  it('again is the same request, asked for once more', async () => {
    const tested = await testService()
    const first = await asked(tested)
    tested.clock.advance(HOUR_MS)
    await asked(tested, wanted({ id: 'two' }))
    const again = await asked(tested, { ...wanted(), reason: 'Still' }, agentsOwn)
    expect(again.answer).toMatchObject({ id: first.answer.id, asked: 2, asked_today: 2 })
    expect(await listed(tested)).toMatchObject([
      { id: first.answer.id, asked: 2, first_at: first.stored.record.at, last_at: again.stored.record.at, reason: 'Still' },
      { asked: 1, resource: { type: 'contact', id: 'two' } },
    ])
  })

  it('is for the agent itself: not for another one, and not for a person', async () => {
    const tested = await testService()
    expect(await code(tested.service.askPermission(agentsOwn, wanted({ agent: 'support-agent' })))).toBe('forbidden')
    expect(await code(tested.service.askPermission(gateway, wanted({ type: 'user', agent: 'bob' })))).toBe('bad_request')
    expect(() => authorize(agentsOwn, 'read_permission_requests')).toThrow(/no agent may/u)
    expect(() => authorize(agentsOwn, 'close_permission_request')).toThrow(/no agent may/u)
    expect(await listed(tested)).toEqual([])
  })

  it('names the subject as the base is told it', async () => {
    const tested = await testService()
    await asked(tested, wanted({ type: 'made_up' }))
    await asked(tested, wanted({ type: 'bot' }))
    expect((await listed(tested)).map(({ subject }) => subject.type)).toEqual(['agent', 'bot'])
  })

  it('is seen by the own tenant alone, and closed by it alone', async () => {
    const tested = await testService()
    const { answer } = await asked(tested)
    const stranger = inTenant(operator, 'globex')
    expect(await listed(tested, stranger)).toEqual([])
    expect(await code(tested.service.permissionRequest(stranger, answer.id))).toBe('not_found')
    const verdict = { verdict: 'done', note: 'x' } as const
    expect(await code(tested.service.closePermissionRequest(stranger, answer.id, verdict))).toBe('not_found')
    expect(await listed(tested)).toHaveLength(1)
  })
})

describe('the list of permission requests', () => {
  it('comes in pages, the oldest first, and of one agent', async () => {
    const tested = await testService()
    for (const id of ['a', 'b', 'c']) await asked(tested, wanted({ id }))
    await asked(tested, wanted({ agent: 'support-agent', id: 'd' }))
    const page = async (of: { agent?: string; after?: string; limit: number }) => {
      const { requests, total, next } = await tested.service.permissionRequests(auditor, of)
      return { ids: requests.map(({ resource }) => resource.id), total, next }
    }
    const first = await page({ limit: 3 })
    expect(first).toMatchObject({ ids: ['a', 'b', 'c'], total: 4 })
    expect(await page({ limit: 3, after: first.next ?? '' })).toEqual({ ids: ['d'], total: 4, next: null })
    expect(await page({ limit: 4 })).toMatchObject({ next: null })
    expect(await page({ limit: 9, agent: 'support-agent' })).toEqual({ ids: ['d'], total: 1, next: null })
  })
})

describe('closing a permission request', () => {
  it.each(['done', 'refused'] as const)(
    'as %s takes it off the list; a named person does, with a note that can be erased',
    async (verdict) => {
      const tested = await testService()
      const { answer } = await asked(tested)
      const closed = await tested.service.closePermissionRequest(operator, answer.id, { verdict, note: 'Talked to alice' })
      expect(closed).toMatchObject({ id: answer.id, verdict, action: 'update_crm_field', subject: { id: 'research-agent' } })
      const stored = await recordAt(tested, closed.leaf_index)
      expect(stored.record).toMatchObject({
        ...{ kind: 'permission_request', user: 'olivia', agent: 'research-agent', outcome: verdict },
        body: { verb: 'close', request: answer.id, detail: { note: 'Talked to alice' } },
      })
      expect(eventsOf(stored)).toMatchObject([
        { type: `permission_request.${verdict}`, data: { permission_request: { id: answer.id } } },
      ])
      expect(await listed(tested)).toEqual([])
      expect(await code(tested.service.closePermissionRequest(operator, answer.id, { verdict, note: 'x' }))).toBe('not_found')
    },
  )

  it('takes a named person', async () => {
    const tested = await testService()
    const { answer } = await asked(tested)
    const nobody = caller('robot', { roles: ['operator'] })
    expect(await code(tested.service.closePermissionRequest(nobody, answer.id, { verdict: 'done', note: 'x' }))).toBe('forbidden')
  })
})

describe('asking for permissions and trust', () => {
  it('three times within a day for the same is no offence; from the fourth time on it is an alarm of the behaviour layer', async () => {
    const tested = await testService()
    await tested.earn('research-agent', SCOPE, 1)
    const trust = async () => (await tested.service.agentTrust(operator, 'research-agent')).scopes
    const before = await trust()
    for (let times = 1; times <= SAME_ASKS_PER_DAY_MAX; times += 1) {
      const { answer, evidence } = await asked(tested)
      expect({ today: answer.asked_today, evidence }).toEqual({ today: times, evidence: [] })
    }
    expect(await trust()).toEqual(before)
    const { answer, evidence } = await asked(tested)
    expect(answer.asked_today).toBe(SAME_ASKS_PER_DAY_MAX + 1)
    expect(evidence).toMatchObject([{ agent: 'research-agent', scope: SCOPE, layer: 'behaviour', polarity: 'negative' }])
    expect(await trust()).not.toEqual(before)
  })

  it('counts the same permission over closing, and forgets after a day', async () => {
    const tested = await testService()
    for (let times = 1; times <= SAME_ASKS_PER_DAY_MAX; times += 1) {
      const { answer } = await asked(tested)
      await tested.service.closePermissionRequest(operator, answer.id, { verdict: 'refused', note: 'no' })
    }
    expect((await asked(tested)).evidence).toHaveLength(1)
    tested.clock.advance(DAY_MS)
    const { answer, evidence } = await asked(tested)
    expect([answer.asked_today, evidence]).toEqual([1, []])
  })

  it('is no alarm for other permissions, for agents outside the catalogue, and while the clock is not steady', async () => {
    const tested = await testService()
    for (const id of ['a', 'b', 'c', 'd', 'e']) expect((await asked(tested, wanted({ id }))).evidence).toEqual([])
    for (let times = 0; times < 5; times += 1) expect((await asked(tested, wanted({ agent: 'stranger' }))).evidence).toEqual([])
    tested.clock.step(false)
    for (let times = 0; times < 5; times += 1)
      expect((await asked(tested, wanted({ agent: 'support-agent' }))).evidence).toEqual([])
  })

  it('reads alone weigh as reads', async () => {
    const tested = await testService()
    const read = wanted({ action: 'read_metrics' })
    for (let times = 1; times <= SAME_ASKS_PER_DAY_MAX; times += 1) await asked(tested, read)
    const [effect] = (await asked(tested, read)).evidence
    expect(effect).toMatchObject({ kind: 'evidence', layer: 'behaviour', polarity: 'negative' })
  })
})

describe('what may be asked is bounded', () => {
  it('within a day, by account', async () => {
    const tested = await testService()
    for (let times = 0; times < ASKS_PER_DAY_MAX; times += 1) await asked(tested, wanted({ id: `x${String(times % 4)}` }))
    expect(await code(asked(tested))).toBe('rate_limited')
    expect(await code(asked(tested, wanted({ agent: 'support-agent' })))).toBe('done')
    tested.clock.advance(DAY_MS)
    expect(await code(asked(tested))).toBe('done')
  })

  it('by what is open of one agent, and of all that are in no catalogue together; the same may be asked for again', async () => {
    const tested = await testService()
    for (let times = 0; times < OPEN_PER_ACCOUNT_MAX; times += 1)
      await asked(tested, wanted({ agent: `made-up-${String(times)}` }))
    expect(await code(asked(tested, wanted({ agent: 'made-up' })))).toBe('rate_limited')
    expect(await code(asked(tested, wanted({ agent: 'made-up-0' })))).toBe('done')
    expect(await code(asked(tested))).toBe('done')
  })

  it('by what is open in a tenant', async () => {
    const tested = await testService()
    const request = (index: number) => ({
      ...{
        id: `r${String(index)}`,
        permission_digest: index.toString(16).padStart(64, '0'),
        account: `a${String(index)}`,
        owner: null,
      },
      permission: { subject: { type: 'agent', id: 'a' }, action: 'b', resource: { type: 'c', id: 'd' } },
    })
    const all = Array.from({ length: OPEN_PER_TENANT_MAX }, (_, index) => request(index))
    await tested.write(all.map((each) => ({ kind: 'permission_asked', request: each })))
    expect(await code(asked(tested))).toBe('rate_limited')
  })
})
