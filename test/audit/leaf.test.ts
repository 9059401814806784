import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { LEAF_BYTES_MAX, type LeafPayload, openRecord, type SealedRecord, sealRecord } from '../../src/audit/leaf.ts'
import type { LeafRecord } from '../../src/audit/record-draft.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'

/** Salts that count. */
function counting(): () => Uint8Array {
  let count = 0
  return () => new Uint8Array(16).fill((count += 1))
}

function seal(record: LeafRecord, pointers: readonly string[], masked: readonly string[] = [], salts = counting()): SealedRecord {
  const sealed = sealRecord(record, { sensitive: pointers, masked }, salts)
  if (!sealed.ok) throw new Error(sealed.error.message)
  return sealed
}

const sensitive = (...pointers: readonly string[]) => ({ sensitive: pointers, masked: [] })
const parse = (leaf: Uint8Array): Record<string, unknown> => JSON.parse(Buffer.from(leaf).toString()) as Record<string, unknown>
const bytes = (value: unknown): Uint8Array => Buffer.from(canonicalJson(value))

const record = {
  id: 'd-1',
  request: { action: { arguments: { to: 'x@example.com', amount: 10 } }, parties: ['ann', 'bob'], 'a/b~c': true },
}
const pointers = ['/request/action/arguments', '/request/parties/1', '/request/a~1b~0c', '/nothing', '/request/parties/7']

