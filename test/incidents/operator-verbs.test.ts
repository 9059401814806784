import { describe, expect, it } from 'vitest'

import { eventsOf } from '../../src/events/events-of-record.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'
import { documentName } from '../../src/ledger/documents/documents.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { TrustConstants } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { ask, auditor, gateway, inTenant, operator } from '../support/callers.ts'
import { AGENT, asking, bea, categorise, kept, retry, SCOPE } from '../support/people.ts'
import { testService, type TestService } from '../support/test-service.ts'

const reason = 'it has new duties'
const records = (tested: TestService) => tested.store.query({ limit: 1_000 })
const eventTypes = async (tested: TestService, from: number) =>
  (await records(tested)).filter(({ leafIndex }) => leafIndex >= from).flatMap((each) => eventsOf(each))
const scopeTrust = async ({ service }: TestService) =>
  (await service.agentTrust(operator, AGENT)).scopes.find(({ scope }) => scope === SCOPE)!

/** The agent's document as the records alone make it. */
async function derived(tested: TestService): Promise<string> {
  const state = new Map<string, unknown>()
  let constants: TrustConstants = DEFAULT_TRUST_CONSTANTS
  for (const { record } of await records(tested))
    project(record.effects, Date.parse(record.at), record.tenant, {
      document: (key) => state.get(documentName(key)) as never,
      put: (key, document) => void state.set(documentName(key), document),
      constants: () => constants,
      useConstants: (next) => (constants = next),
    })
  return canonicalJson(state.get(documentName({ kind: 'agent', tenant: 'default', id: AGENT })))
}

describe('a demotion by a person', () => {
  it('takes the rungs at once, is in the log with who and why, and is told as every demotion', async () => {
    const tested = await asking()
    const from = tested.store.size()
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('require_approval')
    const answer = await tested.service.demote(operator, AGENT, SCOPE, { level: 1, reason })
    expect(answer).toMatchObject({ demoted: true, level_before: 2, level_after: 1, leaf_index: from + 1 })
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('suggest')
    const stored = (await records(tested)).find(({ leafIndex }) => leafIndex === answer.leaf_index)
    expect(stored?.record).toMatchObject({
      kind: 'operator',
      actor: 'person:olivia',
      agent: AGENT,
      body: { verb: 'demote', scope: SCOPE, from: 2, to: 1, reason },
    })
    expect((await eventTypes(tested, from)).filter(({ type }) => type === 'agent.demoted')).toMatchObject([
      { data: { agent: AGENT, scope: SCOPE, from: 2, to: 1, by: 'person', reason } },
    ])
    expect(tested.observations).toContainEqual({ kind: 'demotion', from: 2, to: 1 })
    expect(await scopeTrust(tested)).toMatchObject({ level_granted: 1, ladder: { strikes: 0, restarts: 1, k: 0, e: 0 } })
    const history = await tested.service.trustHistory(operator, AGENT, { scope: SCOPE, limit: 500 })
    expect(history.points.map(({ cause }) => cause?.class)).toContain('demoted_by_person')
  })

  it('asked for again changes nothing and writes nothing', async () => {
    const tested = await asking()
    await tested.service.demote(operator, AGENT, SCOPE, { level: 0, reason })
    const size = tested.store.size()
    expect(await tested.service.demote(operator, AGENT, SCOPE, { level: 0, reason })).toMatchObject({
      demoted: false,
      level_before: 0,
      level_after: 0,
      leaf_index: null,
    })
    expect(tested.store.size()).toBe(size)
  })

  it('at a level that an incident took already is written, so that a false positive does not give it back', async () => {
    const tested = await testService()
    await tested.earn(AGENT, SCOPE, 3)
    const { incident_id } = await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_confirmed' })
    expect(await scopeTrust(tested)).toMatchObject({ level_granted: 0 })
    const answer = await tested.service.demote(operator, AGENT, SCOPE, { level: 0, reason })
    expect(answer).toMatchObject({ demoted: false, changes: [] })
    expect(answer.leaf_index).not.toBeNull()
    await tested.service.reviewIncident(operator, incident_id, { agent: AGENT, false_positive: true })
    expect(await scopeTrust(tested)).toMatchObject({ level_granted: 0 })
    expect(await derived(tested)).toBe(await stored(tested))
  })

  it.each([
    ['a level above', AGENT, SCOPE, 3, 'conflict'],
    ['an agent nobody knows', 'finance-agnet', SCOPE, 0, 'not_found'],
    ['a scope without history', AGENT, 'bookkeeping:full', 0, 'not_found'],
    ['a name of objects', AGENT, 'constructor:light', 0, 'not_found'],
  ] as const)('to %s is refused with the fix, and writes nothing', async (_what, agent, scope, level, code) => {
    const tested = await asking()
    const size = tested.store.size()
    await expect(tested.service.demote(operator, agent, scope, { level, reason })).rejects.toMatchObject({
      code,
      fix: expect.stringMatching(/./u),
    })
    expect(tested.store.size()).toBe(size)
  })
})

