import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { AgentTrustAnswer } from '../../src/ladder/wire.ts'
import { sampleScores } from '../../src/reports/trust-history/sample-scores.ts'
import { HISTORIES_OF_TENANT_MAX, HISTORIES_WAITING_MAX } from '../../src/reports/trust-history/trust-history.ts'
import { whyTrust } from '../../src/reports/trust-history/why-trust.ts'
import { TrustHistoryAnswer, type TrustPoint } from '../../src/reports/trust-history/wire.ts'
import { ask, caller, gateway } from '../support/callers.ts'
import { newTrack, operate, operation } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import { HOUR_MS, START_MS, testService, type TestService } from '../support/test-service.ts'

const auditor = caller('auditor', { roles: ['auditor'] })
const operator = caller('operator', { roles: ['operator'], person: 'olivia' })
const AGENT = 'finance-agent'
const SCOPE = 'bookkeeping:light'
const ALL = { limit: 2_000 }

async function liveScopes({ service }: TestService, agent: string) {
  const { scopes } = await service.agentTrust(auditor, agent)
  return scopes.map(({ scope, score, binding, bottleneck_layer, level_granted, level_effective, layers, incident }) => ({
    ...{ scope, score, binding, bottleneck_layer, level_granted, level_effective },
    layers: Object.fromEntries(Object.entries(layers).map(([layer, view]) => [layer, view.score])),
    incident_cap: incident.cap,
  }))
}

async function earnedThenHarmed(): Promise<TestService> {
  const tested = await testService()
  await tested.earn(AGENT, SCOPE, 3)
  tested.clock.advance(HOUR_MS)
  await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_suspected' })
  tested.clock.advance(HOUR_MS)
  return tested
}

describe('the history of trust', () => {
  it('ends with the trust that the agent has, whatever happened', async () => {
    const steps = fc.array(operation, { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const tested = await testService()
        const track = newTrack()
        for (const step of all) await operate(tested, step, track, 'default')
        for (const agent of await tested.store.list('agent', 'default')) {
          const read = await tested.service.trustHistory(auditor, agent, ALL)
          const { points } = TrustHistoryAnswer.parse(JSON.parse(JSON.stringify(read)))
          const live = await liveScopes(tested, agent)
          expect(points.slice(points.length - live.length)).toMatchObject(live.map((each) => ({ ...each, cause: null })))
          const one = await tested.service.trustHistory(auditor, agent, { ...ALL, scope: SCOPE })
          expect(one.points.at(-1)).toMatchObject(live.find(({ scope }) => scope === SCOPE) ?? { score: 0 })
        }
      }),
      runs(20),
    )
  })

  it('says with each point which record brought it about, and what the score was before', async () => {
    const { service } = await earnedThenHarmed()
    const { points, next } = await service.trustHistory(auditor, AGENT, { ...ALL, scope: SCOPE })
    expect(next).toBeNull()
    const incident = points.find(({ cause }) => cause?.class === 'injection_suspected')
    expect(incident).toMatchObject({
      score: 0.4,
      incident_cap: 0.4,
      level_granted: 1,
      cause: { kind: 'incident', actor: 'person:olivia' },
      changes: [{ kind: 'incident_raised' }, { kind: 'demoted', from: 3, to: 1 }],
    })
    expect(incident?.score_before).toBeGreaterThan(0.7)
    expect(points.filter(({ cause }) => cause?.class === 'promoted').map(({ level_granted }) => level_granted)).toEqual([1, 2, 3])
    const times = points.map(({ at }) => at)
    expect(times).toEqual(times.toSorted())
  })

  it('begins with what was known where it is asked for since a time, and tells of nothing older', async () => {
    const { service, clock } = await earnedThenHarmed()
    const since = new Date(clock.nowMs() - 1.5 * HOUR_MS).toISOString()
    const { points } = await service.trustHistory(auditor, AGENT, { ...ALL, scope: SCOPE, since })
    expect(points.map(({ at, cause }) => [at >= since, cause?.class ?? null])).toEqual([
      [true, null],
      [true, 'injection_suspected'],
      [true, null],
    ])
    expect(points[0]).toMatchObject({ at: since, level_granted: 3 })
    // The same again, now from what was remembered.
    expect((await service.trustHistory(auditor, AGENT, { ...ALL, scope: SCOPE, since })).points).toEqual(points)
  })

  it('comes in pages that together are the whole', async () => {
    const tested = await earnedThenHarmed()
    const whole = (await tested.service.trustHistory(auditor, AGENT, ALL)).points
    const pages: TrustPoint[] = []
    for (let from: number | null = 0; from !== null;) {
      const page: { points: TrustPoint[]; next: number | null } = await tested.service.trustHistory(auditor, AGENT, {
        from,
        limit: 2,
      })
      pages.push(...page.points)
      from = page.next
    }
    expect(pages).toEqual(whole)
    expect(whole.length).toBeGreaterThan(4)
  })

  it('is refused to strangers, to another agent, and for an agent that nobody knows', async () => {
    const { service } = await testService()
    const read = (who: typeof auditor, agent: string) => service.trustHistory(who, agent, ALL)
    const self = caller('self', { roles: ['agent'], agent: AGENT })
    await expect(read(caller('nobody', { roles: [] }), AGENT)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(read(self, 'coding-agent')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(read(self, AGENT)).resolves.toMatchObject({ points: [] })
    await expect(read(auditor, 'no-such-agent')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is read by a few at a time only', async () => {
    const { service } = await earnedThenHarmed()
    const all = await Promise.allSettled(
      Array.from({ length: HISTORIES_OF_TENANT_MAX + HISTORIES_WAITING_MAX + 3 }, () =>
        service.trustHistory(auditor, AGENT, ALL),
      ),
    )
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(3)
    expect(all.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'not_ready' } })
  })

  it('tells of a change of composition, which a decision brings about', async () => {
    const tested = await testService()
    await tested.earn(AGENT, SCOPE, 3)
    for (const model of ['m1', 'm2']) {
      const properties = { composition: { model } }
      await tested.service.evaluate(gateway, ask(AGENT, 'categorise_expense', { subject: { properties } }))
    }
    const { points } = await tested.service.trustHistory(auditor, AGENT, { ...ALL, scope: SCOPE })
    const change = points.filter(({ cause }) => cause?.class === 'composition')
    expect(change).toMatchObject([{ cause: { kind: 'decision' }, level_granted: 2, changes: [{ kind: 'composition_changed' }] }])
    expect(points.at(-1)).toMatchObject((await liveScopes(tested, AGENT)).find(({ scope }) => scope === SCOPE) ?? {})
  })

  it('is read under the constants that were in force', async () => {
    const tested = await earnedThenHarmed()
    const constants = await tested.store.read([], (view) => view.constants())
    const rules = { ...constants, thresholds: [0, 0.45, 0.55, 0.75, 0.95] as const }
    await tested.store.transact([], (transaction) =>
      transaction.append({
        record: {
          ...{
            v: 1,
            kind: 'policy_set',
            id: 'constants-1',
            tenant: 'elsewhere',
            at: new Date(tested.clock.nowMs()).toISOString(),
          },
          ...{ agent: null, user: null, action: null, outcome: null, decision_id: null, actor: 'system', body: {} },
          effects: [{ kind: 'constants', constants: { ...rules, incident_rules: constants.incident_rules } }],
        } as never,
      }),
    )
    const { points } = await tested.service.trustHistory(auditor, AGENT, { ...ALL, scope: SCOPE })
    expect(points.at(-2)).toMatchObject({ cause: { class: 'constants' }, level_granted: 1, level_effective: 0 })
    expect(points.at(-1)).toMatchObject((await liveScopes(tested, AGENT)).find(({ scope }) => scope === SCOPE) ?? {})
  })
})

