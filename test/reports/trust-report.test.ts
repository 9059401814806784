import { describe, expect, it } from 'vitest'

import { trustGauges } from '../../src/reports/trust-report/gauges.ts'
import { medianOf, OTHER_SCOPES, REPORTED_SCOPES_MAX } from '../../src/reports/trust-report/scope-report.ts'
import { AGENT_WIDE, firstSeenMs, type TrustSighting, trustSightingOf } from '../../src/reports/trust-report/sighting.ts'
import { surveyTrust } from '../../src/reports/trust-report/survey.ts'
import { CONFIRM_DAYS, createTrustFold, TrustFoldState } from '../../src/reports/trust-report/trust-fold.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { ask, gateway, operator, verifier } from '../support/callers.ts'
import { testService, type TestService } from '../support/test-service.ts'

const scope = 'bookkeeping:light'
const START_MS = Date.UTC(2026, 2, 2, 10)
const whose = { tenant: 'default', agent: 'bot', scope }
const sighting = (day: number, of: Partial<TrustSighting>): TrustSighting => ({
  ...{
    atMs: START_MS + day * DAY_MS,
    executed: null,
    judged: [],
    granted: [],
    demoted: [],
    restored: [],
    confirmed: [],
    incidents: [],
  },
  ...of,
})
/** The report on a scope after these, on a day. */
function after(day: number, ...sightings: readonly TrustSighting[]) {
  const fold = createTrustFold()
  for (const each of sightings)
    fold.add(
      each,
      each.granted.map(() => START_MS),
    )
  const { all, scopes } = fold.report(START_MS, START_MS + day * DAY_MS)
  return { all, scope: scopes.find((each) => each.scope === scope) }
}

describe('demotions', () => {
  const demoted = sighting(0, { demoted: [{ ...whose, confirmed: false }] })
  const confirmed = (day: number, of = scope) => sighting(day, { confirmed: [{ ...whose, scope: of }] })
  const fates = (day: number, ...more: readonly TrustSighting[]) => after(day, demoted, ...more).scope

  it('wait three days for a bad verdict, and were false without one', () => {
    expect(fates(CONFIRM_DAYS)).toMatchObject({
      demotions: { total: 1, false: 0, confirmed: 0, waiting: 1 },
      false_demotion_rate: null,
    })
    expect(fates(CONFIRM_DAYS + 0.1)).toMatchObject({ demotions: { total: 1, false: 1, waiting: 0 }, false_demotion_rate: 1 })
  })

  it('are confirmed by one that comes in time, in that scope or by a review of the agent, and by no other', () => {
    expect(fates(9, confirmed(2))).toMatchObject({ demotions: { confirmed: 1, false: 0 }, false_demotion_rate: 0 })
    expect(fates(9, confirmed(2, AGENT_WIDE))).toMatchObject({ demotions: { confirmed: 1 } })
    expect(fates(9, confirmed(4))).toMatchObject({ demotions: { confirmed: 0, false: 1 } })
    expect(fates(9, confirmed(2, 'crm:full'))).toMatchObject({ demotions: { confirmed: 0, false: 1 } })
  })

  it('are confirmed by their own record where it holds the verdict', () => {
    expect(after(9, sighting(0, { demoted: [{ ...whose, confirmed: true }] })).scope).toMatchObject({ false_demotion_rate: 0 })
  })

  it('were false, however late, once what they took is given back', () => {
    expect(fates(9, confirmed(2), sighting(8, { restored: [whose] }))).toMatchObject({
      demotions: { total: 1, false: 1, confirmed: 0 },
      false_demotion_rate: 1,
    })
  })
})

describe('time to autonomy', () => {
  const granted = (day: number, level: 2 | 3 | 4, agent = 'bot') => sighting(day, { granted: [{ ...whose, agent, level }] })

  it('is that of the first grant of a level, as mean and median', () => {
    const { scope: report } = after(30, granted(2, 2), granted(10, 3), granted(12, 3), granted(20, 3, 'b'), granted(25, 4))
    expect(report?.promotions).toBe(5)
    expect(report?.time_to_autonomy.L3).toEqual({ grants: 2, mean_ms: 15 * DAY_MS, median_ms: 15 * DAY_MS })
    expect(report?.time_to_autonomy.L4?.mean_ms).toBe(25 * DAY_MS)
  })

  it('is not known where nobody knows when the agent came', () => {
    const fold = createTrustFold()
    fold.add(granted(5, 3), [null])
    expect(fold.report(START_MS, START_MS).all).toMatchObject({ promotions: 1, time_to_autonomy: { L3: null } })
  })

  it('has the median of an even and of an odd number, and of none', () => {
    expect([medianOf([3, 1]), medianOf([9, 1, 2]), medianOf([])]).toEqual([2, 2, null])
  })
})