describe('sealRecord', () => {
  it('puts salted digests in place of values, and values and salts beside the leaf', () => {
    const { leaf, payload } = seal(record, ['/request/action/arguments', '/request/parties/1'])
    const salt = new Uint8Array(16).fill(1)
    const digest = createHash('sha256').update(salt).update('{"amount":10,"to":"x@example.com"}').digest('hex')
    expect(parse(leaf)).toEqual({
      id: 'd-1',
      form: 2,
      request: { action: {}, parties: ['ann', null], 'a/b~c': true },
      sealed: { '/request/action/arguments': digest, '/request/parties/1': expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(Buffer.from(leaf).toString()).toBe(canonicalJson(parse(leaf)))
    expect(payload['/request/action/arguments']).toEqual({
      salt: 'AQEBAQEBAQEBAQEBAQEBAQ',
      value: { to: 'x@example.com', amount: 10 },
    })
  })

  it('gives equal values different digests', () => {
    const sealed = parse(seal({ a: 'same', b: 'same' }, ['/a', '/b']).leaf)['sealed'] as Record<string, string>
    expect(sealed['/a']).not.toBe(sealed['/b'])
  })

  it('skips pointers to nothing, and those into a value that is already sealed', () => {
    const { payload } = seal(record, [
      ...pointers,
      '/request/action/arguments/to',
      '/request/action/arguments',
      '/id/x',
      '/request/parties/01',
      '/toString',
    ])
    expect(Object.keys(payload).sort()).toEqual(['/request/action/arguments', '/request/a~1b~0c', '/request/parties/1'])
  })

  it('leaves the record it was given as it was', () => {
    const before = canonicalJson(record)
    seal(record, pointers)
    expect(canonicalJson(record)).toBe(before)
  })

  it.each(['', 'a', '/a~2', '/__proto__/x', '/a~'])('refuses %j as a pointer, as a bug of the configuration', (pointer) => {
    expect(() => sealRecord({ a: 1 }, sensitive(pointer), counting())).toThrow(TypeError)
  })

  it('refuses a record that uses its own word, a salt of the wrong length, and what is not JSON', () => {
    expect(() => sealRecord({ form: 1 }, sensitive(), counting())).toThrow('must not have a member "form"')
    expect(() => sealRecord({ sealed: {} }, sensitive(), counting())).toThrow('must not have a member "sealed"')
    expect(() => sealRecord({ a: 1 }, sensitive('/a'), () => new Uint8Array(15))).toThrow('A salt has 16 bytes, got 15')
    expect(() => sealRecord({ a: undefined }, sensitive(), counting())).toThrow('at "/a": undefined')
  })

  it('accepts the largest leaf, refuses one byte more, and does not count sealed values', () => {
    const around = '{"form":2,"sealed":{},"text":""}'.length
    const text = 'x'.repeat(LEAF_BYTES_MAX - around)
    expect(seal({ text }, []).leaf).toHaveLength(LEAF_BYTES_MAX)
    const refused = sealRecord({ text: `${text}x` }, sensitive(), counting())
    expect(refused).toMatchObject({ ok: false, error: { code: 'leaf_too_large', pointer: '' } })
    expect(!refused.ok && refused.error.message).toContain(
      `the limit \`audit.leaf_bytes_max\` is ${LEAF_BYTES_MAX}, name its large fields as sensitive`,
    )
    expect(sealRecord({ text: `${text}x` }, sensitive('/text'), counting()).ok).toBe(true)
  })
})

describe('openRecord', () => {
  it('gives back any record, whatever was sealed', () => {
    const tree = fc.dictionary(
      fc.string({ maxLength: 3 }).filter((key) => !['__proto__', 'sealed', 'form'].includes(key)),
      fc.jsonValue({ maxDepth: 3 }),
      { maxKeys: 5 },
    )
    const noise = fc.array(fc.constantFrom('/a', '/0', '/a/0', '/a/b', '/ ', '/a~1'), { maxLength: 4 })
    fc.assert(
      fc.property(tree, noise, fc.nat(), (value, more, nth) => {
        const clean = JSON.parse(canonicalJson(value).replaceAll('"__proto__"', '"proto"')) as LeafRecord
        const all = pointersOf(clean)
        const some = all.filter((_, index) => (nth >> (index % 20)) % 2 === 1)
        const { leaf, payload } = seal(clean, [...some, ...more])
        const stored = JSON.parse(JSON.stringify(payload)) as LeafPayload
        expect(openRecord(leaf, stored)).toEqual({
          ok: true,
          record: JSON.parse(canonicalJson(clean)) as unknown,
          state: 'whole',
          masked: [],
          removed: [],
          bindsMasks: true,
        })
      }),
      { numRuns: 300 },
    )
  })

  it('tells masked from removed, and says which values are missing', () => {
    const [second, first, third] = ['/request/action/arguments', '/request/a~1b~0c', '/request/parties/1'] as const
    const { leaf, payload } = seal(record, [first, third], [second])
    expect(Object.keys(payload)).toEqual([first, third])
    expect(Buffer.from(leaf).toString()).not.toContain('x@example.com')
    expect(openRecord(leaf, payload)).toEqual({
      ok: true,
      record: { id: 'd-1', request: { action: {}, parties: ['ann', 'bob'], 'a/b~c': true } },
      state: 'masked',
      masked: [second],
      removed: [],
      bindsMasks: true,
    })
    const rest = Object.fromEntries(Object.entries(payload).filter(([pointer]) => pointer !== third))
    expect(openRecord(leaf, rest)).toMatchObject({
      state: 'erased',
      masked: [second],
      removed: [third],
      record: { request: { parties: ['ann', null] } },
    })
    expect(openRecord(leaf, {})).toMatchObject({ ok: true, state: 'erased', masked: [second], removed: [first, third] })
  })

  it('never takes a value for masked that the leaf does not bind as masked, nor the other way round', () => {
    const { leaf, payload } = seal({ a: 1, b: 2 }, ['/a'], ['/b'])
    const fault = (entries: LeafPayload) => openRecord(leaf, entries)
    expect(fault({ '/a': { masked: true } })).toMatchObject({ error: { code: 'payload_mismatch', pointer: '/a' } })
    for (const entry of [{ masked: true } as const, payload['/a']!])
      expect(fault({ ...payload, '/b': entry })).toMatchObject({ error: { code: 'payload_unknown', pointer: '/b' } })
  })

  it('reads a leaf of before masks were bound: what stands beside it says what was masked', () => {
    const { payload } = seal({ a: 1 }, ['/a'])
    const { salt } = payload['/a'] as { readonly salt: string }
    const digest = createHash('sha256').update(Buffer.from(salt, 'base64url')).update('1').digest('hex')
    const leaf = bytes({ sealed: { '/a': digest } })
    expect(openRecord(leaf, payload)).toMatchObject({ record: { a: 1 }, state: 'whole', bindsMasks: false })
    expect(openRecord(leaf, { '/a': { masked: true } })).toMatchObject({ state: 'masked', masked: ['/a'], bindsMasks: false })
    expect(openRecord(leaf, {})).toMatchObject({ state: 'erased', removed: ['/a'], bindsMasks: false })
  })

  it.each([null, 'text', 1, [], {}, { salt: 1, value: 1 }, { salt: 'AQEBAQEBAQEBAQEBAQEBAQ' }])(
    'refuses what is no entry: %j',
    (entry) => {
      const { leaf } = seal({ a: 1 }, ['/a'])
      expect(openRecord(leaf, { '/a': entry } as unknown as LeafPayload)).toMatchObject({
        ok: false,
        error: { code: 'payload_mismatch', pointer: '/a' },
      })
    },
  )

  it('refuses a changed value or salt, with its place', () => {
    const { leaf, payload } = seal({ a: 1, b: 2 }, ['/a', '/b'])
    const entry = payload['/a'] as { salt: string; value: number }
    const changes = [{ ...entry, value: 2 }, { ...entry, salt: 'AAAAAAAAAAAAAAAAAAAAAA' }, payload['/b']!]
    for (const changed of changes) {
      expect(openRecord(leaf, { ...payload, '/a': changed })).toMatchObject({
        ok: false,
        error: { code: 'payload_mismatch', pointer: '/a' },
      })
    }
  })

  it('refuses a value that the leaf did not seal', () => {
    const { leaf, payload } = seal({ a: 1 }, ['/a'])
    const more = { ...payload, '/b': payload['/a']! }
    expect(openRecord(leaf, more)).toMatchObject({ ok: false, error: { code: 'payload_unknown', pointer: '/b' } })
  })

  it.each<[string, Uint8Array]>([
    ['not JSON', Buffer.from('{')],
    ['not canonical', Buffer.from('{"sealed": {}}')],
    ['not an object', bytes([1])],
    ['null', bytes(null)],
    ['without digests', bytes({ a: 1 })],
    ['with a list of digests', bytes({ sealed: [] })],
    ['with a digest that is no text', bytes({ form: 2, sealed: { '/a': 1 } })],
    ['of a form that is not known', bytes({ form: 3, sealed: {} })],
    ['with a mask in a form that does not bind masks', bytes({ sealed: { '/a': null } })],
    ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ])('refuses a leaf that is %s', (_name, leaf) => {
    expect(openRecord(leaf, {})).toMatchObject({ ok: false, error: { code: 'leaf_malformed', pointer: '' } })
  })

  it.each(['nonsense', '/gone/deep', '/text/0', '/list/3', '/list/0/x', '/__proto__'])(
    'refuses a leaf that seals a value at %s',
    (pointer) => {
      const { leaf, payload } = seal({ value: 1, text: 'x', list: [null] }, ['/value'])
      const { sealed, ...rest } = parse(leaf) as { sealed: Record<string, string> }
      const moved = bytes({ ...rest, sealed: { [pointer]: sealed['/value'] } })
      expect(openRecord(moved, { [pointer]: payload['/value']! })).toMatchObject({
        ok: false,
        error: { code: 'leaf_malformed', pointer },
      })
    },
  )
})

/** Every pointer into a value, leaves and containers. */
function pointersOf(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return at === '' ? [] : [at]
  const below = Object.entries(value).flatMap(([key, item]) =>
    pointersOf(item, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
  return at === '' ? below : [at, ...below]
}
