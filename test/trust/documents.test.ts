import { describe, expect, it } from 'vitest'

import { InvariantError, ServiceError } from '../../src/format/error.ts'
import { levelName, LEVELS, lowerLevel, parseLevel, STAGES } from '../../src/model/level.ts'
import { formatScope, parseScope, ScopeKey } from '../../src/model/scope.ts'
import { TrustConstants, TrustConstantsOverride } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS, resolveTrustConstants } from '../../src/trust/default-constants.ts'
import { parseTrustEvent, parseTrustEvents } from '../../src/trust/history/events.ts'
import { replay } from '../../src/trust/history/replay.ts'
import { freshnessCeiling } from '../../src/trust/layer/layer.ts'
import { phi, phiInverse } from '../../src/trust/score-scale.ts'
import { C, DAY, NOW } from './support.ts'

describe('scopes and levels', () => {
  it.each(['mail:light', 'crm.records:full', 'A-1_b:full'])('%s is a scope and splits into what it was made of', (text) => {
    const parts = parseScope(text)
    expect(parts && formatScope(parts.category, parts.stake)).toBe(text)
  })

  it.each([
    'mail',
    'mail:',
    ':full',
    'mail:medium',
    'a b:full',
    '__proto__',
    '.:full',
    'mail:full:light',
    `${'x'.repeat(65)}:full`,
  ])('%j is no scope', (text) => {
    expect(parseScope(text)).toBeUndefined()
    expect(ScopeKey.safeParse(text).success).toBe(false)
  })

  it('levels have names and numbers', () => {
    expect(LEVELS.map(levelName)).toEqual(['read_only', 'suggest', 'approve_to_execute', 'conditional', 'autonomous'])
    const words = ['L2', '3', 'suggest', 'autonomous', 'L5', '', 'constructor', '1.0']
    for (const stages of [1, 2] as const)
      expect(words.map((word) => parseLevel(word, stages))).toEqual([2, 3, 1, 4, undefined, undefined, undefined, undefined])
    expect([lowerLevel(1, 3), lowerLevel(3, 1)]).toEqual([1, 1])
  })

  it('stages name L1 to L4, and other levels in catalogues that do not say so', () => {
    expect(STAGES.map((stage) => parseLevel(stage, 2))).toEqual([1, 2, 3, 4])
    expect(STAGES.map((stage) => parseLevel(stage, 1))).toEqual([0, 1, 3, 4])
  })
})

describe('the constants', () => {
  it('are valid as shipped', () => {
    expect(TrustConstants.parse(DEFAULT_TRUST_CONSTANTS)).toEqual(DEFAULT_TRUST_CONSTANTS)
    expect(resolveTrustConstants({})).toEqual(DEFAULT_TRUST_CONSTANTS)
  })

  it('take single members and single table entries from a configuration', () => {
    const override = TrustConstantsOverride.parse({
      half_life_positive_days: 30,
      source_weights: { ci: 0.6 },
      composition_keep: { major: 0.1 },
    })
    const constants = resolveTrustConstants(override, ['identity', 'behaviour'])
    expect(constants).toEqual({
      ...C,
      half_life_positive_days: 30,
      source_weights: { ...C.source_weights, ci: 0.6 },
      composition_keep: { major: 0.1, minor: 0.7 },
      live_layers: ['identity', 'behaviour'],
    })
  })

  it.each([
    [{ half_life_positive_days: 121 }, 'half_life_positive_days'],
    [
      {
        anchors: [
          { failure_bound: 1, trust: 0 },
          { failure_bound: 0.5, trust: 0.9 },
        ],
      },
      'anchors',
    ],
    [
      {
        anchors: [
          { failure_bound: 0.9, trust: 0 },
          { failure_bound: 0.5, trust: 1 },
        ],
      },
      'anchors',
    ],
    [
      {
        freshness: [
          { age_days: 7, ceiling: 0.5 },
          { age_days: 8, ceiling: 0.6 },
          { age_days: 9, ceiling: 0 },
        ],
      },
      'freshness',
    ],
    [{ freshness: [{ age_days: 7, ceiling: 0.5 }] }, 'freshness'],
    [{ thresholds: [0, 0.5, 0.3, 0.7, 0.9] }, 'thresholds'],
    [{ count_min: [0, 5, 4, 50, 1000] }, 'count_min'],
    [{ dwell_days: [0, 2, 1, 7, 30] }, 'dwell_days'],
    [{ verifiers_min: [0, 1, 1, 3, 2] }, 'verifiers_min'],
    [{ rate_limit: [1, 1, 0.2, 0.05, 0.01] }, 'rate_limit'],
    [{ severity_bounds: { min: 3, max: 2 } }, 'severity_bounds'],
    [{ severity_bounds: { min: 0.1, max: 2 } }, 'severity_bounds'],
    [{ composition_keep: { major: 0.8 } }, 'composition_keep'],
    [{ instrumentation: { blind: 0.5, two: 0.4, three: 0.6, four: 1 } }, 'instrumentation'],
    [{ major_caps: [0.31, 0.2999, 0.4999, 0.6999, 0.8999] }, 'major_caps'],
    [{ source_weights: { self: 0.1 } }, 'source_weights'],
    [{ severity_weights: { ambiguous: 6 } }, 'severity_weights'],
    [{ incident_rules: { kill_switch: { cap: null, reach: 'agent', review: true } } }, 'incident_rules'],
    [{ demote_margin: NaN }, 'demote_margin'],
  ])('refuse %j and name the member', (override, member) => {
    expect(() => resolveTrustConstants(override as never)).toThrow(member)
  })

  it('refuse a layer named twice', () => {
    expect(() => resolveTrustConstants({}, ['identity', 'identity'])).toThrow('live_layers')
  })

  it('may give the risk appetite and freshness any number of points', () => {
    const two = {
      anchors: [
        { failure_bound: 1, trust: 0 },
        { failure_bound: 0.01, trust: 1 },
      ],
    }
    expect([phi(0.001, two), phi(0.1, two), phiInverse(0.5, two)]).toEqual([1, 0.5, 0.1])
    const one = { freshness: [{ age_days: 3, ceiling: 0 }] }
    expect([freshnessCeiling(NOW, NOW + DAY, one), freshnessCeiling(NOW, NOW + 4 * DAY, one)]).toEqual([0, 0])
    expect(freshnessCeiling(NOW, NOW, { freshness: [] })).toBe(0)
    expect(phi(0.5, { anchors: [] })).toBe(0)
    expect(phiInverse(0.5, { anchors: [] })).toBe(1)
  })
})