describe('the trust of an agent', () => {
  it('says for every gate of the next rung what there is and what is needed', async () => {
    const { service } = await earnedThenHarmed()
    const answer = AgentTrustAnswer.parse(JSON.parse(JSON.stringify(await service.agentTrust(auditor, AGENT))))
    const [scope] = answer.scopes
    expect(scope?.next?.level).toBe(2)
    expect(scope?.next?.gates).toContainEqual({ gate: 'incident', passed: false, have: 1, need: 0 })
    const { gates } = await service.promote(operator, AGENT, SCOPE, {})
    const named = (all: readonly { gate: string; passed: boolean }[] = []) => all.map(({ gate, passed }) => [gate, passed])
    expect(named(scope?.next?.gates)).toEqual(named(gates))
    expect(scope?.fused_opinion.b).toBeGreaterThan(0.9)
  })
})

describe('why trust is what it is', () => {
  it('lists what moved the score most first, with its record', async () => {
    const { store } = await earnedThenHarmed()
    const why = await whyTrust(store, { tenant: 'default', agent: AGENT, scope: SCOPE, sinceMs: 0, limit: 5 })
    const moved = why.reasons.map(({ score_before, score_after }) => Math.abs(score_after - score_before))
    expect(moved).toEqual(moved.toSorted((one, other) => other - one))
    expect(why.reasons).toHaveLength(5)
    expect(why.found).toBeGreaterThan(100)
    const [first] = why.reasons
    expect(first).toMatchObject({ effect: 'incident', class: 'injection_suspected', layer: null, score_after: 0.4 })
    const recorded = await store.read([], (view) => view.record('default', first?.record_id ?? ''))
    expect(recorded).toMatchObject({ leafIndex: first?.leaf_index, record: { kind: 'incident', at: first?.at } })
  })

  it('keeps the heaviest of very many, whatever came between', async () => {
    const { store } = await earnedThenHarmed()
    const of = { tenant: 'default', agent: AGENT, scope: SCOPE, sinceMs: 0 }
    const all = await whyTrust(store, { ...of, limit: 100_000 })
    const few = await whyTrust(store, { ...of, limit: 7 })
    expect(few.reasons).toEqual(all.reasons.slice(0, 7))
    expect(all.reasons).toHaveLength(all.found)
  })
})

describe('sampled scores', () => {
  it('are the scores that the live view had then', async () => {
    const tested = await testService()
    const live: number[] = []
    const times: number[] = []
    const look = async (): Promise<void> => {
      const { scopes } = await tested.service.agentTrust(auditor, AGENT)
      live.push(scopes.find(({ scope }) => scope === SCOPE)?.score ?? 0)
      times.push(tested.clock.nowMs())
      tested.clock.advance(HOUR_MS)
    }
    await look()
    await tested.earn(AGENT, SCOPE, 2)
    await look()
    await tested.service.raiseIncident(operator, { agent: AGENT, class: 'injection_suspected' })
    await look()
    tested.clock.advance(2_000 * HOUR_MS)
    await look()
    expect(await sampleScores(tested.store, { tenant: 'default', agent: AGENT }, [SCOPE], times)).toEqual({ [SCOPE]: live })
    expect(new Set(live).size).toBeGreaterThan(2)
    expect(live[0]).toBe(0)
    expect(times[0]).toBe(START_MS)
  })
})
