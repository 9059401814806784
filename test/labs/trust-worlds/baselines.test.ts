import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { BASELINES } from '../../../src/labs/trust-worlds/baselines.ts'
import { concededAt, MATRICES } from '../../../src/labs/trust-worlds/matrix.ts'
import type { Label, SimulatedPolicy } from '../../../src/labs/trust-worlds/policy.ts'

const HOUR_MS = 3_600_000

function label(bad: boolean, atMs: number): Label {
  return {
    action: 0,
    band: 'low',
    stake: 'executed',
    decidedAtMs: atMs,
    atMs,
    layer: 'outcome',
    class: bad ? 'failed' : 'validated',
    bad,
    source: 'deterministic',
    by: 'v',
  }
}

/** Good labels until low actions run by themselves, or `never` within a hundred. */
function goodUntilAlone(policy: SimulatedPolicy): number | 'never' {
  for (let good = 0; good <= 100; good++) {
    if (['allow', 'allow_guarded'].includes(policy.decide('low', 0).standing)) return good
    policy.hear(label(false, 0))
  }
  return 'never'
}

describe('the baselines', () => {
  it('stand in the matrix that the product ships', () => {
    const text = readFileSync(new URL('../../../policies/graduation/data.yaml', import.meta.url), 'utf8')
    const { config } = parse(text) as { config: { matrix: { standard: unknown } } }
    expect(MATRICES.standard).toEqual(config.matrix.standard)
    expect(concededAt(4, 'high')).toBe('require_approval')
  })

  it.each([
    // 1 − .5·.9ⁿ ≥ .7 from n = 5; .5 + .05 n ≥ .7 from 4; .5 + .01 n from 20; (2 + n) / (4 + n) from 3; .5 + .05 n ≥ .6 from 2.
    ['rbac', 0],
    ['approve_all', 'never'],
    ['ewma', 5],
    ['linear_fast', 4],
    ['linear_slow', 20],
    ['beta_mean', 3],
    ['tiers', 2],
  ] as const)('%s lets an agent act alone after %s good labels, and a new name starts over', (name, expected) => {
    const policy = BASELINES[name].create()
    expect(goodUntilAlone(policy)).toBe(expected)
    policy.renamed()
    expect(goodUntilAlone(policy)).toBe(expected)
  })

  it.each(['ewma', 'linear_fast', 'linear_slow', 'beta_mean', 'tiers'] as const)(
    '%s takes autonomy away after enough bad labels, and hears neither other layers nor a review',
    (name) => {
      const policy = BASELINES[name].create()
      for (let good = 0; good < 30; good++) policy.hear(label(false, 0))
      for (let at = 0; at < 100; at++) policy.hear({ ...label(true, 0), layer: 'behaviour' })
      policy.reviewed(0)
      policy.advance(0)
      expect(policy.decide('medium', 0).standing).toMatch(/^allow/u)
      for (let at = 0; at < 20; at++) policy.injection(0)
      expect(policy.decide('medium', 0).standing).not.toMatch(/^allow/u)
    },
  )

  it('tiers lose 5 % for each whole hour without a look, so a night costs autonomy', () => {
    const policy = BASELINES.tiers.create()
    for (let good = 0; good < 20; good++) policy.hear(label(false, 0))
    expect(policy.decide('low', 9 * HOUR_MS).standing).toBe('allow_guarded')
    const idle = BASELINES.tiers.create()
    for (let good = 0; good < 20; good++) idle.hear(label(false, 0))
    expect(idle.decide('low', 10 * HOUR_MS).standing).toBe('require_approval')
  })

  it('the mean of Beta(2, 2) forgets by halves in 90 days', () => {
    const policy = BASELINES.beta_mean.create()
    for (let good = 0; good < 3; good++) policy.hear(label(false, 0))
    expect(policy.decide('low', 0).standing).toBe('allow_guarded')
    expect(policy.decide('low', 90 * 24 * HOUR_MS).standing).toBe('require_approval')
  })
})