describe('history files', () => {
  const one = { layer: 'outcome', polarity: 'positive', weight: 1, event_time: '2026-01-05T00:00:00Z' }

  it('hold evidence with event_time or at, with type or without', () => {
    const want = { type: 'evidence', layer: 'outcome', polarity: 'positive', weight: 1, atMs: Date.parse('2026-01-05T00:00:00Z') }
    const { event_time: at, ...rest } = one
    expect(parseTrustEvents([one, { ...rest, type: 'evidence', at }, { ...one, event_time: '2026-01-05' }])).toEqual([
      want,
      want,
      want,
    ])
  })

  it('give defaults to what may be left out', () => {
    const at = '2026-01-05T00:00:00+01:00'
    expect(
      parseTrustEvents([
        { type: 'incident', id: 'i', cap: 0.4, at },
        { type: 'review', id: 'i', at },
        { type: 'promote', at },
        { type: 'composition', kind: 'minor', at },
      ]),
    ).toMatchObject([{ review: false }, { false_positive: false }, { verifiers: 3, human: false }, { atMs: Date.parse(at) }])
  })

  it.each([
    [{}, 'event 4, layer: '],
    [7, 'event 4: '],
    [{ ...one, layer: 'mood' }, 'event 4, layer: '],
    [{ ...one, weight: -1 }, 'event 4, weight: '],
    [{ ...one, weight: '1' }, 'event 4, weight: '],
    [{ ...one, weigth: 1 }, 'event 4: Unrecognized key: "weigth"'],
    [{ ...one, event_time: 'yesterday' }, 'event 4, event_time: must be an ISO 8601 time'],
    [{ ...one, event_time: '2026-01-05T00:00:00' }, 'event 4, event_time: must be an ISO 8601 time'],
    [{ ...one, event_time: undefined }, 'event 4, event_time: is missing'],
    [{ type: 'party' }, 'event 4, type: '],
    [{ type: 'incident', id: 'i', cap: 2, at: '2026-01-05' }, 'event 4, cap: '],
  ])('refuse %j with the place', (event, message) => {
    expect(() => parseTrustEvent(event, 4)).toThrow(message)
    expect(() => parseTrustEvent(event, 4)).toThrow(ServiceError)
  })

  it('are a bounded number', () => {
    const tooMany = new Array<unknown>(10_000_001)
    expect(() => parseTrustEvents(tooMany)).toThrow('the history has 10000001 events: the limit `history.events_max` is 10000000')
  })

  it('are arrays', () => {
    expect(() => parseTrustEvents({})).toThrow('a history is an array of events')
  })

  it('without events are an agent without history, whatever is live', () => {
    expect(replay([], NOW, C)).toMatchObject({ trust: 0, level_granted: 0, ladder: { promotions: [] } })
    expect(Object.keys(replay([], NOW, { ...C, live_layers: ['identity'] }).layers)).toEqual(['identity'])
    expect(() => replay([], NaN, C)).toThrow('readAtMs')
  })

  it('of events that do not exist are a bug', () => {
    expect(() => replay([{ type: 'party', atMs: NOW } as never], NOW, C)).toThrow(InvariantError)
  })

  it('with a weightless failure look at the grant', () => {
    const start = parseTrustEvents([{ ...one, event_time: '2026-01-05' }])
    expect(
      replay([...start, { type: 'evidence', layer: 'outcome', polarity: 'negative', weight: 0, atMs: NOW }], NOW, C)
        .level_granted,
    ).toBe(0)
  })
})
