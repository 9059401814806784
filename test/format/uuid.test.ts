import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { UUID_TIME_MS_MAX, uuidv7 } from '../../src/format/uuid.ts'

const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes)
const ones = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xff)

function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)
}

describe('uuidv7', () => {
  it('lays out time, version, counter, variant and random bits as RFC 9562 says', () => {
    const bytes = Uint8Array.of(0x58, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f, 0x04, 0xc3)
    expect(
      uuidv7(
        () => 0x017f22e279b0,
        () => bytes,
      )(),
    ).toBe('017f22e2-79b0-74c3-98c4-dc0c0c07398f')
    expect(uuidv7(() => 0, zeros)()).toBe('00000000-0000-7000-8000-000000000000')
    expect(uuidv7(() => UUID_TIME_MS_MAX, ones)()).toBe('ffffffff-ffff-77ff-bfff-ffffffffffff')
  })

  it('rises strictly, whatever the clock and the random bytes do', () => {
    const step = fc.record({ ms: fc.integer({ min: 0, max: 5 }), fill: fc.uint8Array({ minLength: 10, maxLength: 10 }) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 60 }), (steps) => {
        let at = 0
        const next = uuidv7(
          () => steps[at]!.ms,
          () => steps[at]!.fill,
        )
        const ids = steps.map((_, index) => {
          at = index
          return next()
        })
        expect(ids).toEqual([...new Set(ids)].sort())
        for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      }),
    )
  })

  it('borrows the next millisecond when the counter of one is used up', () => {
    const next = uuidv7(() => 1_000, ones)
    const ids = Array.from({ length: 5_000 }, () => next())
    expect(ids).toEqual([...new Set(ids)].sort())
    expect(timeOf(ids[2_048]!)).toBe(1_000)
    expect(timeOf(ids[2_049]!)).toBe(1_001)
  })

  it('takes a time given to it instead of the clock', () => {
    const next = uuidv7(() => 1, zeros)
    expect(timeOf(next(77))).toBe(77)
    expect(timeOf(next())).toBe(77)
  })

  it.each([-1, 0.5, NaN, Infinity, UUID_TIME_MS_MAX + 1])('refuses the time %d', (ms) => {
    expect(() => uuidv7(() => ms, zeros)()).toThrow(RangeError)
  })

  it('refuses too few random bytes', () => {
    expect(() =>
      uuidv7(
        () => 1,
        () => zeros(9),
      )(),
    ).toThrow('needs 10 random bytes, got 9')
  })
})
