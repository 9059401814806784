import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CLOCK_STEP_MS_MAX, createClock } from '../../src/service/clock.ts'

const START_MS = 1_800_000_000_000
const YEAR_MS = 365 * 86_400_000

function clocks() {
  const at = { wall: START_MS, monotonic: 5_000 }
  const clock = createClock(
    () => at.wall,
    () => at.monotonic,
  )
  const pass = (ms: number): void => {
    at.wall += ms
    at.monotonic += ms
  }
  return { at, clock, pass }
}

describe('the clock', () => {
  it('is steady while both clocks run alike', () => {
    const { clock, pass } = clocks()
    pass(YEAR_MS)
    expect(clock.nowMs()).toBe(START_MS + YEAR_MS)
    expect(clock.steady()).toBe(true)
  })

  it.each([
    [CLOCK_STEP_MS_MAX, true],
    [CLOCK_STEP_MS_MAX + 1, false],
    [-CLOCK_STEP_MS_MAX, true],
    [-CLOCK_STEP_MS_MAX - 1, false],
  ])('takes a deviation of %i ms for steady: %s', (ms, steady) => {
    const { at, clock } = clocks()
    at.wall += ms
    expect(clock.steady()).toBe(steady)
  })

  it('gives whole milliseconds', () => {
    const { at, clock } = clocks()
    at.wall += 0.9
    expect(clock.nowMs()).toBe(START_MS)
  })

  it('is steady again when the wall clock is right again', () => {
    const { at, clock, pass } = clocks()
    at.wall -= 60_000
    expect(clock.nowMs()).toBeGreaterThanOrEqual(START_MS - 60_000)
    expect(clock.steady()).toBe(false)
    at.wall += 60_000
    pass(10)
    expect(clock.steady()).toBe(true)
    expect(clock.nowMs()).toBe(START_MS + 10)
  })

  it('is not steady while its own time is ahead of a wall clock that is right again', () => {
    const { at, clock, pass } = clocks()
    at.wall += YEAR_MS
    expect(clock.nowMs()).toBe(START_MS + YEAR_MS)
    at.wall -= YEAR_MS
    pass(10)
    expect(clock.nowMs()).toBe(START_MS + YEAR_MS)
    expect(clock.steady()).toBe(false)
    pass(YEAR_MS)
    expect(clock.steady()).toBe(true)
  })

  it('never runs backwards, however the wall clock jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 })), (jumps) => {
        const { at, clock } = clocks()
        const times = jumps.map((ms) => {
          at.wall += ms
          return clock.nowMs()
        })
        expect(times).toEqual([...times].sort((a, b) => a - b))
      }),
    )
  })
})
