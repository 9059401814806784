import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import { OutcomeReport } from '../../src/evidence/wire.ts'
import { SENSITIVE_POINTERS } from '../../src/ledger/record.ts'
import { EVENT_AGE_MS_MAX, EVENT_SKEW_MS_MAX } from '../../src/evidence/rules/event-time.ts'
import {
  anonymous,
  ask,
  caller,
  detectors,
  endUser,
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

  it('keeps what the agent used as the word of the agent, which moves nothing and can be erased', async () => {
    const [plain, telling] = [await decided(), await decided()]
    const data_sources = [{ kind: 'table', name: 'crm.contacts' }]
    const without = await plain.service.reportOutcome(verifier, { decision_id: plain.answer.decision_id, class: 'validated' })
    const report = { decision_id: telling.answer.decision_id, class: 'validated', data_sources } as const
    const { record_id, trust_after } = await telling.service.reportOutcome(verifier, report)
    expect(trust_after).toEqual(without.trust_after)
    const stored = await telling.store.read([], (view) => view.record('default', record_id))
    expect(stored?.record.body).toMatchObject({ agent_data_sources: data_sources })
    expect(stored?.record.body).not.toHaveProperty('data_sources')
    expect(SENSITIVE_POINTERS.outcome).toContain('/body/agent_data_sources')
  })

  it.each([
    ['more than 64', Array.from({ length: 65 }, () => ({ kind: 'page', name: 'a' }))],
    ['none', []],
    ['one without a name', [{ kind: 'page' }]],
  ])('does not take %s data sources', (_how, data_sources) => {
    expect(OutcomeReport.safeParse({ decision_id: 'd', class: 'validated', data_sources }).success).toBe(false)
  })

  it('said twice by the same source counts once, is answered with the record of the first time, and writes nothing', async () => {
    const tested = await decided()
    const report = { decision_id: tested.answer.decision_id, class: 'validated' } as const
    const first = await tested.service.reportOutcome(verifier, report)
    await tested.service.reportOutcome(reviewer, report)
    const before = await documents(tested)
    const size = tested.store.size()
    const again = await tested.service.reportOutcome(verifier, { ...report, detail: 'once more' })
    expect(first.counted).toBe(true)
    expect(again).toMatchObject({
      counted: false,
      reason: 'this source already said so',
      record_id: first.record_id,
      leaf_index: first.leaf_index,
      changes: [],
    })
    expect(again.trust_after).toEqual(again.trust_before)
    expect(await documents(tested)).toBe(before)
    expect(tested.store.size()).toBe(size)
  })

  it('said twice at once is one record, and both answers name it', async () => {
    const { service, store, answer } = await decided()
    const report = { decision_id: answer.decision_id, class: 'failed' } as const
    const size = store.size()
    const answers = await Promise.all([1, 2, 3].map(() => service.reportOutcome(verifier, report)))
    expect(new Set(answers.map(({ record_id }) => record_id)).size).toBe(1)
    expect(answers.map(({ counted }) => counted)).toEqual([true, false, false])
    expect(store.size()).toBe(size + 1)
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

describe('a decision older than the horizon', () => {
  async function old(afterMs = EVENT_AGE_MS_MAX + 1): Promise<TestService & { readonly answer: DecisionAnswer }> {
    const tested = await decided()
    tested.clock.advance(afterMs)
    return tested
  }

  it.each([
    ['does not say when', () => ({})],
    ['claims to be of now', (nowMs: number) => ({ event_time: iso(nowMs) })],
  ])('earns nothing by praise that %s', async (_what, when) => {
    const tested = await old()
    const { decision_id } = tested.answer
    const before = await documents(tested)
    const report = { decision_id, class: 'validated', ...when(tested.clock.nowMs()) } as const
    await expect(tested.service.reportOutcome(verifier, report)).rejects.toMatchObject({
      code: 'conflict',
      place: { pointer: '/decision_id' },
    })
    await expect(
      tested.service.reportSignal(detectors, { decision_id, layer: 'behaviour', class: 'clean' }),
    ).rejects.toMatchObject({ code: 'conflict', place: { pointer: '/decision_id' } })
    expect(await documents(tested)).toBe(before)
  })

  it('earns to the last moment', async () => {
    const { service, answer } = await old(EVENT_AGE_MS_MAX)
    await expect(service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'validated' })).resolves.toMatchObject(
      {
        counted: true,
      },
    )
  })

  it('costs as ever, at the time of the failure', async () => {
    const tested = await old(60 * 24 * HOUR_MS)
    const { decision_id } = tested.answer
    const failed = await tested.service.reportOutcome(verifier, { decision_id, class: 'failed' })
    expect(failed.counted).toBe(true)
    expect(failed.trust_after.layers.outcome.evidence.s).toBe(1)
    const signal = await tested.service.reportSignal(detectors, { decision_id, layer: 'behaviour', class: 'anomalous' })
    expect(signal.counted).toBe(true)
  })

  it('loses what it earned in time', async () => {
    const { service, clock, answer } = await decided()
    const { decision_id } = answer
    const good = await service.reportOutcome(verifier, { decision_id, class: 'validated' })
    clock.advance(EVENT_AGE_MS_MAX + 1)
    const bad = await service.reportOutcome(reviewer, { decision_id, class: 'corrected' })
    expect(bad.trust_after.track_record).toMatchObject({ good: good.trust_before.track_record.good, bad: 1 })
  })
})

describe('successes held back', () => {
  async function heldBack(count: number) {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    const decide = () => tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    const answers: DecisionAnswer[] = []
    for (let each = 0; each < count; each += 1) answers.push(await decide())
    tested.clock.advance(HOUR_MS)
    const release = async () => {
      let last
      for (const { decision_id } of answers)
        last = await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
      return last?.trust_after
    }
    return { ...tested, decide, release }
  }

  it('until after failures cool nothing and count nothing', async () => {
    const { service, decide, release } = await heldBack(8)
    let failed
    for (let each = 0; each < 4; each += 1) {
      const { decision_id } = await decide()
      failed = (await service.reportOutcome(verifier, { decision_id, class: 'failed' })).trust_after
    }
    const after = await release()
    expect(after?.layers.outcome.heat_ceiling).toBe(failed?.layers.outcome.heat_ceiling)
    expect(after?.agent_heat_ceiling).toBe(failed?.agent_heat_ceiling)
    expect([after?.ladder.k, after?.ladder.e]).toEqual([failed?.ladder.k, failed?.ladder.e])
  })

  it('until after the review of an incident lift its cap by nothing, whether from before it or from quarantine', async () => {
    const { service, clock, decide, release } = await heldBack(6)
    const { incident_id } = await service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_suspected' })
    clock.advance(HOUR_MS)
    const { decision_id: quarantined } = await decide()
    clock.advance(HOUR_MS)
    await service.reviewIncident(operator, incident_id, { agent: 'finance-agent', false_positive: false })
    clock.advance(HOUR_MS)
    expect((await service.reportOutcome(verifier, { decision_id: quarantined, class: 'validated' })).counted).toBe(true)
    expect(await release()).toMatchObject({ incident: { cap: 0.4, state: 'recovering' } })
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
    expect(answer.outcome).toBe('deny')
    expect(answer.advice).not.toContain('record_proposal')
    await expect(service.reportOutcome(verifier, { decision_id: answer.decision_id, class: 'approved' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('is none where a containment denies', async () => {
    const { service } = await testService()
    await service.contain(operator, { target: { kind: 'agent', agent: 'finance-agent' }, reason: 'stop' })
    const answer = await service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    expect(answer.outcome).toBe('deny')
    expect(answer.advice).not.toContain('record_proposal')
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

describe('the slot of an unverified decision', () => {
  const slots = async (tested: TestService): Promise<number> =>
    tested.store.read(
      [],
      (view) => view.document({ kind: 'activity', tenant: 'default', id: 'finance-agent' })?.outstanding.length ?? 0,
    )
  const silence = caller('timeouts', { roles: ['verifier'], verifier: 'silence' })

  it.each([
    ["the agent's own word", selfReport, 'validated', 1],
    ["the agent's own word of a failure", selfReport, 'failed', 1],
    ['silence', silence, 'validated', 1],
    ['a verifier that heard nothing', verifier, 'no_feedback', 1],
    ['a check', verifier, 'validated', 0],
    ['a complaint', endUser, 'dissatisfied', 0],
    ['a person that finds fault', reviewer, 'corrected', 0],
  ] as const)('after %s: %s', async (_what, who, of, left) => {
    const tested = await decided()
    await tested.service.reportOutcome(who, { decision_id: tested.answer.decision_id, class: of })
    expect(await slots(tested)).toBe(left)
  })

  it('is free after a judgement that adds nothing, if it is one', async () => {
    const tested = await decided()
    const { decision_id } = tested.answer
    await tested.service.reportOutcome(verifier, { decision_id, class: 'validated' })
    const again = await tested.service.reportOutcome(endUser, { decision_id, class: 'satisfied' })
    expect(again.counted).toBe(false)
    expect(await slots(tested)).toBe(0)
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
