import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { drawsOf } from '../../../src/labs/trust-worlds/draw.ts'

describe('the numbers of a simulated life', () => {
  it('depend on what they are for, not on what was drawn before', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(9_999),
        fc.array(fc.nat(99_999), { maxLength: 20 }),
        fc.nat(99_999),
        (seed, agent, others, index) => {
          const quiet = drawsOf(seed, 'honest', agent)
          const busy = drawsOf(seed, 'honest', agent)
          for (const other of others) busy(other, 'delay')
          expect(busy(index, 'bad')).toBe(quiet(index, 'bad'))
          expect(quiet(index, 'bad')).toBeGreaterThanOrEqual(0)
          expect(quiet(index, 'bad')).toBeLessThan(1)
        },
      ),
    )
  })

  it('are spread evenly, and two purposes, agents, worlds or seeds do not go together', () => {
    const count = 20_000
    const lanes = [
      Array.from({ length: count }, (_, at) => drawsOf(1, 'honest', 0)(at, 'bad')),
      Array.from({ length: count }, (_, at) => drawsOf(1, 'honest', 0)(at, 'caught')),
      Array.from({ length: count }, (_, at) => drawsOf(1, 'honest', 1)(at, 'bad')),
      Array.from({ length: count }, (_, at) => drawsOf(1, 'mediocre', 0)(at, 'bad')),
      Array.from({ length: count }, (_, at) => drawsOf(2, 'honest', 0)(at, 'bad')),
    ]
    for (const [at, lane] of lanes.entries()) {
      // Ten bins: chi-squared with nine degrees of freedom, beyond 33.7 once in ten thousand.
      const bins = Array.from({ length: 10 }, () => 0)
      for (const x of lane) bins[Math.floor(x * 10)]! += 1
      expect(bins.reduce((sum, n) => sum + (n - count / 10) ** 2 / (count / 10), 0)).toBeLessThan(33.7)
      for (const other of lanes.slice(at + 1)) expect(Math.abs(correlation(lane, other))).toBeLessThan(0.03)
      expect(Math.abs(correlation(lane.slice(1), lane.slice(0, -1)))).toBeLessThan(0.03)
    }
  })
})

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (x: readonly number[]): number => x.reduce((sum, each) => sum + each, 0) / x.length
  const [ma, mb] = [mean(a), mean(b)]
  const spread = (x: readonly number[], m: number): number => Math.sqrt(x.reduce((sum, each) => sum + (each - m) ** 2, 0))
  return a.reduce((sum, x, at) => sum + (x - ma) * (b[at]! - mb), 0) / (spread(a, ma) * spread(b, mb))
}
