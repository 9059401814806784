import { afterEach, describe, expect, it } from 'vitest'

import { eventsOf } from '../../src/events/events-of-record.ts'
import type { Store } from '../../src/ledger/store.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { ask, auditor, caller, gateway, inTenant, operator, verifier } from '../support/callers.ts'
import { AGENT, asking, bea, categorise, cem, email, ENGINES, kept, notReplayed, retry, SCOPE } from '../support/people.ts'
import { shippedPolicySet, testService, type TestService } from '../support/test-service.ts'

const yes = { verdict: 'approve', reason: 'looked at it' } as const
const no = { verdict: 'reject', reason: 'not this one' } as const
const go = { reason: 'read what happened' }
const newDirectory = temporaryDirectories()
const opened: Store[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

const records = ({ store }: TestService) => store.query({ limit: 1_000 })
const events = async (tested: TestService, type: string) =>
  (await records(tested)).flatMap(eventsOf).filter((event) => event.type === type)
const listed = async ({ service }: TestService, id: string) =>
  (await service.approvals(operator, {})).approvals.find(({ decision_id }) => decision_id === id)
const reserved = async ({ service }: TestService, id: string, agent = AGENT) =>
  (await service.reservations(operator, agent)).reservations.find(({ decision_id }) => decision_id === id)
const contained = { target: { kind: 'agent', agent: AGENT }, reason: 'odd invoices' } as const
const incident = { agent: AGENT, class: 'injection_suspected' } as const

/** The expense agent, with one request that waits, one that was approved, and one that ran. */
async function working(options: Parameters<typeof asking>[0] = {}) {
  const tested = await asking(options)
  const { service } = tested
  const ran = await service.evaluate(gateway, categorise({ arguments: { account: 'rent' } }))
  await service.decideApproval(bea, ran.decision_id, yes)
  const work = await service.evaluate(gateway, retry(categorise({ arguments: { account: 'rent' } }), ran.decision_id))
  expect(work.decision).toBe(true)
  const granted = await service.evaluate(gateway, categorise({ arguments: { account: 'food' } }))
  await service.decideApproval(bea, granted.decision_id, yes)
  const pending = await service.evaluate(gateway, categorise())
  const again = () => service.evaluate(gateway, retry(categorise({ arguments: { account: 'food' } }), granted.decision_id))
  return { tested, service, work, granted, pending, again }
}

describe.each(Object.entries(ENGINES))('what an agent had under way, kept in %s,', (_name, open) => {
  const onEngine = async () => {
    const engine = await open(newDirectory)
    opened.push(engine)
    return working({ engine })
  }

  it('is paused in the write of a containment, and stays so when that is lifted, until a person resumes it', async () => {
    const { tested, service, work, granted, pending, again } = await onEngine()
    const { id, leaf_index } = await service.contain(operator, contained)
    const mark = { cause: 'containment', id, resumed_by: [] }
    for (const { decision_id } of [granted, pending])
      expect(await listed(tested, decision_id)).toMatchObject({ paused: 'contained_agent:person:odd invoices', pauses: [mark] })
    expect(await reserved(tested, work.decision_id)).toMatchObject({ paused: expect.any(String) as unknown, pauses: [mark] })
    const stored = (await records(tested)).find((each) => each.leafIndex === leaf_index)
    expect(stored?.record.effects.map(({ kind }) => kind)).toEqual(['contain', 'paused'])
    await service.lift(operator, id)
    expect(await listed(tested, granted.decision_id)).toMatchObject({ state: 'approved', paused: `containment:${id}` })
    expect(await again()).toMatchObject({
      decision: false,
      reasons: expect.arrayContaining(['approval_refused:paused']) as unknown,
    })
    expect(await kept(tested, granted)).toMatchObject({ redeemed_by: null })
    await expect(service.decideApproval(cem, pending.decision_id, yes)).rejects.toMatchObject({ code: 'conflict' })
    const resumed = await service.resumeDecision(cem, granted.decision_id, go)
    expect(resumed).toMatchObject({ of: 'approval', resumed: true, people: ['person:cem'], people_needed: 1 })
    expect(await listed(tested, granted.decision_id)).toMatchObject({ paused: null, pauses: [] })
    expect(await again()).toMatchObject({ decision: true })
    expect((await service.decideApproval(bea, pending.decision_id, no)).approval.state).toBe('rejected')
    expect(await notReplayed(tested, await shippedPolicySet())).toEqual([])
  })
})

describe('an incident', () => {
  it('pauses what the agent has in its scope, and its review comes before anybody resumes it', async () => {
    const { tested, service, work, granted, pending } = await working()
    const { incident_id: id } = await service.raiseIncident(operator, incident)
    for (const { decision_id } of [granted, pending])
      expect(await listed(tested, decision_id)).toMatchObject({ pauses: [{ cause: 'incident', id }] })
    expect(await reserved(tested, work.decision_id)).toMatchObject({ pauses: [{ cause: 'incident', id }] })
    await expect(service.resumeDecision(cem, pending.decision_id, go)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`incident:injection_suspected:${id} still stands`) as unknown,
    })
    await service.reviewIncident(operator, id, { agent: AGENT, false_positive: true })
    expect(await listed(tested, pending.decision_id)).toMatchObject({ paused: `incident:${id}` })
    await service.resumeDecision(cem, pending.decision_id, go)
    expect((await service.decideApproval(bea, pending.decision_id, yes)).approval).toMatchObject({
      state: 'approved',
      paused: null,
    })
    expect(await reserved(tested, work.decision_id)).not.toMatchObject({ paused: null })
  })

  it('in one scope pauses nothing in another, and nothing of another agent', async () => {
    const { tested, service, work, pending } = await working()
    await service.raiseIncident(operator, { agent: AGENT, class: 'injection_suspected', reach: 'scope', scope: 'payments:full' })
    await service.raiseIncident(operator, { agent: 'support-agent', class: 'injection_suspected' })
    expect(await listed(tested, pending.decision_id)).toMatchObject({ paused: null, pauses: [] })
    expect(await reserved(tested, work.decision_id)).toMatchObject({ paused: null, pauses: [] })
    expect((await records(tested)).flatMap(({ record }) => record.effects).filter(({ kind }) => kind === 'paused')).toEqual([])
  })

  it('of which nobody has anything under way leaves its record as it was', async () => {
    const tested = await asking()
    await tested.service.raiseIncident(operator, incident)
    const [newest] = await tested.store.query({ newestFirst: true, limit: 1 })
    expect(newest?.record.effects.map(({ kind }) => kind)).toEqual(['incident'])
  })
})

