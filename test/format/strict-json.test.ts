import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { readJson } from '../../src/format/json-reader.ts'
import type { JsonFaultCode, JsonLimits, JsonValue } from '../../src/format/json-value.ts'
import {
  ARRAY_ITEMS_MAX,
  BODY_BYTES_MAX,
  DEPTH_MAX,
  KEY_CHARS_MAX,
  OBJECT_KEYS_MAX,
  parseStrictJson,
  STRICT_JSON_LIMITS,
  STRING_CHARS_MAX,
  VALUES_MAX,
} from '../../src/format/strict-json.ts'

const SMALL: JsonLimits = {
  bodyBytesMax: 200,
  depthMax: 3,
  stringCharsMax: 8,
  keyCharsMax: 4,
  arrayItemsMax: 3,
  objectKeysMax: 3,
  valuesMax: 8,
  pathCharsMax: 12,
}

type Refused = { code: JsonFaultCode; pointer: string; offset: number; line: number; column: number; message: string }

function refusal(body: Uint8Array | string, limits?: JsonLimits): Refused {
  const reading = parseStrictJson(body, limits)
  if (reading.ok) throw new Error(`accepted ${JSON.stringify(reading.value)}`)
  return reading.error
}

/** Arbitrary JSON values that break no rule. */
const admissible = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' }).map((value) => JSON.parse(tamed(value)) as JsonValue)

function tamed(value: unknown): string {
  return JSON.stringify(value, (key, each: unknown) => {
    if (key === '__proto__') return undefined
    return typeof each === 'number' && Math.abs(each) > Number.MAX_SAFE_INTEGER ? 0.5 : each
  })
}

