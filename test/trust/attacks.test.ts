import { describe, expect, it } from 'vitest'

import { eventTimeIn, refuseOldSuccess } from '../../src/evidence/rules/event-time.ts'
import { LAYERS } from '../../src/model/layer.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import { changeComposition, observeComposition } from '../../src/trust/composition.ts'
import { chargeDelegator } from '../../src/trust/evidence.ts'
import { addIncident, closeReview } from '../../src/trust/incidents.ts'
import { evidenceRequired, evidenceStep } from '../../src/trust/ladder.ts'
import { promoteScope, promotionGates } from '../../src/trust/promotion.ts'
import { readScope } from '../../src/trust/score.ts'
import { type AgentTrust, newAgentTrust, scopeOf } from '../../src/trust/stored-trust.ts'
import { scopeView } from '../../src/trust/trust-view.ts'
import { agentAt, bad, C, DAY, good, goodEverywhere, HOUR, MAIL, NOW, repeat, view } from './support.ts'

const LIGHT: ScopeKey = 'mail:light'
const climb = (agent: AgentTrust, scope: ScopeKey, nowMs: number, constants = C) => {
  const promotion = promoteScope(agent, scope, { nowMs, verifiers: 3, human: true }, constants)
  return promotion.kind === 'promoted' ? promotion.agent : agent
}

