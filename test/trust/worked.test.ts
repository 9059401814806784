import { describe, expect, it } from 'vitest'

import { LAYERS } from '../../src/model/layer.ts'
import { addIncident, closeReview } from '../../src/trust/incidents.ts'
import { evidenceRequired, evidenceStep } from '../../src/trust/ladder.ts'
import { heatCeiling } from '../../src/trust/layer/heat.ts'
import { freshnessCeiling } from '../../src/trust/layer/layer.ts'
import { failureUpperBound, opinionOf } from '../../src/trust/layer/opinion.ts'
import { promoteScope } from '../../src/trust/promotion.ts'
import { bandOf, monetaryCap, outstandingLimit, phi, phiInverse, publish } from '../../src/trust/score-scale.ts'
import { NEW_LADDER, newAgentTrust, scopeOf } from '../../src/trust/stored-trust.ts'
import { betaQuantile } from './beta.ts'
import { agentAt, bad, C, CRM, DAY, good, goodEverywhere, HOUR, layer, MAIL, NOW, repeat, view } from './support.ts'

/** Units that one unit a day settles at under a half-life. */
const settled = (halfLifeDays: number): number => halfLifeDays / Math.LN2

describe('worked cases', () => {
  it.each([
    ['files 847/850 at half weight', 423.5, 1.5, [0.989, 0.004, 0.007], 0.01307, 0.8667, 3],
    ['communication 23/28 at half weight', 11.5, 2.5, [0.676, 0.147, 0.176], 0.40589, 0.3455, 1],
    ['no data', 0, 0, [0, 0, 1], 1, 0, 0],
    ['500 reviews at 98 %', 245, 5, [0.968, 0.02, 0.012], 0.04196, 0.7217, 3],
    ['and 1000 merges', 1245, 5, [0.994, 0.004, 0.002], 0.0085, 0.907, 4],
  ])('%s', (_, r, s, opinion, bound, trust, band) => {
    const { b, d, u } = opinionOf(r, s, 3)
    for (const [i, part] of [b, d, u].entries()) expect(part).toBeCloseTo(opinion[i] ?? NaN, 3)
    const found = failureUpperBound(r, s, 3)
    expect(found).toBeCloseTo(bound, 4)
    expect(publish(phi(found, C))).toBe(trust)
    expect(bandOf(publish(phi(found, C)), C)).toBe(band)
  })

  it.each([
    [490, 10, 0.7478],
    [1490, 10, 0.8835],
    [23, 5, 0.389],
    [847, 3, 0.904],
  ])('%d good and %d bad at whole weight is about %d', (r, s, trust) => {
    expect(phi(failureUpperBound(r, s, 3), C)).toBeCloseTo(trust, 3)
  })

  it('half-weight reviews, 98 % good, cross .7 with the 317th; 812 clean merges more cross .9', () => {
    const trust = (r: number, s: number) => phi(failureUpperBound(r, s, 3), C)
    const reviews = (n: number) => trust(0.49 * n, 0.01 * n)
    expect([reviews(316) < 0.7, reviews(317) >= 0.7]).toEqual([true, true])
    expect([trust(245 + 811, 5) < 0.9, trust(245 + 812, 5) >= 0.9]).toEqual([true, true])
  })

  it.each([
    [10, 500, 0.0337, 0.0336, 0.0325, 0.0332, 0.0341],
    [5, 28, 0.339, 0.329, 0.319, 0.324, 0.333],
    [3, 850, 0.0091, 0.0091, 0.0083, 0.0088, 0.0092],
  ])('%d failures in %d: four other bounds at 95 percent on the same data, and ours beside them', (k, n, ...want) => {
    const exact = betaQuantile(0.95, k + 1, n - k)
    const uniform = betaQuantile(0.95, k + 1, n - k + 1)
    const jeffreys = betaQuantile(0.95, k + 0.5, n - k + 0.5)
    const wilson = failureUpperBound(n - k, k, 1.645 ** 2)
    const ours = failureUpperBound(n - k, k, C.prior_units)
    const tolerance = n < 100 ? 0.001 : 0.0001
    for (const [index, bound] of [exact, uniform, jeffreys, wilson, ours].entries())
      expect(Math.abs(bound - (want[index] ?? NaN))).toBeLessThan(tolerance)
  })

  it.each([
    [12, 0.2],
    [57, 0.05],
    [297, 0.01],
    [2997, 0.001],
  ])('%d clean runs show a failure rate of at most %d: the rule of three', (n, rate) => {
    expect(failureUpperBound(n, 0, 3)).toBeCloseTo(rate, 12)
    expect(failureUpperBound(n - 1, 0, 3)).toBeGreaterThan(rate)
  })

  it.each([
    [1, 0.917],
    [2, 0.815],
    [3, 0.743],
    [4, 0.695],
    [5, 0.654],
    [10, 0.54],
  ])('%d recent failures cap the score at %d', (q, ceiling) => {
    expect(heatCeiling(q, C)).toBeCloseTo(ceiling, 3)
  })

  it.each([
    [0, 1],
    [7, 1],
    [10.5, 0.95],
    [14, 0.9],
    [22, 0.8],
    [30, 0.7],
    [60, 0.5],
    [90, 0.3],
    [135, 0.15],
    [180, 0],
    [181, 0],
  ])('%d days after the last success the ceiling is %d', (age, ceiling) => {
    expect(freshnessCeiling(NOW, NOW + age * DAY, C)).toBeCloseTo(ceiling, 12)
    expect(freshnessCeiling(null, NOW, C)).toBe(0)
  })

  it.each([
    ['490/500 towards L3', 3, 490, 10, 6.071],
    ['23/28 towards L1', 1, 23, 5, 6.229],
    ['23/28 towards L2', 2, 23, 5, -1.367],
    ['847/850 towards L4', 4, 847, 3, 2.369],
    ['1000 merges towards L4', 4, 1000, 0, 6.042],
  ] as const)('the e-value of %s', (_, level, goods, bads, e) => {
    expect(goods * evidenceStep(level, 'good', C) + bads * evidenceStep(level, { kappa: 1 }, C)).toBeCloseTo(e, 3)
  })

  it.each([
    ['490/500', 3, 6.071, true],
    ['23/28', 1, 6.229, true],
    ['23/28', 2, -1.367, false],
    ['847/850', 4, 2.369, false],
    ['1000 merges', 4, 6.042, true],
  ] as const)('%s, towards L%d with an e-value of %d: enough is %s', (_, level, e, enough) => {
    expect(e >= evidenceRequired(NEW_LADDER, level, NOW, C)).toBe(enough)
  })

  it('six reviewed proposals a day at half weight: L1 on day 1.2, L2 on day 4.8, L3 on day 21.5', () => {
    const reached: number[] = []
    repeat(140, newAgentTrust(), (agent, i) => {
      const nowMs = NOW + ((i + 1) * DAY) / 6
      const next = goodEverywhere(agent, { weight: 0.5 }, nowMs)
      const promotion = promoteScope(next, MAIL, { nowMs, verifiers: 3, human: true }, C)
      if (promotion.kind === 'refused') return next
      reached.push(Number(((i + 1) / 6).toFixed(1)))
      return promotion.agent
    })
    expect(reached).toEqual([1.2, 4.8, 21.5])
  })

  it.each([
    [2, 0.834],
    [5, 0.916],
    [25, 0.986],
  ])('%d clean actions a day settle at %d', (aDay, score) => {
    expect(phi(failureUpperBound(aDay * settled(C.half_life_positive_days), 0, 3), C)).toBeCloseTo(score, 3)
  })

  it.each([
    [0.1, 0.975],
    [0.4, 0.927],
    [0.8, 0.901],
    [1, 0.877],
    [2, 0.798],
    [5, 0.688],
  ])('a detector with %d percent of ambiguous false alarms over 100 actions a day is a ceiling of %d', (percent, ceiling) => {
    const r = (1 - percent / 100) * 100 * settled(C.half_life_positive_days)
    const s = 0.5 * percent * settled(C.half_life_negative_days)
    expect(phi(failureUpperBound(r, s, 3), C)).toBeCloseTo(ceiling, 3)
  })

  it('an agent with every gate climbs at the written runs: L1 at 7, L2 at 32, L3 at 207, L4 at 1207', () => {
    const reached: number[] = []
    repeat(1210, newAgentTrust(), (agent, i) => {
      const nowMs = NOW + ((i + 1) * DAY) / 25
      const promotion = promoteScope(goodEverywhere(agent, {}, nowMs), MAIL, { nowMs, verifiers: 3, human: true }, C)
      if (promotion.kind === 'refused') return goodEverywhere(agent, {}, nowMs)
      reached.push(i + 1)
      return promotion.agent
    })
    expect(reached).toEqual([7, 32, 207, 1207])
  })

  it('98 % reviews, then merges: L3 at 292, suspended by the rejection at 300, steady from 400, L4 after 1,318 merges', () => {
    const reached: number[] = []
    const scores = new Map<number, number>()
    repeat(1820, newAgentTrust(), (agent, i) => {
      const n = i + 1
      const nowMs = NOW + (n * DAY) / 25
      const step = n <= 500 && n % 50 === 0 ? bad : good
      const weight = n <= 500 ? 0.5 : 1
      const next = LAYERS.reduce((state, one) => step(state, { layer: one, weight, kappa: 1 }, nowMs), agent)
      scores.set(n, view(next, MAIL, nowMs).score)
      const promotion = promoteScope(next, MAIL, { nowMs, verifiers: 3, human: true }, C)
      if (promotion.kind === 'refused') return next
      reached.push(n)
      return promotion.agent
    })
    expect(reached).toEqual([7, 32, 292, 1818])
    const below = [...scores].flatMap(([n, score]) => (n >= 292 && score < 0.7 ? [n] : []))
    expect([below[0], (below.at(-1) ?? 0) < 400]).toEqual([300, true])
    for (const [n, score] of [
      [300, 0.6894],
      [400, 0.7036],
      [500, 0.7121],
      [1000, 0.8473],
      [1500, 0.9024],
    ] as const) {
      expect(scores.get(n)).toBeCloseTo(score, 3)
    }
  })

  it('injection: the cap holds at once, over time and over work, until the review and new evidence', () => {
    const before = agentAt(3, 198)
    expect(view(before).score).toBeCloseTo(0.8501, 3)
    const injection = { id: 'i', class: 'injection_suspected', reach: 'agent', cap: 0.4, review: true, atMs: NOW } as const
    const { agent: open, changes } = addIncident(before, injection, C)
    expect(changes.map(({ kind }) => kind)).toEqual(['incident_raised', 'demoted'])
    for (const hours of [0, 1, 24]) expect(view(open, MAIL, NOW + hours * HOUR).score).toBe(0.4)
    expect(view(open, MAIL, NOW + 10 * DAY).score).toBeLessThanOrEqual(0.4)
    expect(
      view(
        repeat(200, open, (agent) => goodEverywhere(agent, {}, NOW + 1)),
        MAIL,
        NOW + 1,
      ).score,
    ).toBe(0.4)
    const reviewed = closeReview(open, { id: 'i', falsePositive: false, atMs: NOW + 1 }).agent
    const steps = [
      [6, 0.4],
      [7, 0.411],
      [12, 0.5],
      [25, 0.59],
      [57, 0.7],
      [100, 0.767],
      [180, 0.8385],
      [400, 0.9128],
    ] as const
    for (const [n, score] of steps) {
      const earned = repeat(n, reviewed, (agent) => goodEverywhere(agent, {}, NOW + 2))
      const { score: found, incident } = view(earned, MAIL, NOW + 2)
      expect([found, incident.cap]).toEqual([incident.cap, expect.closeTo(score, 3)])
    }
    const cleared = closeReview(open, { id: 'i', falsePositive: true, atMs: NOW + 1 })
    expect(view(cleared.agent)).toMatchObject({ score: view(before).score, level_granted: 3 })
    expect(cleared.changes).toContainEqual({ kind: 'restored', scope: MAIL, from: 1, to: 3, incident: 'i' })
  })

  it('slow decay under a steady trickle of complaints', () => {
    let agent = agentAt(4, 600, 1)
    const scores: [number, number][] = []
    for (let hour = 1; hour <= 72; hour++) {
      const nowMs = NOW + hour * HOUR
      agent = repeat(2, agent, (state) => goodEverywhere(state, {}, nowMs))
      if (hour % 2 === 0) agent = bad(agent, { weight: 0.5, kappa: 0.5 }, nowMs)
      scores.push([hour, view(agent, MAIL, nowMs).score])
    }
    for (const [hour, score] of [
      [2, 0.904],
      [8, 0.844],
      [12, 0.789],
      [24, 0.717],
      [36, 0.69],
      [48, 0.676],
      [72, 0.666],
    ] as const) {
      expect(scores.find(([at]) => at === hour)?.[1]).toBeCloseTo(score, 2)
    }
  })

  it('no cliff: failures one by one, then the way back', () => {
    let agent = agentAt(4, 600, 1)
    const burst = [0.894, 0.815, 0.743, 0.695, 0.654, 0.622].map((want) => {
      agent = bad(agent)
      return [view(agent).score, want] as const
    })
    for (const [score, want] of burst) expect(score).toBeCloseTo(want, 2)
    for (const [n, want] of [
      [10, 0.671],
      [30, 0.767],
      [50, 0.813],
      [100, 0.822],
    ] as const) {
      expect(
        view(
          repeat(n, agent, (state) => goodEverywhere(state, {}, NOW + 1)),
          MAIL,
          NOW + 1,
        ).score,
      ).toBeCloseTo(want, 2)
    }
    expect(view(bad(agentAt(4, 600, 1), { weight: 0.5 })).score).toBeCloseTo(0.903, 2)
  })

  it.each([
    [600, 1, 1, 0.91, 0.894],
    [1245, 5, 1, 0.907, 0.902],
    [245, 5, 1, 0.722, 0.708],
    [57, 0, 1, 0.7, 0.635],
    [600, 1, 0.5, 0.91, 0.903],
    [245, 5, 0.5, 0.722, 0.714],
  ])('no cliff: of %d good and %d bad, one failure of weight %d takes %d to %d', (r, s, weight, from, to) => {
    expect(view(agentAt(4, r, s)).score).toBeCloseTo(from, 3)
    expect(Math.abs(view(bad(agentAt(4, r, s), { weight })).score - to)).toBeLessThan(0.001)
  })

  it.each([
    [7, 0.913],
    [14, 0.9],
    [21, 0.813],
    [30, 0.7],
    [60, 0.5],
    [90, 0.3],
    [180, 0],
  ])('idle for %d days, from .916 to %d', (idle, score) => {
    expect(view(agentAt(4, 431), MAIL, NOW).score).toBeCloseTo(0.916, 3)
    expect(view(agentAt(4, 431), MAIL, NOW + idle * DAY).score).toBeCloseTo(score, 2)
  })

  it('layers: the weakest decides, however good the outcome log looks', () => {
    const agent = agentAt(4, 300)
    const own = scopeOf(agent, MAIL)
    const withLayers = (context: [number, number], outcome: number) => ({
      ...agent,
      scopes: { [MAIL]: { ...own, layers: { ...own.layers, context: layer(...context), outcome: layer(outcome) } } },
    })
    expect(view(withLayers([30, 6], 300))).toMatchObject({ score: 0.4123, bottleneck_layer: 'context', binding: 'context' })
    expect(view(withLayers([30, 6], 1e6)).score).toBe(0.4123)
    expect(view(withLayers([0, 0], 300)).score).toBe(0)
  })

  it.each([
    ['847/850 at half weight', 423.5, 1.5, 0.479],
    ['5000 clean', 5000, 0, 0.485],
    ['23/28 at half weight', 11.5, 2.5, 0.106],
  ])('a new scope borrows from one with %s', (_, r, s, score) => {
    expect(view({ ...agentAt(3, r, s, CRM), identity: layer(5000) }, MAIL).score).toBeCloseTo(score, 3)
  })

  it('a bad neighbour costs a little', () => {
    const files = agentAt(3, 423.5, 1.5)
    const crm = scopeOf(agentAt(1, 11.5, 2.5, CRM), CRM)
    expect(view(files).score).toBe(0.8667)
    expect(view({ ...files, scopes: { ...files.scopes, [CRM]: crm } }).score).toBeCloseTo(0.8587, 3)
  })

  it.each([
    [245, 5, 23, 119],
    [423.5, 1.5, 76, 382],
    [1245, 5, 117, 588],
  ])('%d good and %d bad may have %d actions outstanding, and %d at stake for a budget of 5', (r, s, outstanding, amount) => {
    const trust = phi(failureUpperBound(r, s, 3), C)
    expect(outstandingLimit(trust, C)).toBe(outstanding)
    expect(Math.floor(monetaryCap(trust, 5, C))).toBe(amount)
  })

  it.each([
    [0, 1],
    [0.3, 0.5],
    [0.5, 0.2],
    [0.7, 0.05],
    [0.9, 0.01],
    [1, 0.001],
    [2, 0.001],
    [NaN, 1],
  ])('a score of %d stands for a failure bound of %d', (trust, bound) => {
    expect(phiInverse(trust, C)).toBeCloseTo(bound, 12)
  })

  it.each([
    [0.2999, 0],
    [0.3, 1],
    [0.5, 2],
    [0.6999, 2],
    [0.7, 3],
    [0.9, 4],
    [1, 4],
  ])('a score of %d lies in band %d', (trust, band) => {
    expect(bandOf(trust, C)).toBe(band)
  })

  it('at half of the failure bound a score of one half allows five outstanding actions, not four', () => {
    expect([0, 0.3, 0.5, 0.7, 0.9, 1].map((trust) => outstandingLimit(trust, C))).toEqual([1, 2, 5, 20, 100, 1000])
  })
})