describe('a demotion', () => {
  it('pauses what waits and runs in its scope, and a person resumes it at once', async () => {
    const { tested, service, work, granted, again } = await working()
    await service.demote(operator, AGENT, SCOPE, { level: 1, reason: 'new duties' })
    const [mark] = (await listed(tested, granted.decision_id))?.pauses ?? []
    expect(mark).toMatchObject({ cause: 'demotion', id: expect.stringContaining(`${SCOPE}:`) as unknown })
    expect(await reserved(tested, work.decision_id)).toMatchObject({ paused: `demotion:${mark?.id}`, pauses: [mark] })
    expect((await again()).reasons).toContain('approval_refused:paused')
    expect(await service.resumeDecision(cem, work.decision_id, go)).toMatchObject({ of: 'reservation', resumed: true })
    expect(await reserved(tested, work.decision_id)).toMatchObject({ paused: null })
    expect(await listed(tested, granted.decision_id)).toMatchObject({ pauses: [mark] })
    expect(await notReplayed(tested, await shippedPolicySet())).toEqual([])
  })

  it('or an incident by a failure that somebody reports pauses in the write of the report', async () => {
    const { tested, service, work, pending } = await working()
    const answer = await service.reportOutcome(verifier, { decision_id: work.decision_id, class: 'harmful' })
    expect(answer.changes.map(({ kind }) => kind)).toContain('incident_raised')
    const [newest] = await tested.store.query({ newestFirst: true, limit: 1 })
    expect(newest?.record).toMatchObject({ kind: 'outcome' })
    expect(newest?.record.effects.filter(({ kind }) => kind === 'paused')).toMatchObject([
      { approvals: expect.arrayContaining([pending.decision_id]) as unknown, complete: true },
    ])
    expect((await listed(tested, pending.decision_id))?.pauses).toMatchObject([{ cause: 'incident' }])
  })
})

