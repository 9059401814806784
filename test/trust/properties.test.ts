import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { LAYERS } from '../../src/model/layer.ts'
import type { Level } from '../../src/model/level.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import { changeComposition, withClaimedComposition } from '../../src/trust/composition.ts'
import { addEvidence, chargeDelegator, type Evidence, takeBack } from '../../src/trust/evidence.ts'
import { addIncident, closeReview, reviewAndSettle } from '../../src/trust/incidents.ts'
import { later } from '../../src/trust/layer/decay.ts'
import { addNegative, addPositive, NO_PRIOR, readLayer, valuedAt } from '../../src/trust/layer/layer.ts'
import { failureLowerBound, failureUpperBound } from '../../src/trust/layer/opinion.ts'
import { promoteScope } from '../../src/trust/promotion.ts'
import { bandOf, phi, phiInverse, publish } from '../../src/trust/score-scale.ts'
import { readScope } from '../../src/trust/score.ts'
import { AgentTrust, type LayerState, scopeOf } from '../../src/trust/stored-trust.ts'
import { scopeView, TrustView } from '../../src/trust/trust-view.ts'
import { agentAt, anyAgent, anyEvidence, C, CRM, DAY, evidence, layer, MAIL, NOW, RUNS, spread } from './support.ts'

const SCOPES: readonly ScopeKey[] = [MAIL, CRM, 'mail:light', 'never:full']
const EPSILON = 1e-9
const units = spread(1e5)
const scope = fc.constantFrom(...SCOPES)
const days = spread(400)
const score = (agent: AgentTrust, key: ScopeKey, nowMs = NOW) => readScope(agent, key, { nowMs }, C).score
const incident = fc.record({
  id: fc.constantFrom('a', 'b'),
  class: fc.constant('other' as const),
  reach: fc.constantFrom('agent' as const, 'scope' as const),
  scope: fc.constant(MAIL),
  cap: spread(1),
  review: fc.boolean(),
  atMs: fc.constant(NOW),
})
/** Replicas' parts of one layer, valued at one time: evidence and heat add up, the newest times hold. */
const summed = (parts: readonly LayerState[]): LayerState => {
  const tMs = Math.max(...parts.map((one) => one.tMs))
  const valued = parts.map((one) => valuedAt(one, tMs, C))
  const newest = (times: readonly (number | null)[]): number | null => times.reduce(later, null)
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
  return {
    r: sum(valued.map(({ r }) => r)),
    s: sum(valued.map(({ s }) => s)),
    q: sum(parts.map(({ q }) => q)),
    tMs,
    tpMs: newest(parts.map((one) => one.tpMs)),
    tnMs: newest(parts.map((one) => one.tnMs)),
  }
}
const law = (name: string, property: fc.IRawProperty<unknown>) => it(name, () => fc.assert(property, { numRuns: RUNS }))

