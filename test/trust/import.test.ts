import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { LAYERS } from '../../src/model/layer.ts'
import { DEFAULT_TRUST_CONSTANTS, resolveTrustConstants } from '../../src/trust/default-constants.ts'
import { addEvidence } from '../../src/trust/evidence.ts'
import { addHistory, importLimit } from '../../src/trust/history/import.ts'
import { newAgentTrust } from '../../src/trust/stored-trust.ts'
import { scopeView } from '../../src/trust/trust-view.ts'

const constants = DEFAULT_TRUST_CONSTANTS
const NOW_MS = Date.UTC(2026, 2, 2)
const SCOPES = ['a:full', 'a:light', 'b:full', 'c:full', 'd:full'] as const
const units = fc.double({ min: 0, max: 1e6, noNaN: true })
const history = fc.record({
  scope: fc.constantFrom(...SCOPES),
  layer: fc.constantFrom(...LAYERS),
  good: units,
  bad: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 50, noNaN: true })),
  atMs: fc.integer({ min: NOW_MS - 1e10, max: NOW_MS }),
})

describe('imported history', () => {
  test('alone is worth nothing, and with one fresh success per layer less than L3, in any scope', () => {
    fc.assert(
      fc.property(fc.array(history, { maxLength: 30 }), fc.constantFrom(...SCOPES), (all, scope) => {
        let agent = newAgentTrust()
        for (const each of all) agent = addHistory(agent, each, NOW_MS, constants).agent
        expect(scopeView(agent, scope, { nowMs: NOW_MS }, constants).score).toBe(0)
        for (const layer of LAYERS) {
          const fresh = { scope, layer, polarity: 'positive', weight: 0.35, eventTimeMs: NOW_MS, countsForLadder: false } as const
          agent = addEvidence(agent, fresh, NOW_MS, constants).agent
        }
        const view = scopeView(agent, scope, { nowMs: NOW_MS }, constants)
        expect(view.score).toBeLessThan(0.7)
        expect(view.level_granted).toBe(0)
      }),
      { seed: 20261121 },
    )
  })

  test('takes nothing beside the evidence itself', () => {
    const before = newAgentTrust()
    const { agent } = addHistory(before, { scope: 'a:full', layer: 'outcome', good: 10, bad: 2, atMs: NOW_MS }, NOW_MS, constants)
    const { layers, ...rest } = agent.scopes['a:full']!
    expect(layers.outcome).toEqual({ r: 10, s: 2, q: 0, tMs: NOW_MS, tpMs: null, tnMs: null })
    expect(rest).toMatchObject({ incidents: [], verifiers: [], ladder: { level: 0, k: 0, e: 0 }, track: { good: 0, bad: 0 } })
    expect({ ...agent, scopes: {} }).toEqual(before)
  })

  test('never takes good evidence away that is above the limit already', () => {
    let agent = newAgentTrust()
    const own = {
      scope: 'a:full',
      layer: 'identity',
      polarity: 'positive',
      weight: 1,
      eventTimeMs: NOW_MS,
      countsForLadder: false,
    } as const
    for (let count = 0; count < 80; count += 1) agent = addEvidence(agent, own, NOW_MS, constants).agent
    const after = addHistory(agent, { scope: 'a:full', layer: 'identity', good: 99, bad: 0, atMs: NOW_MS }, NOW_MS, constants)
    expect(after.agent.identity.r).toBe(80)
  })

  test('the limit follows from the constants, and is never below nothing', () => {
    expect(importLimit(constants)).toBeCloseTo(0.99 * 57 - 11, 6)
    expect(importLimit(resolveTrustConstants({ composition_major_units_max: 7 }))).toBe(7)
    expect(importLimit(resolveTrustConstants({ backoff_units_max: 0, prior_units: 1 }))).toBeLessThan(0.05 ** -1)
    expect(importLimit({ ...constants, backoff_units_max: 100 })).toBe(0)
  })

  test.each([
    { good: Number.NaN, bad: 0 },
    { good: 0, bad: -1 },
    { good: Infinity, bad: 0 },
  ])('refuses %j', ({ good, bad }) => {
    const wrong = { scope: 'a:full', layer: 'context', good, bad, atMs: NOW_MS } as const
    expect(() => addHistory(newAgentTrust(), wrong, NOW_MS, constants)).toThrow()
  })
})
