import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { LeafRecord } from '../../src/audit/record-draft.ts'
import { openEntry, saltSource, sealEntry, withoutValues } from '../../src/stores/seal.ts'

const SENSITIVE = ['/body/request/context', '/body/facts']
const salts = saltSource()
const key = fc.constantFrom('a', 'b', 'c/d', 'e~f', '')
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value
const step = fc.oneof(key, fc.constantFrom('0', '1'))
const escaped = (steps: readonly string[]): string =>
  steps.map((each) => `/${each.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
const mask = fc.tuple(
  fc.constantFrom('/body/request/context', '/body/request', '/body/facts', '/body/other'),
  fc.array(step, { maxLength: 3 }),
)
const SECRET = 'the secret'

/** Puts the secret where a pointer leads; undefined when it leads nowhere. */
function plant(value: unknown, [head, ...rest]: readonly string[]): unknown {
  if (head === undefined) return SECRET
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, head)) return undefined
  const inner = plant((value as Record<string, unknown>)[head], rest)
  if (inner === undefined) return undefined
  return Array.isArray(value) ? value.with(Number(head), inner) : { ...value, [head]: inner }
}

describe('sealing a record', () => {
  it('never keeps a masked value anywhere, whatever is masked, and gives the rest back', () => {
    fc.assert(
      fc.property(tree, tree, tree, mask, (context, facts, other, [start, steps]) => {
        const whole = { kind: 'decision', body: { request: { context }, facts, other } }
        const path = [...start.slice(1).split('/'), ...steps]
        const planted = plant(whole, path) as LeafRecord | undefined
        const masked = [start + escaped(steps)]
        const { leaf, payload } = sealEntry(planted ?? (whole as LeafRecord), SENSITIVE, masked, salts)
        expect(Buffer.from(leaf).toString() + JSON.stringify(payload)).not.toContain(SECRET)
        const opened = openEntry(0, leaf, payload)
        expect(opened.state).toBe(planted === undefined ? 'whole' : 'masked')
        if (planted === undefined) expect(opened.record).toEqual(whole)
      }),
    )
  })

  it('lets every sealed value be erased by the pointers of its kind, and leaves none of them in what is kept', () => {
    fc.assert(
      fc.property(tree, fc.option(mask, { nil: undefined }), (context, hidden) => {
        const record = {
          kind: 'decision',
          body: { request: { context: { secret: SECRET, context } }, facts: SECRET },
        } as LeafRecord
        const masked = hidden === undefined ? [] : [hidden[0] + escaped(hidden[1])]
        const { leaf, payload } = sealEntry(record, SENSITIVE, masked, salts)
        const without = withoutValues(payload, SENSITIVE)
        expect(Buffer.from(leaf).toString() + JSON.stringify(without.payload)).not.toContain(SECRET)
        expect(openEntry(0, leaf, without.payload).state).toBe(without.values > 0 ? 'erased' : 'masked')
      }),
    )
  })

  it('gives two records with equal values different digests', () => {
    const record = { body: { facts: 'x' } }
    const [one, other] = [1, 2].map(() => Buffer.from(sealEntry(record, SENSITIVE, [], salts).leaf).toString())
    expect(one).not.toBe(other)
  })
})
