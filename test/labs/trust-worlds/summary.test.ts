import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { meanOf, medianSummary } from '../../../src/labs/trust-worlds/summary.ts'

describe('the numbers of a cell', () => {
  it('have an interval around the mean, the same each time, and none where all agents are alike', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 1, maxLength: 30 }), (values) => {
        const { mean, low, high } = meanOf(values)
        expect(mean).toBeCloseTo(values.reduce((sum, x) => sum + x, 0) / values.length, 9)
        expect(low).toBeLessThanOrEqual(mean + 1e-9)
        expect(high).toBeGreaterThanOrEqual(mean - 1e-9)
        expect(meanOf(values)).toEqual({ mean, low, high })
      }),
      { numRuns: 30 },
    )
    expect(meanOf([4, 4, 4])).toEqual({ mean: 4, low: 4, high: 4 })
  })

  it('have intervals that hold the true mean about 19 times of 20', () => {
    // 200 samples of 40 uniform numbers: between 175 and 199 hold .5 but once in ten thousand.
    let x = 1
    const uniform = (): number => (x = (x * 48_271) % 2_147_483_647) / 2_147_483_647
    const held = Array.from({ length: 200 }, () => meanOf(Array.from({ length: 40 }, uniform))).filter(
      ({ low, high }) => low <= 0.5 && 0.5 <= high,
    )
    expect(held.length).toBeGreaterThan(175)
    expect(held.length).toBeLessThan(200)
  })

  it.each([
    [[], { median: null, of: 0 }],
    [[null, null], { median: null, of: 0 }],
    [[3, null, 1, 2], { median: 2, of: 3 }],
    [['never', 1, 2] as const, { median: 2, of: 3 }],
    [['never', 'never', 1] as const, { median: 'never', of: 3 }],
    [[1, 2], { median: 1, of: 2 }],
  ])('the median of %j is %j', (values, expected) => expect(medianSummary(values)).toEqual(expected))
})
