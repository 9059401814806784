import { createHash } from 'node:crypto'

import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { requestDigest } from '../../src/decisions/request-digest.ts'
import { CANONICAL_DEPTH_MAX, canonicalJson, sha256Hex } from '../../src/format/canonical-json.ts'

function fromBits(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleBE()
}

describe('canonicalJson', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number %s of RFC 8785 appendix B as %s', (bits, text) => {
    expect(canonicalJson(fromBits(bits))).toBe(text)
  })

  it('writes the examples of RFC 8785, 3.2.2 and 3.2.3', () => {
    const values =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
    expect(canonicalJson(JSON.parse(values))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
    const keys =
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}'
    expect(canonicalJson(JSON.parse(keys))).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    )
  })

  it('writes nested and index-like keys in code unit order', () => {
    const value = { 1: { f: { f: 'hi', F: 5 }, '\n': 56 }, 10: {}, '': 'empty', a: {}, 111: [{}], 9: 0, A: {} }
    expect(canonicalJson(value)).toBe('{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"9":0,"A":{},"a":{}}')
  })

  it('agrees with the canonicalize package on arbitrary JSON', () => {
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' })
    const wide = fc.dictionary(
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
      { maxKeys: 40 },
    )
    fc.assert(
      fc.property(fc.oneof(value, wide), (each) => {
        expect(canonicalJson(each)).toBe(canonicalize(each))
      }),
      { numRuns: 500 },
    )
  })

  it('reads back as the value, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 25 }), (object) => {
        const text = canonicalJson(object)
        const turned = Object.fromEntries(Object.entries(object).reverse())
        expect(canonicalJson(turned)).toBe(text)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'at "": undefined'],
    ['an undefined member', { a: { b: undefined } }, 'at "/a/b": undefined'],
    ['an undefined item', [1, undefined], 'at "/1": undefined'],
    ['a hole', Array(1), 'at "/0": undefined'],
    ['NaN', { 'x/y': [NaN] }, 'at "/x~1y/0": the number NaN'],
    ['an infinity', [-Infinity], 'at "/0": the number -Infinity'],
    ['a lone surrogate', { a: '\ud800' }, 'at "/a": a string with a lone surrogate'],
    ['a lone surrogate in a key', { a: { '\udc00': 1 } }, 'at "/a": a key with a lone surrogate'],
    ['a bigint', [1n], 'at "/0": a bigint'],
    ['a function', { f: () => 1 }, 'at "/f": a function'],
    ['a symbol', [Symbol('s')], 'at "/0": a symbol'],
    ['a date', { at: new Date(0) }, 'at "/at": an object that is not a plain object or array'],
    ['a map', new Map([[1, 2]]), 'at "": an object that is not a plain object or array'],
  ])('refuses %s and says where', (_name, value, message) => {
    expect(() => canonicalJson(value)).toThrow(new TypeError(`Not canonical JSON ${message}`))
  })

  it('refuses a cycle, and what is nested too deep', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => canonicalJson(cycle)).toThrow(
      'nested more than 128 levels deep: the limit `audit.canonical_depth_max` is 128, or it is a cycle',
    )
    const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)])
    expect(canonicalJson(nested(CANONICAL_DEPTH_MAX))).toHaveLength(2 * CANONICAL_DEPTH_MAX + 1)
    expect(() => canonicalJson(nested(CANONICAL_DEPTH_MAX + 1))).toThrow(TypeError)
  })

  it('accepts objects without a prototype', () => {
    expect(canonicalJson(Object.assign(Object.create(null), { b: 1, a: 2 }))).toBe('{"a":2,"b":1}')
  })
})

describe('sha256Hex', () => {
  it('hashes a text as UTF-8 and bytes as they are', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(sha256Hex('é')).toBe(createHash('sha256').update('é', 'utf8').digest('hex'))
    expect(sha256Hex(Uint8Array.of(0xc3, 0xa9))).toBe(sha256Hex('é'))
  })
})

describe('requestDigest', () => {
  const request = {
    subject: { type: 'agent', id: 'a-1' },
    action: { name: 'send', properties: { arguments: { to: 'x@example.com' } } },
    resource: { type: 'mail', id: 'm-1' },
  }

  it('is the hex SHA-256 over the canonical tenant and request', () => {
    const text =
      '{"request":{"action":{"name":"send","properties":{"arguments":{"to":"x@example.com"}}},"context":{"session":"s"},"resource":{"id":"m-1","type":"mail"},"subject":{"id":"a-1","type":"agent"}},"tenant":"acme"}'
    expect(requestDigest({ ...request, context: { session: 's' } }, 'acme')).toBe(createHash('sha256').update(text).digest('hex'))
  })

  it('does not change when an approval is added, whatever the context was', () => {
    const contexts = [undefined, {}, { session: 's' }, { approval_hint: 1, nested: { approval: 2 } }]
    for (const context of contexts) {
      const first = context === undefined ? request : { ...request, context }
      expect(requestDigest({ ...request, context: { ...context, approval: { id: 'ap-1' } } }, 'acme')).toBe(
        requestDigest(first, 'acme'),
      )
    }
    expect(requestDigest({ ...request, context: undefined }, 'acme')).toBe(requestDigest(request, 'acme'))
  })

  it('changes with the tenant and with every other part of the request', () => {
    const digests = [
      requestDigest(request, 'acme'),
      requestDigest(request, 'other'),
      requestDigest({ ...request, context: { session: 's' } }, 'acme'),
      requestDigest({ ...request, context: { nested: { approval: 2 } } }, 'acme'),
      requestDigest({ ...request, action: { name: 'send', properties: { arguments: { to: 'y@example.com' } } } }, 'acme'),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })
})