describe('counting', () => {
  it('divides incidents by thousands of actions, and good by judged', () => {
    const { scope: report, all } = after(
      1,
      ...Array.from({ length: 4 }, () => sighting(0, { executed: scope })),
      sighting(0, { judged: [{ scope, good: 1, bad: 0 }] }),
      sighting(0, { judged: [{ scope, good: 1, bad: 0 }] }),
      sighting(0, {
        judged: [
          { scope, good: -1, bad: 0 },
          { scope, good: 0, bad: 1 },
        ],
        incidents: [scope, AGENT_WIDE],
      }),
    )
    expect(report).toMatchObject({ executed: 4, judged: 2, compliance_rate: 0.5, incidents: 1, incidents_per_1000: 250 })
    expect(all).toMatchObject({ incidents: 2, incidents_per_1000: 500 })
  })

  it('leaves out days before, forgets them when told, and is bounded in scopes', () => {
    const fold = createTrustFold()
    for (let index = 0; index < REPORTED_SCOPES_MAX + 20; index += 1) fold.add(sighting(5, { executed: `s${index}:full` }), [])
    fold.add(sighting(1, { executed: 's0:full' }), [])
    const { all, scopes } = fold.report(START_MS + 5 * DAY_MS, START_MS + 9 * DAY_MS)
    expect(all.executed).toBe(REPORTED_SCOPES_MAX + 20)
    expect(scopes.length).toBe(REPORTED_SCOPES_MAX + 1)
    expect(scopes.find((each) => each.scope === OTHER_SCOPES)?.executed).toBe(20)
    fold.forget(START_MS + 9 * DAY_MS)
    expect(fold.state().days).toEqual({})
  })

  it('goes on from what it remembers', () => {
    const one = createTrustFold()
    const first = [
      sighting(0, { executed: scope, demoted: [{ ...whose, confirmed: false }] }),
      sighting(1, { granted: [{ ...whose, level: 3 }] }),
    ]
    const rest = [sighting(2, { confirmed: [whose] }), sighting(3, { granted: [{ ...whose, level: 3 }], incidents: [scope] })]
    for (const each of [...first, ...rest]) one.add(each, [START_MS])
    const before = createTrustFold()
    for (const each of first) before.add(each, [START_MS])
    const two = createTrustFold(TrustFoldState.parse(JSON.parse(JSON.stringify(before.state()))))
    for (const each of rest) two.add(each, [START_MS])
    expect(two.report(0, START_MS + 9 * DAY_MS)).toEqual(one.report(0, START_MS + 9 * DAY_MS))
  })
})

/** The report on everything that a service recorded. */
async function reported({ store, clock }: TestService) {
  const fold = createTrustFold()
  for (let from = 0; from < store.size(); from += 100)
    for (const { record } of await store.query({ from, limit: 100 })) {
      const seen = trustSightingOf(record)
      if (seen === undefined) continue
      fold.add(seen, await Promise.all(seen.granted.map(({ tenant, agent }) => firstSeenMs(store, tenant, agent))))
    }
  const happened = fold.report(0, clock.nowMs())
  const stands = await surveyTrust(store, clock.nowMs(), () => Promise.resolve())
  return { happened, stands, of: happened.scopes.find((each) => each.scope === scope) }
}

describe('the records of the service', () => {
  it('say what ran, what was verified, what fell, and what a false alarm took', async () => {
    const tested = await testService()
    await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    await tested.earn('finance-agent', scope, 3)
    const promotedMs = tested.clock.nowMs()
    const decided = await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    await tested.service.reportOutcome(verifier, { decision_id: decided.decision_id, class: 'validated' })
    const before = await reported(tested)
    expect(before.of).toMatchObject({ executed: 1, incidents: 0, promotions: 3, demotions: { total: 0 } })
    expect(before.of?.time_to_autonomy.L3?.mean_ms).toBe(promotedMs - START_MS)
    expect(before.stands.scopes.find((each) => each.scope === scope)).toMatchObject({
      agents: 1,
      levels: { 3: 1 },
      open_incidents: 0,
    })

    const { incident_id } = await tested.service.raiseIncident(operator, { agent: 'finance-agent', class: 'injection_confirmed' })
    const fallen = await reported(tested)
    expect(fallen.of?.demotions).toMatchObject({ total: 1, waiting: 1 })
    expect(fallen.happened.all).toMatchObject({ incidents: 1 })
    expect(fallen.stands.all.open_incidents).toBe(1)

    await tested.service.reviewIncident(operator, incident_id, { agent: 'finance-agent', false_positive: true })
    const back = await reported(tested)
    expect(back.of?.demotions).toEqual({ total: 1, false: 1, confirmed: 0, waiting: 0 })
    expect(back.stands.all.open_incidents).toBe(0)
    const gauges = trustGauges(back.happened, back.stands)
    expect(gauges[0]).toMatchObject({ scope: 'all', falseDemotionRatio: 1, openIncidents: 0 })
    expect(gauges.map((each) => each.scope)).toContain(scope)
    expect(JSON.stringify(gauges)).not.toContain('finance-agent')
  })

  it('confirm a demotion by the verdict that brought it about', async () => {
    const tested = await testService()
    await tested.earn('finance-agent', scope, 3)
    const decided = await tested.service.evaluate(gateway, ask('finance-agent', 'categorise_expense'))
    await tested.service.reportOutcome(verifier, { decision_id: decided.decision_id, class: 'harmful' })
    const { of } = await reported(tested)
    expect(of).toMatchObject({ demotions: { total: 1, confirmed: 1 }, false_demotion_rate: 0, incidents: 1 })
  })
})
