import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { checkIdentifier, identifier, type IdentifierFaultCode } from '../../src/format/identifier.ts'

const limits = { maxChars: 32 }

describe('checkIdentifier', () => {
  it.each([
    'a',
    'agent:support-1',
    'https://example.com/a?b=c',
    'two words',
    'é',
    'Ñandú',
    '東京',
    'مرحبا',
    'हिन्दी',
    'x'.repeat(32),
    '👍',
    '../etc',
    '{"a":1}',
  ])('accepts %j', (text) => {
    expect(checkIdentifier(text, limits)).toBeUndefined()
    expect(identifier(limits.maxChars).parse(text)).toBe(text)
  })

  it.each<[string, string, IdentifierFaultCode, RegExp]>([
    ['nothing', '', 'identifier_empty', /empty/],
    [
      'one character too many',
      'x'.repeat(33),
      'identifier_too_long',
      /33 characters: the limit `identifier.chars_max` is 32, shorten it/,
    ],
    ['a leading space', ' a', 'identifier_white_space', /trim/],
    ['a trailing space', 'a ', 'identifier_white_space', /trim/],
    ['only a space', ' ', 'identifier_white_space', /trim/],
    ['a space after other letters', 'é ', 'identifier_white_space', /trim/],
    ['a newline', 'a\nb', 'identifier_invisible', /U\+000A at character 1/],
    ['a tab at the end', 'a\t', 'identifier_invisible', /U\+0009/],
    ['a NUL', 'a\u0000b', 'identifier_invisible', /U\+0000/],
    ['delete', 'a\u007fb', 'identifier_invisible', /U\+007F/],
    ['a C1 control', 'a\u0085b', 'identifier_invisible', /U\+0085/],
    ['a no-break space', 'a\u00a0b', 'identifier_invisible', /U\+00A0/],
    ['an ideographic space', 'a\u3000b', 'identifier_invisible', /U\+3000/],
    ['a soft hyphen', 'a\u00adb', 'identifier_invisible', /U\+00AD/],
    ['a zero width space', 'adm\u200bin', 'identifier_invisible', /U\+200B at character 3/],
    ['a zero width joiner', 'a\u200db', 'identifier_invisible', /U\+200D/],
    ['a right-to-left override', 'a\u202eb', 'identifier_invisible', /U\+202E/],
    ['an isolate', 'a\u2066b', 'identifier_invisible', /U\+2066/],
    ['a line separator', 'a\u2028b', 'identifier_invisible', /U\+2028/],
    ['a paragraph separator', 'a\u2029b', 'identifier_invisible', /U\+2029/],
    ['a byte order mark', '\ufeffa', 'identifier_invisible', /U\+FEFF at character 0/],
    ['a variation selector', 'a\ufe0f', 'identifier_invisible', /U\+FE0F/],
    ['a Hangul filler', 'a\u3164b', 'identifier_invisible', /U\+3164/],
    ['a blank braille pattern', 'a\u2800b', 'identifier_invisible', /U\+2800/],
    ['a tag character', 'a\u{e0041}b', 'identifier_invisible', /U\+E0041/],
    ['private use', 'a\ue000b', 'identifier_invisible', /U\+E000/],
    ['a noncharacter', 'a\uffffb', 'identifier_invisible', /U\+FFFF/],
    ['a lone surrogate', 'a\ud800b', 'identifier_invisible', /U\+D800/],
    ['a decomposed letter', 'e\u0301', 'identifier_not_nfc', /NFC/],
    ['a compatibility singleton', '\u212b', 'identifier_not_nfc', /NFC/],
  ])('refuses %s', (_name, text, code, message) => {
    expect(checkIdentifier(text, limits)).toMatchObject({ code, message: expect.stringMatching(message) })
    const parsed = identifier(limits.maxChars).safeParse(text)
    expect(parsed.error?.issues).toHaveLength(1)
  })

  it('accepts nothing that normalizing or trimming would change, or that holds a control or format character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), (text) => {
        const isAccepted = checkIdentifier(text, limits) === undefined
        const isClean = text.normalize('NFC') === text && text.trim() === text && text.isWellFormed()
        if (isAccepted) expect(isClean && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}\p{DI}]/u.test(text)).toBe(true)
        if (isClean && /^[\p{L}\p{N}]+$/u.test(text) && !/\p{DI}/u.test(text)) expect(isAccepted).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes printable ASCII on its fast path exactly when it neither starts nor ends with a space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }), (text) => {
        expect(checkIdentifier(text, limits) === undefined).toBe(text.trim() === text)
      }),
    )
  })
})

describe('identifier', () => {
  it('says the code of the fault in the issue', () => {
    const [issue] = identifier(8).safeParse('a\u200b').error?.issues ?? []
    expect(issue).toMatchObject({ code: 'custom', params: { code: 'identifier_invisible' } })
  })

  it('carries its lengths into JSON Schema and refuses what is not text', () => {
    expect(z.toJSONSchema(identifier(8))).toMatchObject({ type: 'string', minLength: 1, maxLength: 8 })
    expect(identifier(8).safeParse(7).success).toBe(false)
  })
})