describe('laws of trust', () => {
  law(
    'P1 a score lies between 0 and 1, and state and view are JSON of their schemas',
    fc.property(anyAgent, scope, days, (agent, key, later) => {
      expect(AgentTrust.parse(JSON.parse(JSON.stringify(agent)))).toEqual(agent)
      const view = scopeView(agent, key, { nowMs: NOW + later * DAY }, C)
      expect(TrustView.parse(JSON.parse(JSON.stringify(view)))).toEqual(view)
      expect(view.score >= 0 && view.score <= 1).toBe(true)
    }),
  )

  law(
    'P2 a negative never raises a score, late ones included, in any scope',
    fc.property(anyAgent, anyEvidence, scope, (agent, one, key) => {
      const after = addEvidence(agent, { ...one, polarity: 'negative' }, NOW, C).agent
      expect(score(after, key)).toBeLessThanOrEqual(score(agent, key) + EPSILON)
    }),
  )

  law(
    'P3 a positive never lowers a score, in any scope',
    fc.property(anyAgent, anyEvidence, scope, (agent, one, key) => {
      const after = addEvidence(agent, { ...one, polarity: 'positive' }, NOW, C).agent
      expect(score(after, key)).toBeGreaterThanOrEqual(score(agent, key) - EPSILON)
    }),
  )

  law(
    'P4 silence never raises the score of a scope on its own evidence',
    fc.property(anyAgent, incident, days, days, (agent, raised, first, second) => {
      const { agent: one } = addIncident(agent, { ...raised, review: false }, C)
      const alone = { ...one, scopes: { [MAIL]: scopeOf(one, MAIL) } }
      const soon = NOW + Math.min(first, second) * DAY
      const later = NOW + Math.max(first, second) * DAY
      expect(score(alone, MAIL, later)).toBeLessThanOrEqual(score(alone, MAIL, soon) + EPSILON)
    }),
  )

  law(
    'P4 silence never raises what the evidence of a layer is worth',
    fc.property(spread(200), spread(200), days, days, (r, s, a, b) => {
      const at = (idle: number) => readLayer(layer(r, s), NO_PRIOR, NOW + idle * DAY, C).evidence
      expect(at(Math.max(a, b))).toBeLessThanOrEqual(at(Math.min(a, b)) + EPSILON)
    }),
  )

  law(
    'P4 with borrowed evidence, silence raises a score at most to what borrowing alone is worth',
    fc.property(anyAgent, scope, days, days, (agent, key, first, second) => {
      const soon = NOW + Math.min(first, second) * DAY
      const later = NOW + Math.max(first, second) * DAY
      const borrowedOnly = phi(C.prior_units / (C.prior_units + C.backoff_units_max), C)
      expect(score(agent, key, later)).toBeLessThanOrEqual(Math.max(score(agent, key, soon), borrowedOnly) + EPSILON)
    }),
  )

  law(
    'P5 evidence of weight zero changes nothing',
    fc.property(anyAgent, anyEvidence, (agent, one) => {
      expect(addEvidence(agent, { ...one, weight: 0 }, NOW, C)).toEqual({ agent, changes: [] })
      expect(takeBack(agent, { ...one, weight: 0 }, NOW, C)).toEqual({ agent, changes: [] })
      const state = scopeOf(agent, MAIL).layers.outcome
      expect([
        addPositive(state, { weight: 0, eventTimeMs: NOW }, C),
        addNegative(state, { weight: 0, eventTimeMs: NOW }, C),
      ]).toEqual([state, state])
    }),
  )

  law(
    'P6 r, s and the last positive do not depend on the order of arrival',
    fc.property(fc.array(anyEvidence, { maxLength: 25 }), fc.infiniteStream(fc.nat()), (events, keys) => {
      const shuffled = events
        .map((one) => ({ one, key: keys.next().value }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ one }) => one)
      const [a, b] = [events, shuffled].map((order) =>
        order.reduce(
          (state, one) => (one.polarity === 'positive' ? addPositive(state, one, C) : addNegative(state, one, C)),
          layer(0),
        ),
      ) as [ReturnType<typeof layer>, ReturnType<typeof layer>]
      const [x, y] = [valuedAt(a, NOW, C), valuedAt(b, NOW, C)]
      expect(x.r).toBeCloseTo(y.r, 9)
      expect(x.s).toBeCloseTo(y.s, 9)
      expect([a.tpMs, a.tnMs, a.tMs]).toEqual([b.tpMs, b.tnMs, b.tMs])
    }),
  )

  law(
    'P7 a layer made perfect lifts the score to no more than the least of the others',
    fc.property(anyAgent, fc.constantFrom(...LAYERS), (agent, forged) => {
      const perfect = layer(1e9)
      const own = scopeOf(agent, MAIL)
      const layers = forged === 'identity' ? own.layers : { ...own.layers, [forged]: perfect }
      const identity = forged === 'identity' ? perfect : agent.identity
      const reading = readScope(
        { ...agent, identity, scopes: { ...agent.scopes, [MAIL]: { ...own, layers } } },
        MAIL,
        { nowMs: NOW },
        C,
      )
      const others = LAYERS.filter((one) => one !== forged).map((one) => reading.layers[one].trust)
      expect(reading.score).toBeLessThanOrEqual(Math.min(...others))
    }),
  )

  law(
    'P8 one more required layer never raises the score',
    fc.property(anyAgent, scope, fc.subarray([...LAYERS]), fc.constantFrom(...LAYERS), (agent, key, some, more) => {
      const unbounded = { ...C, instrumentation: { blind: 1, two: 1, three: 1, four: 1 } }
      const at = (liveLayers: typeof some) => readScope(agent, key, { nowMs: NOW, liveLayers }, unbounded).score
      expect(at([...some, more])).toBeLessThanOrEqual(at(some))
    }),
  )

  law(
    'P9 the cap after an incident is at most the old and the new one',
    fc.property(anyAgent, incident, incident, (agent, first, second) => {
      const { agent: one } = addIncident(agent, first, C)
      const capBefore = readScope(one, MAIL, { nowMs: NOW }, C).incidentCap
      const { agent: two } = addIncident(one, second, C)
      expect(readScope(two, MAIL, { nowMs: NOW }, C).incidentCap).toBeLessThanOrEqual(Math.min(capBefore, second.cap) + EPSILON)
    }),
  )

  law(
    'P10 time never lifts the cap of an incident',
    fc.property(
      anyAgent,
      incident,
      fc.array(anyEvidence, { maxLength: 10 }),
      days,
      days,
      (agent, raised, events, first, second) => {
        const { agent: open } = addIncident(agent, raised, C)
        const reviewed = closeReview(open, { id: raised.id, falsePositive: false, atMs: NOW }).agent
        const later = NOW + DAY
        const counted = events.reduce(
          (state, one) => addEvidence(state, { ...one, eventTimeMs: later }, later, C).agent,
          reviewed,
        )
        const cap = (afterDays: number) => readScope(counted, MAIL, { nowMs: later + afterDays * DAY }, C).incidentCap
        expect(cap(Math.max(first, second))).toBeLessThanOrEqual(cap(Math.min(first, second)) + EPSILON)
      },
    ),
  )

  law(
    'P11 positives never lift a cap that waits for its review',
    fc.property(anyAgent, incident, fc.array(anyEvidence, { maxLength: 20 }), (agent, raised, events) => {
      const { agent: open } = addIncident(agent, { ...raised, review: true }, C)
      const cap = readScope(open, MAIL, { nowMs: NOW }, C).incidentCap
      const after = events.reduce(
        (state, one) => addEvidence(state, { ...one, polarity: 'positive', eventTimeMs: NOW + DAY }, NOW + DAY, C).agent,
        open,
      )
      expect(readScope(after, MAIL, { nowMs: NOW + DAY }, C).incidentCap).toBeLessThanOrEqual(cap)
    }),
  )

  law(
    'P12 better evidence elsewhere never lowers a score, worse never raises it',
    fc.property(anyAgent, units, (agent, more) => {
      const crm = scopeOf(agent, CRM)
      const withCrm = (r: number, s: number) => {
        const outcome = { ...crm.layers.outcome, r: crm.layers.outcome.r + r, s: crm.layers.outcome.s + s }
        return score({ ...agent, scopes: { ...agent.scopes, [CRM]: { ...crm, layers: { ...crm.layers, outcome } } } }, MAIL)
      }
      expect(withCrm(more, 0)).toBeGreaterThanOrEqual(withCrm(0, 0) - EPSILON)
      expect(withCrm(0, more)).toBeLessThanOrEqual(withCrm(0, 0) + EPSILON)
    }),
  )

  law(
    'P13 borrowed trust alone stays below one half',
    fc.property(spread(1e9), units, (r, s) => {
      expect(score(agentAt(4, r, s, CRM), MAIL)).toBeLessThan(0.5)
    }),
  )

  law(
    'P14 scaling all evidence down never raises a score',
    fc.property(units, units, spread(1), (r, s, share) => {
      const at = (k: number) => phi(failureUpperBound(k * r, k * s, C.prior_units), C)
      expect(at(share)).toBeLessThanOrEqual(at(1) + EPSILON)
    }),
  )

  law(
    'P15 the observed failure rate lies between the bounds',
    fc.property(units, units, (r, s) => {
      fc.pre(r + s > 0)
      expect(failureLowerBound(r, s, C.prior_units)).toBeLessThanOrEqual(s / (r + s) + EPSILON)
      expect(failureUpperBound(r, s, C.prior_units)).toBeGreaterThanOrEqual(s / (r + s) - EPSILON)
    }),
  )

  law(
    'P22 a layer that several replicas kept in parts, summed at reading, has the same evidence and never more trust than one kept whole',
    fc.property(fc.array(anyEvidence, { maxLength: 40 }), fc.infiniteStream(fc.nat(3)), days, (events, replicas, idle) => {
      const inOrder = events.toSorted((a, b) => a.eventTimeMs - b.eventTimeMs)
      const take = (state: LayerState, one: Evidence): LayerState =>
        one.polarity === 'positive' ? addPositive(state, one, C) : addNegative(state, one, C)
      const parts: LayerState[] = Array.from({ length: 4 }, () => layer(0))
      for (const one of inOrder) {
        const at = replicas.next().value
        parts[at] = take(parts[at] ?? layer(0), one)
      }
      const nowMs = NOW + idle * DAY
      const whole = readLayer(inOrder.reduce(take, layer(0)), NO_PRIOR, nowMs, C)
      const merged = readLayer(summed(parts), NO_PRIOR, nowMs, C)
      expect(merged.r).toBeCloseTo(whole.r, 9)
      expect(merged.s).toBeCloseTo(whole.s, 9)
      expect(merged.tpMs).toBe(whole.tpMs)
      expect(merged.trust).toBeLessThanOrEqual(whole.trust + EPSILON)
    }),
  )

  law(
    'P23 a change of composition, stored or claimed, raises no score and no level',
    fc.property(anyAgent, scope, fc.constantFrom('major' as const, 'minor' as const), days, (agent, key, kind, later) => {
      const nowMs = NOW + later * DAY
      const known = { ...agent, composition: { model: 'm1', prompt: 'p1' } }
      const stored = changeComposition(known, { composition: { model: 'm2' }, kind: kind, nowMs: nowMs }, C).agent
      const claimed = withClaimedComposition(known, kind === 'major' ? { model: 'm2' } : { prompt: 'p2' }, nowMs, C)
      const before = scopeView(known, key, { nowMs }, C)
      for (const after of [stored, claimed].map((one) => scopeView(one, key, { nowMs }, C))) {
        expect(after.score).toBeLessThanOrEqual(before.score)
        expect(after.level_granted).toBeLessThanOrEqual(
          kind === 'major' ? Math.min(2, before.level_granted) : before.level_granted,
        )
        expect([after.ladder.k, after.ladder.e]).toEqual([0, 0])
      }
    }),
  )

  it('P24 a promotion is one rung, and only with every gate passed', () => {
    let promotions = 0
    const solid = fc
      .tuple(fc.constantFrom<Level>(0, 1, 2, 3, 4), fc.double({ min: 5, max: 3000, noNaN: true }))
      .map(([level, r]) => agentAt(level, r))
    const ladders = fc.record({
      k: fc.oneof(fc.nat(1500), fc.constant(1500)),
      e: fc.oneof(fc.double({ min: -5, max: 12, noNaN: true }), fc.constant(12)),
      strikes: fc.nat(3),
      restarts: fc.nat(2),
    })
    const signed = fc.record({ verifiers: fc.oneof(fc.nat(4), fc.constant(3)), human: fc.boolean() })
    fc.assert(
      fc.property(fc.oneof(anyAgent, solid), ladders, signed, fc.oneof(fc.nat(40), fc.constant(40)), (agent, more, by, dwelt) => {
        const own = scopeOf(agent, MAIL)
        const ladder = { ...own.ladder, ...more, sinceMs: NOW - dwelt * DAY, struckAtMs: NOW - DAY }
        const tried = { ...agent, scopes: { ...agent.scopes, [MAIL]: { ...own, ladder } } }
        const promotion = promoteScope(tried, MAIL, { nowMs: NOW, ...by }, C)
        if (promotion.kind === 'refused') {
          expect(promotion.failed).toEqual(promotion.gates.filter((gate) => !gate.passed))
          return
        }
        promotions += 1
        expect(promotion.gates.every((gate) => gate.passed)).toBe(true)
        expect(scopeOf(promotion.agent, MAIL).ladder.level).toBe(ladder.level + 1)
        const { score: reached } = scopeView(tried, MAIL, { nowMs: NOW }, C)
        expect(reached).toBeGreaterThanOrEqual(C.thresholds[scopeOf(promotion.agent, MAIL).ladder.level])
      }),
      { numRuns: 2 * RUNS },
    )
    expect(promotions).toBeGreaterThan(0)
  })

  law(
    'P25 after a negative the grant is supported within the margin, and the effective level never passes the band',
    fc.property(anyAgent, anyEvidence, spread(1), (agent, one, ceiling) => {
      const { agent: after } = addEvidence(agent, { ...one, polarity: 'negative' }, NOW, C)
      const key = one.scope
      const view = scopeView(after, key, { nowMs: NOW, ceilings: [{ source: 'posture', value: ceiling }] }, C)
      expect(view.demotion_score).toBeGreaterThanOrEqual(C.thresholds[view.level_granted] - C.demote_margin - EPSILON)
      expect(view.level_effective).toBeLessThanOrEqual(bandOf(view.score, C))
      expect(view.level_effective).toBeLessThanOrEqual(view.level_granted)
      const idle = scopeView(after, key, { nowMs: NOW + 170 * DAY }, C)
      expect(idle.level_granted).toBe(view.level_granted)
    }),
  )

  law(
    'after a false positive whatever was given back is supported within the margin',
    fc.property(anyAgent, incident, fc.array(anyEvidence, { maxLength: 10 }), (agent, raised, events) => {
      const { agent: open } = addIncident(agent, raised, C)
      const busy = events.reduce((state, one) => addEvidence(state, { ...one, eventTimeMs: NOW + 1 }, NOW + 1, C).agent, open)
      const { agent: after, changes } = reviewAndSettle(busy, { id: raised.id, falsePositive: true, atMs: NOW + 2 }, C)
      expect(AgentTrust.safeParse(after).success).toBe(true)
      for (const change of changes) {
        if (change.kind !== 'restored') continue
        const view = scopeView(after, change.scope, { nowMs: NOW + 2 }, C)
        expect(view.demotion_score).toBeGreaterThanOrEqual(C.thresholds[view.level_granted] - C.demote_margin - EPSILON)
      }
    }),
  )

  law(
    'one positive lifts the evidence by at most .1245, one whole failure lowers it by at most .1203: less than a rung',
    fc.property(units, units, (r, s) => {
      const at = (good: number, bad: number) => phi(failureUpperBound(good, bad, C.prior_units), C)
      expect(at(r + 1, s) - at(r, s)).toBeLessThanOrEqual(0.1246)
      expect(at(r, s) - at(r, s + 1)).toBeLessThanOrEqual(0.1204)
    }),
  )

  law(
    'φ never rises, its inverse undoes it, and publishing never flatters',
    fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.double({ min: 0.001, max: 1, noNaN: true }), (a, b) => {
      expect(phi(Math.max(a, b), C)).toBeLessThanOrEqual(phi(Math.min(a, b), C))
      expect(phiInverse(phi(a, C), C)).toBeCloseTo(a, 10)
      expect(publish(a)).toBeLessThanOrEqual(a + 1e-11)
      expect(a - publish(a)).toBeLessThan(1e-4)
    }),
  )

  law(
    'a positive that is taken back at once leaves evidence, heat and counts as they were',
    fc.property(
      anyAgent,
      fc.constantFrom(0.25, 0.5, 1),
      fc.constantFrom(...LAYERS),
      fc.boolean(),
      (agent, weight, name, counts) => {
        const given = evidence({ layer: name, weight, countsForLadder: counts, eventTimeMs: NOW + 1 })
        const { agent: one } = addEvidence(agent, given, NOW + 1, C)
        const { agent: back } = takeBack(one, { ...given, countedForLadder: counts }, NOW + 1, C)
        const [x, y] = [agent, back].map((state) => readScope(state, MAIL, { nowMs: NOW + 1 }, C)) as [
          ReturnType<typeof readScope>,
          ReturnType<typeof readScope>,
        ]
        expect(y.layers[name].r).toBeCloseTo(x.layers[name].r, 8)
        expect(y.layers[name].heat).toBeCloseTo(x.layers[name].heat, 9)
        expect(back.heat.q).toBeCloseTo(agent.heat.q, 9)
        expect(y.scope.track).toEqual(x.scope.track)
      },
    ),
  )

  law(
    'taking back never raises a score, and a charged delegator never gains',
    fc.property(anyAgent, anyEvidence, scope, (agent, one, key) => {
      expect(score(takeBack(agent, one, NOW, C).agent, key)).toBeLessThanOrEqual(score(agent, key) + EPSILON)
      expect(score(chargeDelegator(agent, one, NOW, C).agent, key)).toBeLessThanOrEqual(score(agent, key) + EPSILON)
    }),
  )

  law(
    'reading a layer is the least of evidence, heat and freshness',
    fc.property(anyAgent, days, (agent, later) => {
      const { trust, evidence: ground, heat, fresh } = readLayer(agent.identity, NO_PRIOR, NOW + later * DAY, C)
      expect(trust).toBe(Math.min(ground, heat, fresh))
    }),
  )
})
