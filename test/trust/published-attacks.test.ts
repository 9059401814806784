import { describe, expect, it } from 'vitest'

import { weigh } from '../../src/evidence/rules/weigh-verdict.ts'
import type { Judged, Verdict } from '../../src/evidence/rules/weighing.ts'
import { verdictName } from '../../src/ledger/fold/verdicts.ts'
import { LAYERS } from '../../src/model/layer.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import { countRequired } from '../../src/trust/ladder.ts'
import { positiveWeight } from '../../src/trust/layer/evidence-weight.ts'
import { promotionGates } from '../../src/trust/promotion.ts'
import { outstandingLimit } from '../../src/trust/score-scale.ts'
import { type AgentTrust, newAgentTrust, scopeOf } from '../../src/trust/stored-trust.ts'
import { agentAt, bad, C, CRM, DAY, good, goodEverywhere, layer, MAIL, NOW, repeat, view } from './support.ts'

const judged: Judged = {
  decision_id: 'd',
  agent: 'a',
  scope: MAIL,
  stake: 'executed',
  earns: true,
  blast: 1,
  reversibility: 0,
  delegators: [],
  decided_at_ms: NOW,
}
const said = (more: Partial<Verdict>): Verdict => ({
  layer: 'outcome',
  class: 'validated',
  gravity: 'positive',
  source: 'deterministic',
  by: 'checks',
  event_time_ms: NOW,
  ...more,
})
const heard: Parameters<typeof weigh>[2] = {
  layers: {
    outcome: { positive: 1, positive_ms: NOW, negative: 0, kappa: 0, factual: false, counted: true },
  },
  heard: [verdictName('outcome', 'checks', 'validated')],
  self_flagged: false,
}
const kindsOf = (verdict: Verdict, before?: Parameters<typeof weigh>[2]) =>
  weigh(judged, verdict, before, C).effects.map(({ kind }) => kind)

