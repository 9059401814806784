import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { jsonPointer, pointerSteps } from '../../src/format/source-place.ts'

describe('the steps of a JSON Pointer', () => {
  it.each([
    ['', []],
    ['/', ['']],
    ['/a/0', ['a', '0']],
    ['/a~1b/~0', ['a/b', '~']],
    ['/~01', ['~1']],
  ])('of %j are %j', (pointer, steps) => {
    expect(pointerSteps(pointer)).toEqual(steps)
  })

  it('give the pointer again', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (steps) => {
        expect(pointerSteps(jsonPointer(steps))).toEqual(steps)
      }),
    )
  })
})