describe('a paused reservation', () => {
  it('is told to its enforcement point, counts on, and its outcome is taken all the same', async () => {
    const { tested, service, work } = await working()
    const outstanding = async () => (await service.reservations(operator, AGENT)).total
    const before = await outstanding()
    await service.demote(operator, AGENT, SCOPE, { level: 1, reason: 'new duties' })
    expect(await events(tested, 'reservation.paused')).toMatchObject([
      { data: { agent: AGENT, pause: { cause: 'demotion' }, decision_ids: [work.decision_id], complete: true } },
    ])
    expect(await outstanding()).toBe(before)
    const reported = await service.reportOutcome(verifier, { decision_id: work.decision_id, class: 'validated' })
    expect(reported).toMatchObject({ counted: true })
    expect(await reserved(tested, work.decision_id)).toBeUndefined()
    await expect(service.resumeDecision(cem, work.decision_id, go)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('that is resumed is told, and so is an approval', async () => {
    const { tested, service, work, pending } = await working()
    await service.demote(operator, AGENT, SCOPE, { level: 1, reason: 'new duties' })
    const { record_id } = await service.resumeDecision(cem, work.decision_id, go)
    await service.resumeDecision(cem, pending.decision_id, go)
    expect(await events(tested, 'reservation.resumed')).toMatchObject([
      { data: { agent: AGENT, decision_id: work.decision_id, person: 'person:cem', record_id } },
    ])
    expect(await events(tested, 'approval.resumed')).toMatchObject([
      { data: { decision_id: pending.decision_id, approval: { request_digest: pending.request_digest } } },
    ])
    expect(
      (await service.records(operator, { kinds: ['operator'], limit: 10, newestFirst: true })).records[0]?.record,
    ).toMatchObject({
      actor: 'person:cem',
      decision_id: pending.decision_id,
      outcome: 'resumed',
      body: { verb: 'resume', of: 'approval', reason: go.reason, pauses: [{ cause: 'demotion' }], people: ['person:cem'] },
    })
  })

  it('of another tenant is neither listed nor resumed, nor paused by what happens here', async () => {
    const { tested, service, work } = await working()
    const elsewhere = inTenant(operator, 'other')
    expect((await service.reservations(elsewhere, AGENT)).total).toBe(0)
    await expect(service.resumeDecision(elsewhere, work.decision_id, go)).rejects.toMatchObject({ code: 'not_found' })
    await service.contain(elsewhere, { target: { kind: 'tenant' }, reason: 'drill' })
    expect(await reserved(tested, work.decision_id)).toMatchObject({ paused: null })
  })
})

describe('resuming', () => {
  const mail = async () => {
    const tested = await testService()
    await tested.earn('support-agent', 'email:full', 3)
    const { decision_id } = await tested.service.evaluate(gateway, email())
    const { id } = await tested.service.contain(operator, { target: { kind: 'scope', scope: 'email' }, reason: 'phishing' })
    await tested.service.lift(operator, id)
    return { tested, decision_id }
  }

  it('takes as many people as approving does, each once', async () => {
    const { tested, decision_id } = await mail()
    const { service } = tested
    expect(await service.resumeDecision(bea, decision_id, go)).toMatchObject({
      resumed: false,
      people: ['person:bea'],
      people_needed: 2,
    })
    expect((await listed(tested, decision_id))?.pauses).toMatchObject([{ cause: 'containment', resumed_by: ['person:bea'] }])
    await expect(service.resumeDecision(bea, decision_id, go)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await service.resumeDecision(cem, decision_id, go)).toMatchObject({
      resumed: true,
      people: ['person:bea', 'person:cem'],
    })
    expect(await listed(tested, decision_id)).toMatchObject({ paused: null, pauses: [] })
    await expect(service.resumeDecision(cem, decision_id, go)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is not paused') as unknown,
    })
  })

  it('is for people who did not ask, of the scope, and of what is not over', async () => {
    const { tested, service, work, pending } = await working()
    await service.demote(operator, AGENT, SCOPE, { level: 1, reason: 'new duties' })
    const other = caller('other', { roles: ['approver'], person: 'otto', approver_scopes: ['email'] })
    const asker = caller('gateway', { roles: ['enforcement_point', 'approver'], person: 'gus' })
    const nobody = caller('console', { roles: ['operator'] })
    for (const who of [other, asker, nobody])
      for (const { decision_id } of [work, pending])
        await expect(service.resumeDecision(who, decision_id, go)).rejects.toMatchObject({ code: 'forbidden' })
    tested.clock.advance(16 * 60_000)
    await expect(service.resumeDecision(cem, pending.decision_id, go)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('over: expired') as unknown,
    })
  })

  it('is told to who looks: whether they may, and why not; nothing where nothing paused it or it is over', async () => {
    const { tested, service, pending } = await working()
    const told = async (who: Parameters<typeof service.approval>[0]) =>
      (await service.approval(who, pending.decision_id)).resumption
    expect(await told(cem)).toBeNull()
    const { id } = await service.contain(operator, contained)
    expect(await told(cem)).toEqual({ refusal: expect.stringContaining('odd invoices still stands') as unknown })
    await service.lift(operator, id)
    expect(await told(cem)).toEqual({ refusal: null })
    expect(await told(operator)).toEqual({ refusal: null })
    expect(await told(auditor)).toEqual({ refusal: expect.stringContaining('may not "resume"') as unknown })
    const asker = caller('gateway', { roles: ['approver'], person: 'gus' })
    expect(await told(asker)).toEqual({ refusal: expect.stringContaining('asked for this') as unknown })
    const abroad = caller('abroad', { roles: ['approver', 'auditor'], person: 'ada', approver_scopes: ['email'] })
    expect(await told(abroad)).toEqual({ refusal: expect.stringContaining('does not decide for the scope') as unknown })
    tested.clock.advance(16 * 60_000)
    expect(await told(cem)).toBeNull()
  })

  it('is about the pauses that were looked at: what came since is not ended by it', async () => {
    const { tested, service, pending } = await working()
    const { id } = await service.contain(operator, contained)
    await service.lift(operator, id)
    const seen = { ...go, pauses: [id] }
    await service.demote(operator, AGENT, SCOPE, { level: 1, reason: 'new duties' })
    await expect(service.resumeDecision(cem, pending.decision_id, seen)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('since it was looked at, the demotion') as unknown,
    })
    const pauses = (await listed(tested, pending.decision_id))?.pauses.map((each) => each.id) ?? []
    expect(pauses).toHaveLength(2)
    expect(await service.resumeDecision(cem, pending.decision_id, { ...go, pauses })).toMatchObject({ resumed: true })
  })

  it('ends only the pauses that were there: the next one pauses again', async () => {
    const { tested, service, pending } = await working()
    const first = await service.contain(operator, contained)
    await service.lift(operator, first.id)
    await service.resumeDecision(cem, pending.decision_id, go)
    const second = await service.contain(operator, contained)
    await service.lift(operator, second.id)
    expect(await listed(tested, pending.decision_id)).toMatchObject({ paused: `containment:${second.id}` })
  })

  it('has nothing to do with what was asked for afterwards', async () => {
    const { tested, service } = await working()
    const { id } = await service.contain(operator, contained)
    await service.lift(operator, id)
    tested.clock.advance(1)
    const fresh = await service.evaluate(gateway, ask(AGENT, 'categorise_expense', { arguments: { account: 'new' } }))
    expect(await listed(tested, fresh.decision_id)).toMatchObject({ paused: null })
  })
})
