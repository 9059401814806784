import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { matchesGlob } from '../../src/format/glob.ts'

describe('a pattern of names', () => {
  it.each([
    ['mail.send', 'mail.send', true],
    ['mail.send', 'mail.sends', false],
    ['support-agent', 'support-agent', true],
    ['support-agent', 'support-agents', false],
    ['*', '', true],
    ['mail.*', 'mail.send', true],
    ['mail.*', 'email.send', false],
    ['support-*', 'support-', true],
    ['support-*', 'xsupport-a', false],
    ['*.send', 'mail.send', true],
    ['*.send', 'mail.sent', false],
    ['*-agent', 'support-agent', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c', false],
    ['a*bc*c', 'abc', false],
    ['a*a', 'a', false],
    ['a**a', 'aa', true],
  ])('%s and %s: %s', (pattern, name, matches) => {
    expect(matchesGlob(pattern, name)).toBe(matches)
  })

  it('matches what a regular expression with .* for each * matches', () => {
    const text = (units: readonly string[]) => fc.string({ unit: fc.constantFrom(...units), maxLength: 8 })
    fc.assert(
      fc.property(text(['a', 'b', '.', '*']), text(['a', 'b', '.']), (pattern, name) => {
        const expression = pattern
          .split('*')
          .map((part) => part.replaceAll('.', '\\.'))
          .join('.*')
        expect(matchesGlob(pattern, name)).toBe(new RegExp(`^${expression}$`, 'u').test(name))
      }),
    )
  })
})
