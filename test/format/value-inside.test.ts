import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { valueInside, withValueInside } from '../../src/format/value-inside.ts'

describe('a value with another inside it', () => {
  it.each([
    ['a member', { a: { b: 1 }, c: 2 }, ['a', 'b'], { a: { b: 9 }, c: 2 }],
    ['an entry of a list', { a: [1, 2] }, ['a', '1'], { a: [1, 9] }],
    ['the whole of it', { a: 1 }, [], 9],
    ['what is not there', { a: 1 }, ['b'], { a: 1 }],
    ['inside what is not there', { a: null }, ['a', 'b'], { a: null }],
    ['inside a text', 'text', ['a'], 'text'],
    ['what every object inherits', {}, ['toString'], {}],
  ])('replaces %s', (_what, value, inside, want) => {
    expect(withValueInside(value, inside, 9)).toEqual(want)
  })

  it('has it there, where something was, and changes nothing else', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (value, name, other) => {
        const before = structuredClone(value)
        const replaced = withValueInside(value, [name], other)
        expect(value).toEqual(before)
        expect(valueInside(replaced, [name])).toEqual(Object.hasOwn(value, name) ? other : undefined)
        expect(Object.keys(replaced as object)).toEqual(Object.keys(value))
      }),
    )
  })
})