async function stored(tested: TestService): Promise<string> {
  const key = { kind: 'agent', tenant: 'default', id: AGENT } as const
  return canonicalJson(await tested.store.read([key], (view) => view.document(key)))
}

describe('a revocation', () => {
  it('stops the agent, withdraws what waits for it, ends its overrides, and says what is still under way', async () => {
    const tested = await asking()
    const { service, store } = tested
    const waiting = await service.evaluate(gateway, categorise())
    const approved = await service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
    await service.decideApproval(bea, approved.decision_id, { verdict: 'approve', reason: 'fine' })
    const ran = await service.evaluate(gateway, categorise({ arguments: { account: 'done' } }))
    await service.decideApproval(bea, ran.decision_id, { verdict: 'approve', reason: 'fine' })
    const run = await service.evaluate(gateway, retry(categorise({ arguments: { account: 'done' } }), ran.decision_id))
    expect(run.decision).toBe(true)
    const { override } = await service.openOverride(bea, { agent: AGENT, scope: SCOPE, reason, minutes: 5 })
    const from = store.size()
    const answer = await service.revokeAgent(operator, AGENT, { reason: 'key leaked', class: 'credential_compromise' })
    expect(answer).toMatchObject({ agent: AGENT, known: true, revoked: true, leaf_index: from, overrides_ended: [override.id] })
    expect([...answer.approvals_withdrawn].sort()).toEqual([waiting.decision_id, approved.decision_id].sort())
    expect(answer.outstanding).toMatchObject([{ decision_id: run.decision_id, scope: SCOPE, action: 'categorise_expense' }])
    expect(Date.parse(answer.answers_valid_until)).toBe(tested.clock.nowMs() + 5_000)
    expect((await eventTypes(tested, from)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['incident.raised', 'approval.withdrawn', 'override.ended', 'agent.demoted']),
    )
    expect((await service.approvals(operator, {})).approvals).toEqual([])
    const retried = retry(categorise({ arguments: { account: 'rent' } }), approved.decision_id)
    expect(await service.evaluate(gateway, retried)).toMatchObject({ outcome: 'deny', decision: false })
    expect((await kept(tested, approved))?.redeemed_by).toBeNull()
    expect(await derived(tested)).toBe(await stored(tested))
  })

  it('asked for again is the same one, and takes back only what came up since', async () => {
    const tested = await asking()
    const first = await tested.service.revokeAgent(operator, AGENT, { reason, class: 'kill_switch' })
    const size = tested.store.size()
    const second = await tested.service.revokeAgent(operator, AGENT, { reason, class: 'credential_compromise' })
    expect(second).toMatchObject({ revoked: false, incident_id: first.incident_id, leaf_index: null, approvals_withdrawn: [] })
    expect(tested.store.size()).toBe(size)
    expect((await tested.service.incidents(operator, { agent: AGENT })).total).toBe(1)
  })

  it('withdraws more approvals than one record holds', async () => {
    const tested = await asking({ config: { approvals: { open_per_agent_max: 2_000, open_per_tenant_max: 2_000 } } })
    for (let at = 0; at < 503; at += 1) await tested.service.evaluate(gateway, categorise({ arguments: { account: `a${at}` } }))
    const answer = await tested.service.revokeAgent(operator, AGENT, { reason, class: 'kill_switch' })
    expect(answer.approvals_withdrawn).toHaveLength(503)
    expect((await tested.service.approvals(operator, {})).approvals).toEqual([])
    const said = await tested.store.query({ kinds: ['operator'], limit: 5, newestFirst: true })
    expect(said.slice(0, 2).map(({ record }) => record.body['verb'])).toEqual(['revoke', 'revoke'])
  })

  it('leaves what ran out of time to its own record, and other agents alone', async () => {
    const tested = await asking()
    const { decision_id } = await tested.service.evaluate(gateway, categorise())
    tested.clock.advance(16 * 60_000)
    expect((await tested.service.revokeAgent(operator, AGENT, { reason, class: 'kill_switch' })).approvals_withdrawn).toEqual([])
    expect(await tested.service.expireApprovals()).toBe(1)
    expect((await tested.service.approval(bea, decision_id)).state).toBe('expired')
    expect((await tested.service.revokeAgent(operator, 'stranger', { reason, class: 'kill_switch' })).known).toBe(false)
    expect(
      (await tested.service.revokeAgent(inTenant(operator, 'globex'), AGENT, { reason, class: 'kill_switch' })).revoked,
    ).toBe(true)
  })

  it('is lifted by a review only, and a false positive gives back what was there', async () => {
    const tested = await testService()
    await tested.earn(AGENT, SCOPE, 3)
    const before = await scopeTrust(tested)
    const { incident_id } = await tested.service.revokeAgent(operator, AGENT, { reason, class: 'credential_compromise' })
    expect(await scopeTrust(tested)).toMatchObject({ score: 0, level_granted: 0 })
    tested.clock.advance(1_000)
    await tested.service.reviewIncident(operator, incident_id, { agent: AGENT, false_positive: true })
    expect(await scopeTrust(tested)).toMatchObject({ score: before.score, level_granted: 3 })
  })
})

