import { describe, expect, it } from 'vitest'

import { criticalIncident } from '../../src/evidence/rules/weigh-failure.ts'
import { weigh } from '../../src/evidence/rules/weigh-verdict.ts'
import type { Judged, Verdict } from '../../src/evidence/rules/weighing.ts'
import type { Verdicts } from '../../src/ledger/documents/verdicts.ts'
import { DEFAULT_TRUST_CONSTANTS as constants } from '../../src/trust/default-constants.ts'

const judged: Judged = {
  decision_id: 'd',
  agent: 'a',
  scope: 'crm:full',
  stake: 'executed',
  earns: true,
  blast: 1,
  reversibility: 0,
  delegators: [],
  decided_at_ms: 1_000,
}
const failure: Verdict = {
  layer: 'outcome',
  class: 'failed',
  gravity: 'minor',
  source: 'deterministic',
  by: 'checker',
  event_time_ms: 2_000,
}

describe('a success that is taken back', () => {
  const layer = { positive: 0.5, negative: 0, kappa: 0, factual: false, counted: false }
  const best = { by: 'ada', rater: true, weight: 0.5 }
  const seen = (positive_ms: number | null): Verdicts => ({
    layers: { outcome: { ...layer, positive_ms, best, second: 0 } },
    heard: [],
    self_flagged: false,
  })

  it.each([
    [1_500, 1_500],
    [null, 2_000],
  ])('goes with what rests on its rater alone, as of when it was given (%j) or else of the failure', (givenMs, atMs) => {
    const { effects } = weigh(judged, failure, seen(givenMs), constants)
    expect(effects.slice(0, 2)).toMatchObject([
      { kind: 'take_back', weight: 0.5, event_time_ms: atMs },
      { kind: 'rater_share', rater: 'ada', units: -0.5, event_time_ms: atMs },
    ])
  })
})

describe('a failure outside of the outcome', () => {
  it('takes back what counted in its layer, and is charged to nobody else', () => {
    const seen: Verdicts = {
      layers: { behaviour: { positive: 0.5, positive_ms: 1_500, negative: 0, kappa: 0, factual: false, counted: false } },
      heard: [],
      self_flagged: false,
    }
    const { effects } = weigh({ ...judged, delegators: ['b'] }, { ...failure, layer: 'behaviour' }, seen, constants)
    expect(effects.map(({ kind }) => kind)).toEqual(['take_back', 'evidence', 'verdict'])
  })
})

describe('a failure of an action with reach', () => {
  const push = { ...judged, blast: 2, reversibility: 1, delegators: ['b'] }

  it('weighs more, for whoever delegated too, and says why', () => {
    const { effects, reason } = weigh(push, failure, undefined, constants)
    expect(effects).toMatchObject([
      { kind: 'evidence', weight: 1.75, kappa: 1.75 },
      { kind: 'delegator', agent: 'b', weight: 1.75 },
      { kind: 'verdict', negative: 1.75, kappa: 1.75 },
    ])
    expect(reason).toBe('negative, 1.75 units, severity 1.75 (1.75 times as much: blast radius 2, reversibility 1)')
  })

  it('weighs as before without reach, and under constants without a table', () => {
    expect(weigh(push, failure, undefined, { ...constants, blast_weights: undefined }).reason).toBe(
      'negative, 1 units, severity 1',
    )
    expect(weigh(judged, failure, undefined, constants).reason).toBe('negative, 1 units, severity 1')
  })

  it('is no more than a complaint where it is one', () => {
    const complaint = { ...failure, class: 'dissatisfied', gravity: 'ambiguous' } as const
    expect(weigh(push, complaint, undefined, constants).reason).toBe('negative, 0.5 units, severity 0.5')
  })
})

describe('critical harm', () => {
  it('is an incident with the cap of its class, and stops the agent where that has none', () => {
    expect(criticalIncident(judged, constants)).toMatchObject({ incident: { id: 'critical-d', cap: 0.2 } })
    const { incident_rules } = constants
    const capless = { ...incident_rules, exfiltration: { ...incident_rules.exfiltration, cap: null } }
    expect(criticalIncident(judged, { ...constants, incident_rules: capless })).toMatchObject({ incident: { cap: 0 } })
  })
})