describe('attacks that beat an earlier version of the model', () => {
  const readsADay = (scope: ScopeKey, weight: number, constants = C) =>
    repeat(40, newAgentTrust(), (agent, day) =>
      climb(
        repeat(200, agent, (state) => goodEverywhere(state, { scope, weight }, NOW + day * DAY, constants)),
        scope,
        NOW + day * DAY,
        constants,
      ),
    )

  it('1: two hundred reads a day for forty days earn nothing, neither in their own class nor in the full one', () => {
    const agent = readsADay(LIGHT, C.stake_weights.read)
    expect(view(agent, LIGHT, NOW + 39 * DAY)).toMatchObject({ score: 0, level_granted: 0 })
    expect(view(agent, MAIL, NOW + 39 * DAY)).toMatchObject({ score: 0, level_granted: 0 })
    const undefended = { ...C, refresh_weight_min: 0, count_weight_min: 0 }
    expect(
      view(readsADay(LIGHT, C.stake_weights.read, undefended), LIGHT, NOW + 39 * DAY, undefended).level_granted,
    ).toBeGreaterThanOrEqual(3)
  })

  it('1: even whole successes in the light class lift the full class to less than one half', () => {
    const agent = readsADay(LIGHT, 1)
    expect(view(agent, LIGHT, NOW + 39 * DAY).level_granted).toBeGreaterThanOrEqual(3)
    const full = view(agent, MAIL, NOW + 39 * DAY)
    expect(full.score).toBeGreaterThan(0.4)
    expect(full).toMatchObject({ band: 1, level_granted: 0, level_effective: 0 })
  })

  const tenScopes = Array.from({ length: 10 }, (_, i): ScopeKey => `tool${i}:full`)
  const trusted = tenScopes.reduce((agent, key) => {
    const one = agentAt(3, 600, 0, key)
    return { ...agent, identity: one.identity, scopes: { ...agent.scopes, [key]: scopeOf(one, key) } }
  }, newAgentTrust())

  it('3: three failures in each of ten scopes at once end autonomy in all of them', () => {
    const after = tenScopes.reduce((agent, scope) => repeat(3, agent, (state) => bad(state, { scope })), trusted)
    for (const scope of tenScopes) {
      expect(view(after, scope).agent_heat_ceiling).toBeCloseTo(0.354, 3)
      expect(view(after, scope).level_granted).toBe(1)
      // Without the agent's heat each scope would still be in the band of L3.
      expect(readScope(after, scope, { nowMs: NOW }, C).layers.outcome.trust).toBeGreaterThan(0.7)
    }
  })

  it('3: sixty failures through children heat the delegator as much', () => {
    const failure = (i: number) => ({ scope: tenScopes[i % 10] ?? MAIL, weight: 1, eventTimeMs: NOW })
    const after = repeat(60, trusted, (agent, i) => chargeDelegator(agent, failure(i), NOW, C).agent)
    for (const scope of tenScopes) {
      expect(view(after, scope).agent_heat_ceiling).toBeCloseTo(0.354, 3)
      expect(view(after, scope).level_granted).toBe(1)
    }
  })

  it('4: successes held back until after four failures cool nothing and count nothing', () => {
    const failed = repeat(4, agentAt(3, 600), (agent) => bad(agent, {}, NOW + DAY))
    expect(view(failed, MAIL, NOW + DAY).score).toBeCloseTo(0.695, 3)
    const released = repeat(200, failed, (agent, i) => good(agent, { eventTimeMs: NOW + i }, NOW + DAY))
    const { score, ladder, layers, agent_heat_ceiling } = view(released, MAIL, NOW + DAY)
    expect(score).toBeLessThan(0.7)
    const before = view(failed, MAIL, NOW + DAY)
    expect(layers.outcome.heat_ceiling).toBe(before.layers.outcome.heat_ceiling)
    expect(agent_heat_ceiling).toBe(before.agent_heat_ceiling)
    expect([ladder.k, ladder.e]).toEqual([0, scopeOf(failed, MAIL).ladder.e])
    const fresh = repeat(200, failed, (agent) => good(agent, {}, NOW + DAY + 1))
    expect(view(fresh, MAIL, NOW + DAY + 1).score).toBeGreaterThan(0.8)
  })

  const injected = addIncident(
    agentAt(3, 600),
    { id: 'i', class: 'injection_suspected', reach: 'agent', cap: 0.4, review: true, atMs: NOW },
    C,
  ).agent
  const reviewedAt = NOW + DAY
  const reviewed = closeReview(injected, { id: 'i', falsePositive: false, atMs: reviewedAt }).agent

  it('5: successes from before the review, and from the very same moment, do not lift a reviewed cap', () => {
    const one = good(reviewed, {}, reviewedAt + HOUR)
    const capOfOne = view(one, MAIL, reviewedAt + HOUR).incident.cap
    const older = repeat(200, one, (agent, i) => good(agent, { eventTimeMs: reviewedAt - i }, reviewedAt + HOUR))
    expect(view(older, MAIL, reviewedAt + HOUR).incident.cap).toBe(capOfOne)
    expect(capOfOne).toBe(0.4)
    const atTheMoment = repeat(200, one, (agent) => good(agent, { eventTimeMs: reviewedAt }, reviewedAt + HOUR))
    expect(view(atTheMoment, MAIL, reviewedAt + HOUR).incident.cap).toBe(0.4)
    const later = repeat(200, one, (agent) => good(agent, {}, reviewedAt + HOUR))
    expect(view(later, MAIL, reviewedAt + HOUR).incident.cap).toBeGreaterThan(0.8)
  })

  it('6: four hundred reads in quarantine prove nothing at the review', () => {
    const busy = repeat(400, injected, (agent, i) => good(agent, { weight: 0.25 }, NOW + i * 1000))
    const after = closeReview(busy, { id: 'i', falsePositive: false, atMs: reviewedAt }).agent
    expect(view(after, MAIL, reviewedAt)).toMatchObject({ score: 0.4, incident: { cap: 0.4, state: 'recovering' } })
  })

  it.each([270, 5000])('7: a model swapped behind a record of %d successes ends automatic execution', (r) => {
    const known = { ...agentAt(4, r), composition: { model: 'good' } }
    const { agent, changes } = observeComposition(known, { model: 'bad' }, NOW, C)
    expect(view(agent)).toMatchObject({ level_granted: 2, level_effective: 2 })
    expect(view(agent).score).toBeLessThan(0.7)
    expect(changes).toEqual([{ kind: 'composition_changed', change: 'major', scopes_lowered: [MAIL] }])
  })

  it('8: failing where failures weigh little does not pay: the e-process counts decisions, not weights', () => {
    let agent = agentAt(2, 5000)
    let best = -Infinity
    let byWeight = 0
    let bestByWeight = -Infinity
    for (let i = 1; i <= 3000; i++) {
      const failing = i % 10 === 0
      agent = failing ? bad(agent, { weight: 0.25, kappa: 1 }, NOW + i) : good(agent, { weight: 1 }, NOW + i)
      best = Math.max(best, scopeOf(agent, MAIL).ladder.e)
      byWeight += failing ? 0.1 * evidenceStep(3, { kappa: 1 }, C) : evidenceStep(3, 'good', C)
      bestByWeight = Math.max(bestByWeight, byWeight)
    }
    expect(scopeOf(agent, MAIL).ladder).toMatchObject({ level: 2, strikes: 0 })
    const need = evidenceRequired(scopeOf(agent, MAIL).ladder, 3, NOW, C)
    expect(best).toBeLessThan(need)
    expect(bestByWeight).toBeGreaterThan(need)
  })

  it('8: light failures have no light severity: it is at least one half, and one by default', () => {
    const e = (more: object) => scopeOf(bad(agentAt(2, 600), { weight: 0.1, ...more }), MAIL).ladder.e
    const step = evidenceStep(3, { kappa: 1 }, C)
    expect([e({}), e({ kappa: 0 })]).toEqual([step, step / 2])
  })

  it('9: failing under a posture ceiling costs the grant all the same', () => {
    const ceilings = [{ source: 'posture', value: 0.69 }]
    const agent = agentAt(4, 2000)
    expect(scopeView(agent, MAIL, { nowMs: NOW, ceilings }, C)).toMatchObject({
      score: 0.69,
      binding: 'posture',
      level_granted: 4,
      level_effective: 2,
    })
    const after = repeat(3, agent, (state) => bad(state))
    expect(scopeView(after, MAIL, { nowMs: NOW, ceilings }, C)).toMatchObject({
      score: 0.69,
      level_granted: 3,
      level_effective: 2,
    })
    expect(scopeView(after, MAIL, { nowMs: NOW, ceilings }, C).ladder.strikes).toBeGreaterThan(0)
  })

  it('10: one ambiguous complaint after sixty-one idle days suspends, and takes no grant and gives no strike', () => {
    const agent = bad(agentAt(4, 3000), { weight: 0.5, kappa: 0.5 }, NOW + 61 * DAY)
    const { level_granted, level_effective, ladder, demotion_score } = view(agent, MAIL, NOW + 61 * DAY)
    expect({ level_granted, level_effective, strikes: ladder.strikes }).toEqual({
      level_granted: 4,
      level_effective: 1,
      strikes: 0,
    })
    expect(demotion_score).toBeGreaterThan(0.885)
    const back = goodEverywhere(agent, {}, NOW + 61 * DAY + 1)
    expect(view(back, MAIL, NOW + 61 * DAY + 1).level_effective).toBe(4)
  })

  it('11: a false positive on one of two incidents leaves the other in force', () => {
    const second = { id: 'j', class: 'exfiltration', reach: 'agent', cap: 0.2, review: true, atMs: NOW } as const
    const both = addIncident(injected, second, C).agent
    const cleared = closeReview(both, { id: 'i', falsePositive: true, atMs: NOW + 1 }).agent
    expect(view(cleared)).toMatchObject({ score: 0.2, incident: { cap: 0.2, state: 'open', open: ['j'] } })
  })

  it('12: the same hundred events, sent again every eight days, earn once: what is older than the memory of ids is refused', () => {
    const events = Array.from({ length: 100 }, (_, i) => NOW + i * 60_000)
    const again = (round: number): number => {
      const nowMs = NOW + DAY / 4 + round * 8 * DAY
      return events.filter((atMs) => {
        try {
          return eventTimeIn(new Date(atMs).toISOString(), atMs, nowMs) === atMs
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_request', message: 'event_time is more than 7 days ago' })
          return false
        }
      }).length
    }
    expect([0, 1, 2, 3].map(again)).toEqual([100, 0, 0, 0])
    const success = { layer: 'outcome', class: 'validated', gravity: 'positive', source: 'deterministic', by: 'checks' } as const
    const about = {
      decision_id: 'd',
      agent: 'a',
      scope: MAIL,
      stake: 'executed',
      earns: true,
      blast: 0,
      reversibility: 0,
      delegators: [],
    } as const
    const told = (nowMs: number) => () => {
      refuseOldSuccess({ ...success, event_time_ms: nowMs }, { ...about, decided_at_ms: NOW }, nowMs)
    }
    expect(told(NOW + 7 * DAY)).not.toThrow()
    expect(told(NOW + 8 * DAY)).toThrow('earns nothing more')
  })

  it('13: one light success a week keeps nothing fresh', () => {
    const weekly = (constants: typeof C) =>
      repeat(10, agentAt(4, 3000), (agent, week) =>
        goodEverywhere(agent, { weight: 0.15 }, NOW + (week + 1) * 7 * DAY, constants),
      )
    const at = NOW + 70 * DAY
    expect(view(weekly(C), MAIL, at).level_effective).toBe(1)
    const undefended = { ...C, refresh_weight_min: 0 }
    expect(view(weekly(undefended), MAIL, at, undefended).level_effective).toBe(4)
  })

  it('16: every restart of the e-process, by composition or by demotion, has to be paid for', () => {
    const need = (agent: AgentTrust) => view(agent).ladder.e_required ?? NaN
    const steady = agentAt(2, 600)
    const flapped = repeat(
      4,
      steady,
      (agent, i) => changeComposition(agent, { composition: { prompt: String(i) }, kind: 'minor', nowMs: NOW }, C).agent,
    )
    expect(need(flapped) - need(steady)).toBeCloseTo(4 * Math.LN2, 12)
    expect(scopeOf(flapped, MAIL).ladder).toMatchObject({ k: 0, e: 0, restarts: 4, sinceMs: NOW })
    const struck = repeat(5, agentAt(3, 600), (agent) => bad(agent))
    expect(scopeOf(struck, MAIL).ladder).toMatchObject({ level: 2, strikes: 1 })
    expect(need(struck) - need(steady)).toBeCloseTo(Math.LN2, 12)
    const gate = promotionGates(flapped, MAIL, { nowMs: NOW, human: false }, C).find((one) => one.gate === 'evidence')
    expect(gate).toMatchObject({ passed: false, need: need(flapped) })
  })

  it('17: an ambiguous complaint never takes a verified success back, and three units of complaints leave L3 where ten would not', () => {
    const at = NOW + 30 * DAY
    const earned = repeat(600, agentAt(3, 600), (agent, i) => goodEverywhere(agent, {}, NOW + i * HOUR))
    const slandered = repeat(6, earned, (agent) => bad(agent, { weight: 0.5, kappa: 0.5 }, at))
    expect(view(slandered, MAIL, at)).toMatchObject({ level_granted: 3, level_effective: 3, ladder: { strikes: 0 } })
    expect(view(slandered, MAIL, at).evidence.r).toBe(view(earned, MAIL, at).evidence.r)
    const flooded = repeat(20, earned, (agent) => bad(agent, { weight: 0.5, kappa: 0.5 }, at))
    expect(view(flooded, MAIL, at).level_granted).toBeLessThan(3)
  })

  it('names every layer in its order, so that ties are stable', () => {
    expect(view(newAgentTrust())).toMatchObject({ bottleneck_layer: LAYERS[0], binding: 'identity', score: 0 })
  })
})
