import { readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { stepCusum, stepIntegerCusum } from '../../src/detect/statistics/cusum.ts'
import { NO_PAGE_HINKLEY, RIVER_PAGE_HINKLEY, stepPageHinkley } from '../../src/detect/statistics/page-hinkley.ts'
import { random } from '../faults/random.ts'
import { bernoulliRunLength, cusumRunLength, twoSidedRunLength } from './run-lengths.ts'

const streams = JSON.parse(readFileSync('test/data/drift-streams.json', 'utf8')) as Readonly<
  Record<'d1' | 'd2', readonly number[]>
>

/** Places at which a detector alarms on a stream. */
function alarmsOf<State>(
  values: readonly number[],
  start: State,
  step: (state: State, value: number) => { readonly state: State; readonly alarmed: unknown },
): readonly number[] {
  let state = start
  return values.flatMap((value, index) => {
    const next = step(state, value)
    state = next.state
    return next.alarmed === false || next.alarmed === null ? [] : [index]
  })
}

describe('the integer Bernoulli CUSUM', () => {
  it.each([
    [40, 80, 0.005, 12_508],
    [40, 80, 0.01, 1_901],
    [40, 80, 0.02, 369],
    [40, 80, 0.05, 73.8],
    [40, 80, 0.1, 31],
    [40, 80, 0.3, 10],
    [40, 80, 1, 3],
    [40, 120, 0.005, 153_607],
    [40, 120, 0.01, 9_648],
    [40, 120, 0.02, 855],
    [40, 120, 0.05, 110.9],
    [40, 120, 0.1, 42.7],
    [40, 120, 0.3, 13.3],
    [40, 120, 1, 4],
    [40, 160, 0.01, 50_483],
    [40, 160, 0.02, 1_743],
    [40, 160, 0.05, 150.4],
    [40, 160, 0.1, 55.5],
    [40, 160, 0.3, 16.7],
    [40, 160, 1, 5],
    [128, 256, 0.002, 19_373],
    [128, 256, 0.02, 169],
    [128, 256, 0.1, 30],
  ])('m=%d H=%d at a failure rate of %d alarms after %d trials on average', (m, alarm, p, length) => {
    const digits = length % 1 === 0 ? 0 : 1
    expect(bernoulliRunLength(p, m, alarm)).toBeCloseTo(length, digits)
  })

  it('m=40 H=160 at a failure rate of .005 alarms after 2.18 million trials on average', () => {
    expect(bernoulliRunLength(0.005, 40, 160) / 1e6).toBeCloseTo(2.18, 2)
  })

  it('has m = 40 for .01 against .05', () => {
    const k = Math.log(0.99 / 0.95) / Math.log((0.05 * 0.99) / (0.01 * 0.95))
    expect(k).toBeCloseTo(0.02499, 4)
    expect(Math.round(1 / k)).toBe(40)
  })

  it.each([
    [40, 160, 0.1, 55.5],
    [5, 16, 0.5, 9.25],
  ])('m=%d H=%d really runs as long as the linear system says', (m, alarm, p) => {
    const next = random(20_261_120)
    const runs = 4_000
    let trials = 0
    for (let run = 0; run < runs; run += 1) {
      let state = { sum: 0 }
      for (let alarmed = false; !alarmed; trials += 1) ({ state, alarmed } = stepIntegerCusum(state, next() < p, { m, alarm }))
    }
    const exact = bernoulliRunLength(p, m, alarm)
    expect(Math.abs(trials / runs / exact - 1)).toBeLessThan(0.05)
  })

  it('never leaves [0, H), whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 300 }),
        fc.integer({ min: 2, max: 60 }),
        fc.integer({ min: 2, max: 300 }),
        (trials, m, alarm) => {
          let state = { sum: 0 }
          for (const bad of trials) {
            const before = state.sum
            const step = stepIntegerCusum(state, bad, { m, alarm })
            state = step.state
            expect(state.sum).toBeGreaterThanOrEqual(0)
            expect(state.sum).toBeLessThan(alarm)
            expect(step.reached).toBe(Math.max(0, before + (bad ? m - 1 : -1)))
            expect(step.alarmed).toBe(step.reached >= alarm)
          }
        },
      ),
    )
  })
})

describe('CUSUM(k, h)', () => {
  it.each([
    [0.5, 3, 0, 117.6],
    [0.5, 3, 1.5, 3.75],
    [0, 10, 0, 124.66],
  ])('one-sided, k=%d h=%d, mean %d: the published average run length %d', (k, h, mu, length) => {
    expect(Math.abs(cusumRunLength(k, h, mu) / length - 1)).toBeLessThan(0.002)
  })

  it.each([
    [0, 168],
    [0.25, 74.2],
    [0.5, 26.6],
    [0.75, 13.3],
    [1, 8.38],
    [2, 3.34],
    [3, 2.19],
  ])('two-sided, k=.5 h=4, mean %d: the published average run length %d (Lucas and Crosier)', (mu, length) => {
    expect(Math.abs(twoSidedRunLength(0.5, 4, mu) / length - 1)).toBeLessThan(0.005)
  })

  it('really runs as long as the quadrature says, two-sided at a shift of 1', () => {
    const next = random(20_261_120)
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    const runs = 4_000
    let trials = 0
    for (let run = 0; run < runs; run += 1) {
      let state = { up: 0, down: 0 }
      for (let alarmed: 'up' | 'down' | null = null; alarmed === null; trials += 1)
        ({ state, alarmed } = stepCusum(state, 1 + gauss(), { k: 0.5, h: 4 }))
    }
    expect(Math.abs(trials / runs / 8.38 - 1)).toBeLessThan(0.05)
  })

  it('first alarms at 1028 on d2', () => {
    const [first] = alarmsOf(streams.d2, { up: 0, down: 0 }, (state, value) => stepCusum(state, value, { k: 0.5, h: 4 }))
    expect(first).toBe(1_028)
  })

  it('is the same both ways: negated values alarm down where the others alarm up', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { maxLength: 100 }), (values) => {
        let one = { up: 0, down: 0 }
        let other = { up: 0, down: 0 }
        for (const value of values) {
          const a = stepCusum(one, value, { k: 0.5, h: 4 })
          const b = stepCusum(other, -value, { k: 0.5, h: 4 })
          ;[one, other] = [a.state, b.state]
          expect([other.down, other.up]).toEqual([one.up, one.down])
          expect(b.alarmed).toBe(a.alarmed === null ? null : a.alarmed === 'up' ? 'down' : 'up')
        }
      }),
    )
  })
})

describe('Page-Hinkley', () => {
  it("alarms at 1020 and 1991 on d1 with river's settings", () => {
    expect(alarmsOf(streams.d1, NO_PAGE_HINKLEY, (state, value) => stepPageHinkley(state, value, RIVER_PAGE_HINKLEY))).toEqual([
      1_020, 1_991,
    ])
  })

  it('gives no alarm before it has seen enough', () => {
    const settings = { ...RIVER_PAGE_HINKLEY, lambda: 0.1 }
    const values = [0, 100, 100, 100]
    expect(alarmsOf(values, NO_PAGE_HINKLEY, (state, value) => stepPageHinkley(state, value, settings))).toEqual([])
    expect(
      alarmsOf(values, NO_PAGE_HINKLEY, (state, value) => stepPageHinkley(state, value, { ...settings, countMin: 4 })),
    ).toEqual([3])
  })
})