describe('attacks that are known from the literature', () => {
  const cycle = (agent: AgentTrust, day: number, constants = C): AgentTrust => {
    const at = NOW + day * DAY
    const warm = repeat(200, agent, (state) => goodEverywhere(state, {}, at, constants))
    return repeat(10, warm, (state) => bad(state, {}, at + 1, constants))
  }

  it('on-off: every relapse doubles what has to be shown again, up to eight times', () => {
    const needed: number[] = []
    const granted = (agent: AgentTrust): AgentTrust => {
      const own = scopeOf(agent, MAIL)
      return { ...agent, scopes: { [MAIL]: { ...own, ladder: { ...own.ladder, level: 3, kGrant: [0, 5, 20, 97, 0] } } } }
    }
    repeat(6, agentAt(3, 600), (agent, turn) => {
      const after = cycle(granted(agent), turn * 7)
      const { ladder } = scopeOf(after, MAIL)
      needed.push(countRequired(ladder, 3, NOW + turn * 7 * DAY, C))
      return after
    })
    expect(needed).toEqual([97, 194, 388, 776, 776, 776])
  })

  it('on-off: what went wrong is remembered twice as long as what went well', () => {
    const after = (constants: typeof C) => view(cycle(agentAt(3, 600), 0, constants), MAIL, NOW, constants)
    const idle = (constants: typeof C) => {
      const agent = cycle(agentAt(3, 600), 0, constants)
      const rested = repeat(300, agent, (state) => goodEverywhere(state, {}, NOW + 120 * DAY, constants))
      return view(rested, MAIL, NOW + 120 * DAY, constants).layers.outcome
    }
    const forgetful = { ...C, half_life_negative_days: C.half_life_positive_days }
    expect(after(C).score).toBe(after(forgetful).score)
    expect(idle(C).evidence.s / idle(forgetful).evidence.s).toBeCloseTo(2, 6)
    expect(idle(C).evidence_ceiling).toBeLessThan(idle(forgetful).evidence_ceiling - 0.01)
  })

  it('on-off: recent failures do not cool by waiting', () => {
    const hot = repeat(10, agentAt(3, 5000), (agent) => bad(agent))
    const ceiling = view(hot, MAIL, NOW).layers.outcome.heat_ceiling
    expect(ceiling).toBeCloseTo(0.54, 3)
    expect(view(hot, MAIL, NOW + 180 * DAY).layers.outcome.heat_ceiling).toBe(ceiling)
  })

  it('whitewashing: a new name starts at nothing, and a new scope of a known name under one half', () => {
    expect(view(newAgentTrust())).toMatchObject({ score: 0, level_granted: 0, level_effective: 0 })
    const known = agentAt(4, 100_000, 0, CRM)
    expect(view(known, CRM).score).toBeGreaterThan(0.95)
    expect(view(known, MAIL)).toMatchObject({ band: 1, level_effective: 0 })
    expect(view(known, MAIL).score).toBeLessThan(0.5)
  })

  it.each(['self', 'silence'] as const)('self-promotion: the word of "%s" weighs nothing, whatever was at stake', (source) => {
    for (const stake of ['read', 'proposal', 'executed'] as const)
      expect(positiveWeight({ source: source, stake: stake }, C)).toBe(0)
    const { effects, counted } = weigh(judged, said({ source, by: 'the agent' }), undefined, C)
    expect([counted, effects.map(({ kind }) => kind)]).toEqual([false, ['verdict']])
  })

  it('ballot stuffing: a decision gives one unit, however many praise it, and nothing more in the same words', () => {
    // Who bears it out too is a second verifier; the decision is worth no more for it.
    expect(kindsOf(said({ by: 'another' }), heard)).toEqual(['verifier', 'verdict'])
    expect(kindsOf(said({}), heard)).toEqual([])
    expect(kindsOf(said({}))).toEqual(['evidence', 'verdict'])
  })

  it('ballot stuffing: any number of successes from one verifier leaves L3 closed, two verifiers open that gate', () => {
    const gate = (agent: AgentTrust) =>
      promotionGates(agent, MAIL, { nowMs: NOW + DAY, human: true }, C).find(({ gate: name }) => name === 'verifiers')
    const by = (verifier: string, agent: AgentTrust, times: number) =>
      repeat(times, agent, (state, i) => good(state, { verifier }, NOW + i + 1))
    const one = by('colluder', agentAt(2, 600), 1_000)
    expect(gate(one)).toMatchObject({ passed: false, have: 1, need: 2 })
    expect(gate(by('another', one, 1))).toMatchObject({ passed: true, have: 2 })
  })

  it('bad-mouthing: a complaint nobody proved weighs half at most, and never takes a verified success back', () => {
    const complaint = said({ class: 'thumbs_down', gravity: 'ambiguous', source: 'end_user', by: 'rival' })
    const [evidence] = weigh(judged, complaint, undefined, C).effects
    expect(evidence).toMatchObject({ kind: 'evidence', polarity: 'negative', weight: 0.25, kappa: 0.5 })
    expect(kindsOf(complaint, heard)).not.toContain('take_back')
    expect(kindsOf({ ...complaint, class: 'rejected', gravity: 'minor' }, heard)).toContain('take_back')
    const { score, level_granted } = view(bad(agentAt(4, 600, 1), { weight: 0.5, kappa: 0.5 }))
    expect([score > 0.9, level_granted]).toEqual([true, 4])
  })

  it('value imbalance: small successes buy nothing big: not by weight, not by class, not by amount', () => {
    expect([
      positiveWeight({ source: 'deterministic', stake: 'read' }, C),
      positiveWeight({ source: 'deterministic', stake: 'proposal' }, C),
    ]).toEqual([0.25, 0.5])
    const light: ScopeKey = 'mail:light'
    const milked = repeat(2_000, newAgentTrust(), (agent, i) => goodEverywhere(agent, { scope: light }, NOW + i))
    expect(view(milked, light, NOW + 2_000).score).toBeGreaterThan(0.95)
    expect(view(milked, MAIL, NOW + 2_000).score).toBeLessThan(0.5)
    expect(outstandingLimit(view(milked, MAIL, NOW + 2_000).score, C)).toBe(4)
  })

  it.each(LAYERS)(
    'layer poisoning: the %s layer forged to perfection is worth no more than the least of the others',
    (forged) => {
      const agent = agentAt(3, 60)
      const own = scopeOf(agent, MAIL)
      const perfect = layer(1e6)
      const poisoned =
        forged === 'identity'
          ? { ...agent, identity: perfect }
          : { ...agent, scopes: { [MAIL]: { ...own, layers: { ...own.layers, [forged]: perfect } } } }
      expect(view(poisoned).layers[forged].score).toBeGreaterThan(0.99)
      const others = LAYERS.filter((one) => one !== forged).map((one) => view(poisoned).layers[one].score)
      expect(view(poisoned).score).toBe(Math.min(...others))
      expect(view(poisoned).score).toBe(view(agent).score)
    },
  )
})
