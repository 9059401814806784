import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { errorText, jsonText, painter, progress, table } from '../../src/cli/support/output.ts'
import { escapeLine, escapeText } from '../../src/format/terminal-text.ts'
import { durationMs } from '../../src/format/time.ts'

const ACTS_ON_A_TERMINAL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u
const hostile = fc.string({ unit: 'binary' })

describe('what a terminal is shown', () => {
  it('holds nothing that acts on it, whatever the text', () => {
    fc.assert(fc.property(hostile, (text) => !ACTS_ON_A_TERMINAL.test(escapeLine(text))))
  })

  it('keeps plain text as it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => escapeLine(text) === text))
    expect(escapeLine('Größe – 日本')).toBe('Größe – 日本')
  })

  it.each([
    ['\u001b[31mred', '\\e[31mred'],
    ['a\nb', 'a\\nb'],
    ['a\rb', 'a\\rb'],
    ['\u0007', '\\u{7}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['user\u202efdp.exe', 'user\\u{202e}fdp.exe'],
    ['ze\u200bro', 'ze\\u{200b}ro'],
  ])('makes %j visible', (text, shown) => {
    expect(escapeLine(text)).toBe(shown)
  })

  it('keeps line breaks where a text may have several lines', () => {
    expect(escapeText('a\nb\u001b')).toBe('a\nb\\e')
  })

  it('shows JSON that reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = jsonText(value, indent)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(ACTS_ON_A_TERMINAL.test(text.replaceAll('\n', ''))).toBe(false)
      }),
    )
  })

  it('lines up columns and escapes their cells', () => {
    expect(
      table([
        ['a', 'bb'],
        ['cc\u001b', 'd'],
      ]),
    ).toBe('a     bb\ncc\\e  d')
  })
})

describe('an error', () => {
  it('names file, line, column, and the fix on its own line', () => {
    const place = { file: 'a.yaml', line: 3, column: 7 }
    expect(errorText({ message: 'is wrong', place, fix: 'mend it' })).toBe('a.yaml:3:7: is wrong\n  fix: mend it')
  })

  it('names the member where there is no line', () => {
    expect(errorText({ message: 'is wrong', place: { file: 'a.json', pointer: '/a/b' }, fix: undefined })).toBe(
      'a.json at /a/b: is wrong',
    )
  })

  it('is the message alone where nothing else is known', () => {
    expect(errorText({ message: 'is wrong', place: {}, fix: undefined })).toBe('is wrong')
  })

  it('lets no text from elsewhere begin a line', () => {
    const forged = '\n    at gradus\nok: 9 passed\n'
    expect(errorText({ message: `no ${forged}`, place: { file: forged, pointer: forged }, fix: forged })).toBe(
      '\\n    at gradus\\nok: 9 passed\\n at \\n    at gradus\\nok: 9 passed\\n: no \n  |     at gradus\n  | ok: 9 passed\n  fix: \n  |     at gradus\n  | ok: 9 passed',
    )
  })
})

describe('colour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal %s with %j is %s', (stdoutIsTty, env, coloured) => {
    expect(painter({ stdoutIsTty, env })('red', 'x') !== 'x').toBe(coloured)
  })
})

describe('progress', () => {
  const show = (stderrIsTty: boolean, quiet: boolean): string => {
    let said = ''
    let seconds = 0
    const bar = progress({ stderr: (text) => void (said += text), stderrIsTty, columns: 20, elapsed: () => seconds }, quiet)
    for (const text of ['one', 'two', 'three\u001b']) {
      bar.show(text)
      seconds += 0.06
    }
    bar.end()
    return said
  }

  it('is one line of a terminal, not more often than ten times a second, and cleaned up', () => {
    expect(show(true, false)).toBe('\r\u001b[Kone\r\u001b[Kthree\\e\r\u001b[K')
  })

  it('says nothing elsewhere', () => {
    expect(show(false, false)).toBe('')
    expect(show(true, true)).toBe('')
  })
})

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['1d12h', 129_600_000],
    ['0.5h', 1_800_000],
    ['250ms', 250],
  ])('%s is %i ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })

  it.each(['', '3', '3w', '-1d', '3 d'])('%j is none', (text) => {
    expect(() => durationMs(text)).toThrow('is not a duration')
  })
})
