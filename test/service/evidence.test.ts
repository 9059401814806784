import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/model/caller.ts'
import type { DecisionAnswer } from '../../src/model/wire.ts'
import { EVENT_AGE_MS_MAX, EVENT_SKEW_MS_MAX } from '../../src/service/evidence.ts'
import {
  anonymous,
  ask,
  caller,
  detectors,
  gateway,
  inTenant,
  operator,
  reviewer,
  selfReport,
  verifier,
} from '../support/callers.ts'
import { HOUR_MS, testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const iso = (ms: number): string => new Date(ms).toISOString()

async function decided(level = 3): Promise<TestService & { readonly answer: DecisionAnswer }> {
  const tested = await testService()
  await tested.earn('finance-agent', scope, level)
  const answer = await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
  return { ...tested, answer }
}

/** State documents of an agent, byte for byte. */
const documents = (tested: TestService, agent = 'finance-agent', tenant = 'default') =>
  tested.store.read([], (view) =>
    JSON.stringify([view.document({ kind: 'agent', tenant, id: agent }), view.document({ kind: 'activity', tenant, id: agent })]),
  )

describe('an outcome', () => {
  it('moves trust, and the next decision reads it', async () => {
    const { service, answer } = await decided()
    const report = await service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'rolled_back' })
    expect(report).toMatchObject({ counted: true, reason: 'negative, 2 units, severity 2' })
    expect(report.trust_after.score).toBeLessThan(report.trust_before.score)
    const next = await service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    expect(next.trust?.score).toBe(report.trust_after.score)
  })

  it('said twice by the same source counts once, is answered alike, and changes nothing', async () => {
    const tested = await decided()
    const report = { decision_id: tested.answer.decision_id, class: 'validated' } as const
    const first = await tested.service.reportOutcome(verifier, report)
    const before = await documents(tested)
    const again = await tested.service.reportOutcome(verifier, report)
    expect(first.counted).toBe(true)
    expect(again).toMatchObject({ counted: false, reason: 'this source already said so', trust_after: first.trust_after })
    expect(await documents(tested)).toBe(before)
  })

  it('said twice by one person through two credentials counts once', async () => {
    const { service, answer } = await decided()
    const report = { decision_id: answer.decision_id, class: 'corrected' } as const
    await service.reportOutcome(reviewer, report)
    expect((await service.reportOutcome({ ...reviewer, credential: 'phone' }, report)).counted).toBe(false)
  })

  it("in the agent's own word is noted and weighs nothing", async () => {
    const tested = await decided()
    for (const of of ['validated', 'failed'] as const) {
      const answer = await tested.service.reportOutcome(selfReport, { decision_id: tested.answer.decision_id, class: of })
      expect(answer.counted).toBe(false)
      expect(answer.trust_after).toEqual(answer.trust_before)
    }
  })

  it('that the agent flagged itself costs less than one it hid', async () => {
    const hidden = await decided()
    const flagged = await decided()
    await flagged.service.reportOutcome(selfReport, { decision_id: flagged.answer.decision_id, class: 'failed' })
    const loud = await flagged.service.reportOutcome(verifier, { decision_id: flagged.answer.decision_id, class: 'failed' })
    const silent = await hidden.service.reportOutcome(verifier, { decision_id: hidden.answer.decision_id, class: 'failed' })
    expect(loud.trust_after.score).toBeGreaterThan(silent.trust_after.score)
  })

  it('needs a credential that says where its judgements come from', async () => {
    const { service, answer } = await decided()
    const plain = caller('plain', { roles: ['verifier'] })
    await expect(service.reportOutcome(plain, { decision_id: answer.decision_id, class: 'validated' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(service.reportOutcome(anonymous, { decision_id: answer.decision_id, class: 'validated' })).rejects.toMatchObject(
      {
        code: 'unauthenticated',
      },
    )
  })

  it('of an unknown decision is not found', async () => {
    const { service } = await decided()
    await expect(service.reportOutcome(verifier, { decision_id: 'no such', class: 'validated' })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('of something that is no decision is not found', async () => {
    const tested = await decided()
    const [activation] = await tested.store.query({ kinds: ['policy_set'], limit: 1 })
    const decision_id = activation?.record.id ?? ''
    await expect(tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('the time of an event', () => {
  async function report(atMs: (nowMs: number, decidedAtMs: number) => number, waitMs = 0) {
    const tested = await decided()
    const decidedAtMs = tested.clock.nowMs()
    tested.clock.advance(waitMs)
    const event_time = iso(atMs(tested.clock.nowMs(), decidedAtMs))
    return tested.service.reportOutcome(verifier, { decision_id: tested.answer.decision_id, class: 'validated', event_time })
  }

  it.each([
    ['now', (now: number) => now, HOUR_MS],
    ['when it was decided', (_now: number, then: number) => then, HOUR_MS],
    ['at the edge of a small skew ahead', (now: number) => now + EVENT_SKEW_MS_MAX, 0],
    ['at the edge of a small skew before the decision', (_now: number, then: number) => then - EVENT_SKEW_MS_MAX, 0],
    ['seven days ago', (now: number) => now - EVENT_AGE_MS_MAX, EVENT_AGE_MS_MAX],
  ])('may be %s', async (_when, atMs, waitMs) => {
    await expect(report(atMs, waitMs)).resolves.toMatchObject({ counted: true })
  })

  it.each([
    ['in the future', (now: number) => now + EVENT_SKEW_MS_MAX + 1, 0],
    ['more than seven days ago', (now: number) => now - EVENT_AGE_MS_MAX - 1, EVENT_AGE_MS_MAX + 1],
    ['before its decision', (_now: number, then: number) => then - EVENT_SKEW_MS_MAX - 1, 0],
  ])('may not be %s', async (_when, atMs, waitMs) => {
    await expect(report(atMs, waitMs)).rejects.toMatchObject({ code: 'bad_request', place: { pointer: '/event_time' } })
  })

  it('of praise that does not say is that of the decision, so that what was held back proves nothing about today', async () => {
    const { service, clock, answer } = await decided()
    const raised = await service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_suspected' })
    clock.advance(1_000)
    await service.reviewIncident(operator, raised.incident_id, { agent: 'finance-agent', false_positive: false })
    clock.advance(1_000)
    const late = await service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'validated' })
    expect(late.counted).toBe(true)
    expect(late.trust_after.incident.cap).toBe(0.4)
  })

  it('of praise is that of the decision also when it claims to be of now', async () => {
    const { service, clock, answer } = await decided()
    const raised = await service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_suspected' })
    clock.advance(1_000)
    await service.reviewIncident(operator, raised.incident_id, { agent: 'finance-agent', false_positive: false })
    clock.advance(1_000)
    const report = { decision_id: answer.decision_id, class: 'validated', event_time: iso(clock.nowMs()) } as const
    const late = await service.reportOutcome(verifier, report)
    const { service: plain, clock: plainClock, answer: plainAnswer } = await decided()
    const same = await plain.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_suspected' })
    plainClock.advance(1_000)
    await plain.reviewIncident(operator, same.incident_id, { agent: 'finance-agent', false_positive: false })
    plainClock.advance(1_000)
    const unstated = await plain.reportOutcome(verifier, { decision_id: plainAnswer.decision_id, class: 'validated' })
    expect(late.trust_after).toMatchObject({ score: unstated.trust_after.score, evidence: unstated.trust_after.evidence })
    expect(late.trust_after.freshness.tp_ms).toBe(unstated.trust_after.freshness.tp_ms)
  })
})

describe('a proposal', () => {
  it('earns half, although it did not run, so that an agent at L0 can rise', async () => {
    const { service } = await testService()
    const answer = await service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    expect(answer).toMatchObject({ outcome: 'deny', decision: false, advice: ['record_proposal'] })
    const report = await service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'approved' })
    expect(report).toMatchObject({ counted: true, reason: 'positive, 0.5 units' })
  })

  it.each([
    ['the base denies', 'research-agent', 'refund', {}],
    ['the category denies', 'operations-agent', 'modify_permissions', {}],
    ['the action is unknown', 'coding-agent', 'launch_rocket', {}],
  ])('is none where %s', async (_why, agent, action, parts) => {
    const { service } = await testService()
    const answer = await service.evaluate(gateway, ask(agent, action, parts))
    expect(answer).toMatchObject({ outcome: 'deny', advice: [] })
    await expect(service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'approved' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('is none where a containment denies', async () => {
    const { service } = await testService()
    await service.contain(operator, { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'stop' })
    const answer = await service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    expect(answer).toMatchObject({ outcome: 'deny', advice: [] })
    await expect(service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'approved' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('of a human is none', async () => {
    const { service } = await testService()
    const answer = await service.evaluate(gateway, ask('carol', 'categorise_expense', { subject: { type: 'user', id: 'carol' } }))
    await expect(service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'validated' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('tenants', () => {
  it('cannot report on, read or find a decision of another tenant', async () => {
    const tested = await decided()
    const elsewhere = (who: Caller): Caller => inTenant(who, 'globex')
    const { decision_id } = tested.answer
    const before = await documents(tested)
    await expect(tested.service.reportOutcome(elsewhere(verifier), { decision_id, class: 'failed' })).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(
      tested.service.reportSignal(elsewhere(detectors), { decision_id, layer: 'behaviour', class: 'violating' }),
    ).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(tested.service.record(elsewhere(operator), decision_id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(tested.service.proof(elsewhere(operator), decision_id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await documents(tested)).toBe(before)
  })
})

describe('a signal', () => {
  it('counts in its layer', async () => {
    const { service, answer } = await decided()
    const found = await service.reportSignal(detectors, {
      decision_id: answer.decision_id,
      layer: 'behaviour',
      class: 'anomalous',
    })
    expect(found.counted).toBe(true)
    expect(found.trust_after.layers.behaviour.evidence.s).toBe(1)
    expect(found.trust_after.layers.outcome.evidence.s).toBe(0)
    expect(found.trust_after.ladder.e).toBe(found.trust_before.ladder.e)
  })

  it('is refused in a layer that the credential may not write', async () => {
    const { service, answer } = await decided()
    const report = { decision_id: answer.decision_id, layer: 'outcome', class: 'clean' } as const
    await expect(service.reportSignal(detectors, report)).rejects.toMatchObject({
      code: 'forbidden',
      place: { pointer: '/layer' },
    })
  })

  it('cannot stand for an outcome where the credential is no verifier', async () => {
    const { service, answer } = await decided()
    const all = caller('all', { roles: ['signal_source'], layers: ['outcome'] })
    const report = { decision_id: answer.decision_id, layer: 'outcome', class: 'clean' } as const
    await expect(service.reportSignal(all, report)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(service.reportSignal({ ...all, verifier: 'llm_judge' }, report)).resolves.toMatchObject({
      reason: 'positive, 0.3 units',
    })
  })

  it('does not free the slot of an unverified decision', async () => {
    const tested = await decided()
    await tested.service.reportSignal(detectors, { decision_id: tested.answer.decision_id, layer: 'behaviour', class: 'clean' })
    const activity = await tested.store.read([], (view) =>
      view.document({ kind: 'activity', tenant: 'default', id: 'finance-agent' }),
    )
    expect(activity?.outstanding).toHaveLength(1)
  })
})

describe('under a stepped clock', () => {
  it('evidence waits', async () => {
    const tested = await decided()
    tested.clock.step(false)
    const { decision_id } = tested.answer
    await expect(tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })).rejects.toMatchObject({
      code: 'not_ready',
    })
    await expect(
      tested.service.reportSignal(detectors, { decision_id, layer: 'behaviour', class: 'clean' }),
    ).rejects.toMatchObject({
      code: 'not_ready',
    })
    tested.clock.step(true)
    await expect(tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })).resolves.toMatchObject({
      counted: true,
    })
  })
})