describe('incidents of a tenant', () => {
  it('are listed, what waits for a person first, with cap, reach, since and what lifts them', async () => {
    const tested = await asking()
    const { service } = tested
    const weak = await service.raiseIncident(operator, { agent: AGENT, class: 'injection_weak' })
    tested.clock.advance(1_000)
    const scoped = await service.raiseIncident(operator, { agent: AGENT, class: 'major_outcome_failure', scope: SCOPE })
    const stopped = await service.raiseIncident(operator, { agent: 'coding-agent', class: 'injection_suspected' })
    await service.raiseIncident(inTenant(operator, 'globex'), { agent: AGENT, class: 'kill_switch' })
    const { incidents, total } = await service.incidents(auditor, {})
    expect(total).toBe(3)
    expect(incidents.map(({ incident_id }) => incident_id)).toEqual([stopped, scoped, weak].map(({ incident_id }) => incident_id))
    expect(incidents).toMatchObject([
      { agent: 'coding-agent', reach: 'agent', scope: null, state: 'open', cap: 0.4, needs: 'review', counts_from: null },
      {
        agent: AGENT,
        reach: 'scope',
        scope: SCOPE,
        state: 'recovering',
        needs: 'evidence',
        since: new Date(tested.clock.nowMs()).toISOString(),
      },
      { class: 'injection_weak', state: 'recovering', cap_raised: 0.69, review: 'none' },
    ])
    expect((await service.incidents(auditor, { state: 'open' })).total).toBe(1)
    expect((await service.incidents(auditor, { agent: AGENT })).total).toBe(2)
    expect((await service.incidents(auditor, { agent: 'nobody' })).total).toBe(0)
    expect(await service.incident(auditor, stopped.incident_id)).toEqual(incidents[0])
    await service.reviewIncident(operator, stopped.incident_id, { agent: 'coding-agent', false_positive: true })
    await expect(service.incident(auditor, stopped.incident_id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('are found among more agents than are looked at together', async () => {
    const tested = await testService()
    for (let at = 0; at < 300; at += 1)
      await tested.service.raiseIncident(operator, { agent: `agent-${at}`, class: 'kill_switch' })
    expect((await tested.service.incidents(operator, {})).total).toBe(300)
  })
})

describe('what is out of service', () => {
  const target = { kind: 'agent', agent: AGENT } as const

  it('is listed with who, why and since when, and contained once for one reason', async () => {
    const tested = await asking()
    const first = await tested.service.contain(operator, { target, reason })
    const size = tested.store.size()
    expect(await tested.service.contain(operator, { target, reason })).toMatchObject({ id: first.id, leaf_index: null })
    expect(tested.store.size()).toBe(size)
    const other = await tested.service.contain(operator, { target, reason: 'and another' })
    expect((await tested.service.containments(auditor)).containments).toMatchObject([
      { id: first.id, target, by: 'person', reason, at: new Date(tested.clock.nowMs()).toISOString() },
      { id: other.id, reason: 'and another' },
    ])
    await tested.service.lift(operator, first.id)
    expect((await tested.service.evaluate(gateway, categorise())).outcome).toBe('deny')
    expect((await tested.service.containments(inTenant(auditor, 'globex'))).containments).toEqual([])
  })
})

describe('an approval of an agent that is held', () => {
  it.each<[string, (tested: TestService) => Promise<unknown>, RegExp]>([
    [
      'the tenant',
      ({ service }) => service.contain(operator, { target: { kind: 'tenant' }, reason }),
      /^contained_tenant:person:/u,
    ],
    [
      'the agent',
      ({ service }) => service.contain(operator, { target: { kind: 'agent', agent: AGENT }, reason }),
      /^contained_agent/u,
    ],
    [
      'its scope',
      ({ service }) => service.contain(operator, { target: { kind: 'scope', scope: SCOPE }, reason }),
      /^contained_scope/u,
    ],
    [
      'its category',
      ({ service }) => service.contain(operator, { target: { kind: 'scope', scope: 'bookkeeping', agent: AGENT }, reason }),
      /^contained_scope/u,
    ],
    [
      'its action',
      ({ service }) => service.contain(operator, { target: { kind: 'action', action: 'categorise_expense' }, reason }),
      /^contained_action/u,
    ],
    [
      'an agent of its chain',
      ({ service }) => service.contain(operator, { target: { kind: 'agent', agent: 'research-agent' }, reason }),
      /^contained_agent/u,
    ],
    [
      'an incident',
      ({ service }) => service.raiseIncident(operator, { agent: AGENT, class: 'injection_suspected' }),
      /^incident:injection_suspected:/u,
    ],
  ])('by %s is listed as paused, says why, and does not run', async (_what, hold, why) => {
    const tested = await asking()
    await tested.earn('research-agent', SCOPE, 2)
    const chained = categorise({ context: { chain: [{ type: 'agent', id: 'research-agent' }] } })
    const { decision_id } = await tested.service.evaluate(gateway, chained)
    expect((await tested.service.approvals(operator, {})).approvals).toMatchObject([{ decision_id, paused: null }])
    await tested.service.decideApproval(bea, decision_id, { verdict: 'approve', reason: 'fine' })
    await hold(tested)
    expect((await tested.service.approvals(operator, {})).approvals).toMatchObject([
      { state: 'approved', paused: expect.stringMatching(why) },
    ])
    expect((await tested.service.approval(bea, decision_id)).paused).toMatch(why)
    expect(await tested.service.evaluate(gateway, retry(chained, decision_id))).toMatchObject({ decision: false })
  })

  it('is not paused by what holds another agent, action or scope, and goes on when what holds it is lifted and it is resumed', async () => {
    const tested = await asking()
    const { service } = tested
    const { decision_id } = await service.evaluate(gateway, categorise())
    await service.contain(operator, { target: { kind: 'agent', agent: 'coding-agent' }, reason })
    await service.contain(operator, { target: { kind: 'scope', scope: SCOPE, agent: 'coding-agent' }, reason })
    await service.contain(operator, { target: { kind: 'action', action: 'send_email' }, reason })
    expect((await service.approval(bea, decision_id)).paused).toBeNull()
    const { id } = await service.contain(operator, { target: { kind: 'agent', agent: AGENT }, reason })
    const fine = { verdict: 'approve', reason: 'fine' } as const
    await expect(service.decideApproval(bea, decision_id, fine)).rejects.toMatchObject({ code: 'conflict' })
    await expect(service.resumeDecision(bea, decision_id, { reason })).rejects.toMatchObject({ code: 'conflict' })
    await service.lift(operator, id)
    await service.resumeDecision(bea, decision_id, { reason })
    expect((await service.decideApproval(bea, decision_id, fine)).approval.paused).toBeNull()
    expect(await service.evaluate(gateway, retry(categorise(), decision_id))).toMatchObject({ decision: true })
  })

  it('of a human alone has no agent that could be held by an incident', async () => {
    const tested = await asking()
    const human = { type: 'user', id: 'hanna' }
    const asked = ask('hanna', 'modify_permissions', { subject: human })
    const { approval } = await tested.service.evaluate(gateway, asked)
    if (approval !== null) expect((await tested.service.approval(bea, approval.id)).paused).toBeNull()
    expect((await tested.service.approvals(operator, {})).approvals.every(({ paused }) => paused === null)).toBe(true)
  })
})
