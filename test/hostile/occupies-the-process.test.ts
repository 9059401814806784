import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { LEAF_BYTES_MAX } from '../../src/audit/leaf.ts'
import { jsonPointer } from '../../src/format/source-place.ts'
import { BODY_BYTES_MAX, parseStrictJson, PATH_CHARS_MAX, VALUES_MAX } from '../../src/format/strict-json.ts'
import { MASK_CHARS_MAX, MASKS_MAX } from '../../src/decisions/mask.ts'

/** A value inside so many objects under one name. */
const nested = (depth: number, name: string, value: unknown): unknown =>
  Array.from({ length: depth }).reduce<unknown>((inner) => ({ [name]: inner }), value)

/** Characters of the names on the way to all objects and arrays: the slow and obvious count. */
function pathChars(value: unknown, above = 0): number {
  if (typeof value !== 'object' || value === null) return 0
  const inside = Array.isArray(value) ? value.map((each) => ['', each] as const) : Object.entries(value)
  return inside.reduce((sum, [name, each]) => sum + pathChars(each, above + name.length), above)
}

describe('the work of one request', () => {
  it('is refused where pointers to what it holds would be many times as long as the body', () => {
    const body = JSON.stringify(
      nested(
        24,
        'k'.repeat(1_000),
        Array.from({ length: 1_600 }, () => ({ password: 1 })),
      ),
    )
    expect(body.length).toBeLessThan(60_000)
    const reading = parseStrictJson(body)
    expect(!reading.ok && reading.error).toMatchObject({
      code: 'paths_too_long',
      message: expect.stringContaining(`the limit \`json.path_chars_max\` is ${PATH_CHARS_MAX}`),
    })
  })

  it('takes a body as large and as deep as bodies may be where its names are those of people', () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => ({ customer_id: index, note: 'x'.repeat(300) }))
    const body = JSON.stringify(nested(28, 'container', rows))
    expect(body.length).toBeGreaterThan(BODY_BYTES_MAX * 0.9)
    expect(parseStrictJson(body).ok).toBe(true)
  })

  it('is bounded for any shape that is taken, and any shape below the bound is taken', () => {
    const shape = fc.record({
      depth: fc.nat(27),
      name: fc.integer({ min: 1, max: 1_000 }),
      rows: fc.nat(2_000),
      inner: fc.integer({ min: 1, max: 500 }),
    })
    fc.assert(
      fc.property(shape, ({ depth, name, rows, inner }) => {
        const row = { ['r'.repeat(inner)]: {} }
        const value = nested(
          depth,
          'k'.repeat(name),
          Array.from({ length: rows }, () => row),
        )
        const reading = parseStrictJson(JSON.stringify(value), LIMITS)
        expect(reading.ok).toBe(pathChars(value) <= PATH_CHARS_MAX)
      }),
      { numRuns: 200 },
    )
  })

  it('leaves room in a leaf for all masks that are taken, even where each character of a name takes six bytes', () => {
    const name = '\u0001'.repeat(MASK_CHARS_MAX / MASKS_MAX)
    const entry = Buffer.byteLength(JSON.stringify(jsonPointer([name]))) + 72
    expect(entry * MASKS_MAX).toBeLessThan(LEAF_BYTES_MAX)
  })
})

/** Bodies of any size, so that only the length of the paths decides. */
const LIMITS = {
  bodyBytesMax: Number.MAX_SAFE_INTEGER,
  depthMax: 32,
  stringCharsMax: 1_000,
  keyCharsMax: 1_024,
  arrayItemsMax: 8_192,
  objectKeysMax: 4_096,
  valuesMax: VALUES_MAX,
  pathCharsMax: PATH_CHARS_MAX,
}