describe('parseStrictJson', () => {
  it('agrees with JSON.parse on every value it accepts, from text and from bytes, packed and spaced', () => {
    fc.assert(
      fc.property(admissible, fc.constantFrom(undefined, 2, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space)
        const expected = { ok: true, value: JSON.parse(text) as unknown }
        expect(parseStrictJson(text)).toEqual(expected)
        expect(parseStrictJson(Buffer.from(text))).toEqual(expected)
        expect(readJson(text, STRICT_JSON_LIMITS)).toEqual(expected)
      }),
    )
  })

  it('has a fast path that admits exactly what the slow reader admits, on texts made of JSON crumbs', () => {
    const crumb = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"b"',
        '"\\u0061"',
        '"\\ud800"',
        '"\\"',
        '\\',
        '"',
        ' ',
        '\n',
        '\r',
        '\t',
        '\u00a0',
      ],
      ...[
        '1',
        '-0',
        '01',
        '1e400',
        '9007199254740992',
        '9007199254740991',
        '.',
        'e',
        'true',
        'false',
        'null',
        'nul',
        '__proto__',
      ],
      ...[
        '"__proto__"',
        '"\\u005f_proto__"',
        '"longer than eight"',
        '\u0000',
        '\ud83d',
        '\ude00',
        '\u2028',
        '"x\\\\"',
        '"y\\\\\\"z"',
      ],
    )
    const text = fc.array(crumb, { maxLength: 9 }).map((crumbs) => crumbs.join(''))
    const nested = text.map((inner) => `{"a":[${inner}],"b":{${inner}}}`)
    fc.assert(
      fc.property(fc.oneof(text, nested), (candidate) => {
        for (const limits of [STRICT_JSON_LIMITS, SMALL]) {
          const reading = parseStrictJson(candidate, limits)
          const slow = readJson(candidate, limits)
          expect(reading.ok).toBe(slow.ok)
          if (reading.ok) expect(reading).toEqual({ ok: true, value: JSON.parse(candidate) as unknown })
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('finds a duplicate wherever one member of a valid document is written twice', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__'),
          admissible,
          { minKeys: 1 },
        ),
        (object) => {
          const members = Object.entries(object).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
          const error = refusal(`{"outer":[{${[...members, members[0]].join(',')}}]}`)
          const key = Object.keys(object)[0]!.replaceAll('~', '~0').replaceAll('/', '~1')
          expect(error).toMatchObject({ code: 'duplicate_key', pointer: `/outer/0/${key}` })
        },
      ),
    )
  })

  it('finds a duplicate of a key with an escape, whatever objects were read before', () => {
    // Seen once: JSON.parse of Node 24.21 took the key \" for the key \ of objects before it, so that nothing was there twice.
    const others = '" ":[],":":0,"#":"",";":{},"  ":0,"<":[],"=":[],">":{},"!":{},"":{},"?":""'
    for (const key of ['\\\\', '\\"', '\\n', '\\u0022', 'a\\\\', 'a\\"'])
      for (const before of ['\\\\', '\\"', 'a\\\\']) {
        for (let time = 0; time < 20; time += 1) JSON.parse(`{"outer":[{"${before}":null,${others}}]}`)
        expect(refusal(`{"outer":[{"${key}":null,${others},"${key}":null}]}`).code).toBe('duplicate_key')
        const once = `{"outer":[{"${key}":null,${others}}]}`
        const reading = parseStrictJson(once)
        expect(reading.ok && Object.keys((reading.value as { outer: object[] }).outer[0] as object)[0]).toBe(
          JSON.parse(`"${key}"`),
        )
      }
  })

  it.each<[string, string, JsonFaultCode, string, number]>([
    ['a duplicate key', '{"a":1,"b":2,"a":3}', 'duplicate_key', '/a', 13],
    ['a duplicate key in another spelling', '{"a":1,"\\u0061":3}', 'duplicate_key', '/a', 7],
    ['a duplicate key deep down', '[0,{"x":{"k~/":1,"k~/":1}}]', 'duplicate_key', '/1/x/k~0~1', 17],
    ['a duplicate of an inherited name', '{"toString":1,"toString":2}', 'duplicate_key', '/toString', 14],
    ['the key __proto__', '{"x":{"__proto__":{}}}', 'forbidden_key', '/x/__proto__', 6],
    ['the key __proto__, escaped', '{"\\u005f\\u005fproto__":1}', 'forbidden_key', '/__proto__', 1],
    ['an escaped lone high surrogate', '{"a":"\\ud83d"}', 'lone_surrogate', '/a', 5],
    ['an escaped lone low surrogate', '["\\ude00"]', 'lone_surrogate', '/0', 1],
    ['a raw lone surrogate', '["\ud83d"]', 'lone_surrogate', '/0', 1],
    ['a raw half and an escaped half', '["\ud83d\\ude00"]', 'lone_surrogate', '/0', 1],
    ['a lone surrogate in a key', '{"o":{"\\ud800":1}}', 'lone_surrogate', '/o', 6],
    ['2^53', '{"n":9007199254740992}', 'number_out_of_range', '/n', 5],
    ['an integer beyond 2^53', '[9007199254740993]', 'number_out_of_range', '/0', 1],
    ['a negative integer beyond 2^53', '-9007199254740993', 'number_out_of_range', '', 0],
    ['a large number in exponent form', '1e17', 'number_out_of_range', '', 0],
    ['a number that overflows', '{"n":[1e400]}', 'number_out_of_range', '/n/0', 6],
    ['bytes after the value', '{"a":1}\n{"a":2}', 'trailing_bytes', '', 8],
    ['a bracket after the value', '[]]', 'trailing_bytes', '', 2],
    ['an empty body', '', 'body_empty', '', 0],
    ['a blank body', ' \n\t', 'body_empty', '', 0],
    ['a byte order mark', '\ufeff{}', 'byte_order_mark', '', 0],
    ['a last comma in an object', '{"a":1,}', 'syntax', '', 7],
    ['a last comma in an array', '[1,]', 'syntax', '/1', 3],
    ['a missing colon', '{"a" 1}', 'syntax', '/a', 5],
    ['a missing comma in an object', '{"a":1 "b":2}', 'syntax', '', 7],
    ['a missing comma in an array', '[1 2]', 'syntax', '', 3],
    ['a key without quotes', '{a:1}', 'syntax', '', 1],
    ['single quotes', "{'a':1}", 'syntax', '', 1],
    ['a misspelled literal', '[tru]', 'syntax', '/0', 1],
    ['a literal in capitals', '[True]', 'syntax', '/0', 1],
    ['NaN', '{"a":NaN}', 'syntax', '/a', 5],
    ['none of null', '[nil]', 'syntax', '/0', 1],
    ['none of false', '[f]', 'syntax', '/0', 1],
    ['a leading zero', '[01]', 'syntax', '', 2],
    ['a lone minus', '[-]', 'syntax', '/0', 1],
    ['an unknown escape', '["\\x41"]', 'syntax', '/0', 2],
    ['a short escape', '["\\u12"]', 'syntax', '/0', 2],
    ['a raw control character', '["a\u0001"]', 'syntax', '/0', 3],
    ['an unclosed string', '{"a":"b', 'syntax', '/a', 7],
    ['an unclosed key', '{"a', 'syntax', '', 3],
    ['an unclosed object', '{"a":1', 'syntax', '', 6],
    ['an unclosed array', '[[1]', 'syntax', '', 4],
    ['a value that never comes', '{"a":', 'syntax', '/a', 5],
    ['a fault inside an object inside an array', '[{"a":!}]', 'syntax', '/0/a', 6],
  ])('refuses %s with its place', (_name, text, code, pointer, offset) => {
    const error = refusal(text)
    expect(error).toMatchObject({ code, pointer, offset })
    expect(error.message).toMatch(/^[A-Z].*: .*\.$|^Expected .*\.$/)
    if (text.isWellFormed()) expect(refusal(Buffer.from(text))).toEqual(error)
  })

  it.each<[string, string, string, JsonFaultCode, string]>([
    ['depth', '[[[0]]]', '[[[[0]]]]', 'too_deep', '/0/0/0'],
    ['depth of objects', '{"a":{"a":{}}}', '{"a":{"a":{"a":{}}}}', 'too_deep', '/a/a/a'],
    ['string length', '["12345678"]', '["123456789"]', 'string_too_long', '/0'],
    ['string length after unescaping', '["\\u0031\\u0032\\u0033"]', '["\\u00312345678\\n"]', 'string_too_long', '/0'],
    ['key length', '{"k":{"1234":0}}', '{"k":{"12345":0}}', 'key_too_long', '/k'],
    ['array items', '{"a":[1,2,3]}', '{"a":[1,2,3,4]}', 'array_too_long', '/a'],
    ['object keys', '[{"a":1,"b":2,"c":3}]', '[{"a":1,"b":2,"c":3,"d":4}]', 'object_too_large', '/0'],
    ['values', '[[1,2],[3,4],[]]', '[[1,2],[3,4],[{}]]', 'too_many_values', '/2/0'],
    ['values in objects', '{"a":{"b":1,"c":2},"d":[3,4,5]}', '{"a":{"b":1,"c":2,"d":6},"e":[3,4,5]}', 'too_many_values', '/e/2'],
    ['names on the way', '{"abcd":[[],[]]}', '{"abcd":[[],[],[]]}', 'paths_too_long', '/abcd/2'],
    ['names of several levels', '{"abcd":{"abcd":{}}}', '{"abcd":{"abcd":{},"a":{}}}', 'paths_too_long', '/abcd/a'],
    ['body bytes', `[${' '.repeat(198)}]`, `[${' '.repeat(199)}]`, 'body_too_large', ''],
  ])('accepts the limit of %s and refuses one more', (_name, within, beyond, code, pointer) => {
    expect(parseStrictJson(within, SMALL)).toEqual({ ok: true, value: JSON.parse(within) as unknown })
    expect(parseStrictJson(Buffer.from(within), SMALL).ok).toBe(true)
    expect(refusal(beyond, SMALL)).toMatchObject({ code, pointer })
    expect(refusal(Buffer.from(beyond), SMALL)).toMatchObject({ code, pointer })
  })

  it('counts bytes, not characters, of a text', () => {
    expect(parseStrictJson('"€€"', { ...SMALL, bodyBytesMax: 8 }).ok).toBe(true)
    expect(refusal('"€€"', { ...SMALL, bodyBytesMax: 7 }).code).toBe('body_too_large')
  })

  it('accepts the largest exact numbers, fractions, tiny numbers and minus zero', () => {
    const text = '[9007199254740991,-9007199254740991,0.1,1e-400,-0,9007199254740990.5]'
    expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown })
  })

  it('accepts scalars at the top and pairs of surrogates, raw or escaped', () => {
    for (const text of ['null', 'true', 'false', '0', '""', '"😀"', '"\\ud83d\\ude00"', ' {} ']) {
      expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown })
    }
  })

  it('has default limits that hold', () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
    expect(parseStrictJson(nested(DEPTH_MAX)).ok).toBe(true)
    expect(refusal(nested(DEPTH_MAX + 1)).code).toBe('too_deep')
    expect(refusal(nested(100_000)).code).toBe('too_deep')
    expect(refusal(JSON.stringify('x'.repeat(STRING_CHARS_MAX + 1))).code).toBe('string_too_long')
    expect(refusal(JSON.stringify({ ['k'.repeat(KEY_CHARS_MAX + 1)]: 1 })).code).toBe('key_too_long')
    expect(refusal(JSON.stringify(Array(ARRAY_ITEMS_MAX + 1).fill(0))).code).toBe('array_too_long')
    const keys = Array.from({ length: OBJECT_KEYS_MAX + 1 }, (_, index) => [`k${index}`, 0])
    expect(refusal(JSON.stringify(Object.fromEntries(keys))).code).toBe('object_too_large')
    const rows = (values: number): string => JSON.stringify([Array(5_000).fill('x'), Array(values - 5_003).fill(0)])
    expect(parseStrictJson(rows(VALUES_MAX)).ok).toBe(true)
    expect(refusal(rows(VALUES_MAX + 1))).toMatchObject({
      code: 'too_many_values',
      pointer: `/1/${VALUES_MAX - 5_003}`,
      message: expect.stringContaining(`the limit \`json.values_max\` is ${VALUES_MAX}`) as string,
    })
    expect(refusal(new Uint8Array(BODY_BYTES_MAX + 1)).code).toBe('body_too_large')
  })

  it.each<[string, number[], JsonFaultCode, string, number]>([
    ['a stray byte in a string', [...Buffer.from('{"a":"é'), 0xff, ...Buffer.from('"}')], 'invalid_utf8', '/a', 7],
    ['a stray byte between tokens', [...Buffer.from('[1,'), 0xc0, ...Buffer.from('2]')], 'invalid_utf8', '/1', 3],
    ['an overlong encoding', [0x22, 0xc0, 0x80, 0x22], 'invalid_utf8', '', 1],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22], 'invalid_utf8', '', 1],
    ['a character cut off at the end', [0x22, 0x61, 0xe2, 0x82], 'invalid_utf8', '', 2],
    ['a replacement character cut off', [0x22, 0x61, 0xef, 0xbf], 'invalid_utf8', '', 2],
    ['a stray byte after the value', [0x5b, 0x5d, 0xff], 'invalid_utf8', '', 2],
    [
      'a stray byte in a string that also has an honest U+FFFD',
      [...Buffer.from('["\ufffd'), 0x80, 0x22, 0x5d],
      'invalid_utf8',
      '/0',
      3,
    ],
    ['an earlier fault before the stray byte', [...Buffer.from('[1 2,"'), 0xff, 0x22, 0x5d], 'syntax', '', 3],
  ])('refuses bytes that are not UTF-8: %s', (_name, bytes, code, pointer, offset) => {
    expect(refusal(Uint8Array.from(bytes))).toMatchObject({ code, pointer, offset })
  })

  it('refuses any bytes that are not UTF-8', () => {
    const broken = fc.uint8Array({ maxLength: 30 }).filter((bytes) => !Buffer.from(Buffer.from(bytes).toString()).equals(bytes))
    fc.assert(
      fc.property(broken, (bytes) => {
        const quoted = Buffer.concat([Buffer.from('"'), Buffer.from(bytes.filter((byte) => byte >= 0x80)), Buffer.from('"')])
        expect(parseStrictJson(bytes).ok).toBe(false)
        const isValid = Buffer.from(quoted.toString()).equals(quoted)
        expect(parseStrictJson(quoted).ok).toBe(isValid)
        if (!isValid) expect(refusal(quoted).code).toBe('invalid_utf8')
      }),
    )
  })

  it('says line and column from 1', () => {
    expect(refusal('{\n  "a": 1,\n  "a": 2\n}')).toMatchObject({ offset: 14, line: 3, column: 3 })
    expect(refusal('x')).toMatchObject({ offset: 0, line: 1, column: 1 })
  })

  it('quotes what it found shortly and without control characters', () => {
    expect(refusal('[\u0007]').message).toContain('"\\u0007"')
    const long = JSON.stringify('k'.repeat(100))
    expect(refusal(`{${long}:1,${long}:2}`).message.length).toBeLessThan(140)
  })

  it('does not touch the prototype of what it returns', () => {
    const reading = parseStrictJson('{"constructor":{"prototype":{"polluted":true}}}')
    expect(reading.ok).toBe(true)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('numbers that are not exact in every reader', () => {
  const limits = { ...STRICT_JSON_LIMITS, largeNumbersAsText: true }
  const read = (text: string): unknown => {
    const reading = parseStrictJson(text, limits)
    return reading.ok ? reading.value : reading.error.code
  }

  it('are read as their digits where that is asked for, and nowhere else', () => {
    expect(read('{"at": 1772445600123456789, "small": 7}')).toEqual({ at: '1772445600123456789', small: 7 })
    expect(read('[-9007199254740993, 1e400]')).toEqual(['-9007199254740993', '1e400'])
    expect(read('9'.repeat(65))).toBe('number_out_of_range')
    expect(parseStrictJson('1772445600123456789')).toMatchObject({ ok: false, error: { code: 'number_out_of_range' } })
  })
})
