import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CONTENT_CHARS_MAX } from '../../src/risk/content-classes.ts'
import { argumentsOf } from '../../src/risk/facts.ts'
import { claimedValue, type Comparison, compare, type Operator } from '../../src/risk/operators.ts'
import { sizeReading, listReading, type ClaimReading } from '../../src/risk/readings.ts'
import { OPERATORS, RiskDocument } from '../../src/risk/rule-document.ts'
import { compileRiskRules } from '../../src/risk/rules.ts'
import { ACTION, facts, request, SOURCES } from './samples.ts'

type Sources = Parameters<typeof facts>[0]

const evaluate = (conditions: object, change: Sources = {}) =>
  compileRiskRules([
    RiskDocument.parse({ id: 'd', version: '1', rules: [{ id: 'r', reason: 'x', conditions, points: 3 }] }),
  ]).evaluate(facts(change))

const claiming = (context: object, change: Sources = {}): Sources => ({ request: request({}, context as never), ...change })

describe('what is only claimed', () => {
  it('is named with everything that it may be, and is absent where nothing is', () => {
    expect(facts().readings).toBeUndefined()
    expect(facts(claiming({ environment: 'production', purpose: 'p', jurisdiction: 'EU', session: 's' })).readings).toEqual({
      request: {
        environment: { kind: 'one_of', values: [null, 'production'] },
        purpose: { kind: 'one_of', values: [null, 'p'] },
        jurisdiction: { kind: 'one_of', values: [null, 'EU'] },
        session: { kind: 'one_of', values: [null, 's'] },
      },
    })
    expect(facts(claiming({ session: 's' }, { vouchedSession: true })).readings).toBeUndefined()
  })

  it('is a classification: above what the catalogue says, or, where that says nothing, beside what is assumed', () => {
    const readings = (said: string, classification: typeof ACTION.classification) =>
      facts(claiming({ classification: said }, { action: { ...ACTION, classification } })).readings
    expect(readings('public', null)).toEqual({
      content: { classification: { kind: 'one_of', values: ['public', 'internal'] } },
    })
    expect(readings('public', 'personal')).toBeUndefined()
    expect(readings('harmless', 'personal')).toEqual({
      content: { classification: { kind: 'one_of', values: ['personal', 'restricted'] } },
    })
    expect(readings('personal', 'public')).toEqual({
      content: {
        classification: { kind: 'one_of', values: ['public', 'personal'] },
        sensitive: { kind: 'one_of', values: [false, true] },
      },
    })
  })

  it('is a class of content that is not in the arguments', () => {
    const asked = request({ body: 'a discount' }, { content_classes: ['legal', 'pricing'] })
    expect(facts({ request: asked }).readings?.content).toEqual({
      classes: { kind: 'with', known: ['pricing'], claimed: ['legal'] },
    })
    const properties = { note: 'a discount' }
    const beside = { ...request(), resource: { type: 'record', id: 'r-1', properties } }
    expect(facts({ request: beside }).readings?.content).toEqual({ classes: { kind: 'with', known: [], claimed: ['pricing'] } })
    const tooLong = { ...beside, resource: { ...beside.resource, properties: { note: 'x'.repeat(CONTENT_CHARS_MAX) } } }
    expect(facts({ request: tooLong }).unavailable).toEqual(['content'])
    expect(argumentsOf(beside)).toEqual({})
  })

  it('is what claims change of the action and of trust', () => {
    const action = { ...ACTION, reversibility: 2 as const, static_points: 3 }
    const trust = SOURCES.trust!
    const claimed = { ...trust, score: trust.score / 2 }
    const { readings } = facts({ action, trust: claimed, unclaimed: { action: { ...ACTION, preconditions: [] }, trust } })
    expect(readings).toEqual({
      action: {
        reversibility: { kind: 'between', least: 0, most: 2 },
        static_points: { kind: 'between', least: 1, most: 3 },
      },
      trust: { score: { kind: 'between', least: trust.score / 2, most: trust.score } },
    })
    expect(facts({ trust: null, unclaimed: { trust } }).readings).toBeUndefined()
  })
})

describe('a rule on what is only claimed', () => {
  const place = (operator: string, value: unknown, fact = 'content', path = '$.classification') => ({
    fact,
    path,
    operator,
    value,
  })

  it.each([
    ['not public, of what is claimed to be public', { all: [place('notEqual', 'public')] }, { classification: 'public' }],
    ['internal, of what is claimed to be personal', { all: [place('equal', 'internal')] }, { classification: 'personal' }],
    ['public, of what is claimed to be public', { all: [place('equal', 'public')] }, { classification: 'public' }],
    ['not sensitive, of the same', { not: place('equal', true, 'content', '$.sensitive') }, { classification: 'personal' }],
    ['without an environment', { all: [place('equal', null, 'request', '$.environment')] }, { environment: 'test' }],
    ['without a class', { all: [place('doesNotContain', 'legal', 'content', '$.classes')] }, { content_classes: ['legal'] }],
    ['with fewer classes', { all: [place('lessThan', 1, 'content', '$.classes.length')] }, { content_classes: ['legal'] }],
  ])('counts in the worse reading, and names what is claimed: %s', async (_, conditions, context) => {
    const { points, rules, unavailable, band } = await evaluate(conditions, claiming(context))
    expect(points).toBe(ACTION.static_points + 3)
    expect(rules[0]?.claimed).toHaveLength(1)
    expect([unavailable, band]).not.toContain('unavailable')
    expect(unavailable).toEqual([])
  })

  it('counts in neither reading where it holds in neither, and names nothing where it holds in both', async () => {
    const either = claiming({ classification: 'public' })
    expect((await evaluate({ all: [place('equal', 'personal')] }, either)).rules).toEqual([])
    const both = await evaluate({ all: [place('notIn', ['personal', 'restricted'])] }, either)
    expect(both.rules).toEqual([{ id: 'r', document: 'd', points: 3, reason: 'x' }])
  })

  it('is as one on what nobody can know where it asks a claim for something that it is not', async () => {
    const claimed = claiming({ environment: 'test', content_classes: ['legal'] })
    const of = async (fact: string, path: string) =>
      (await evaluate({ all: [place('equal', 1, fact, path)] }, claimed)).unavailable
    expect(await of('request', '$.environment.length')).toEqual(['request.environment.length'])
    expect(await of('content', '$.classes.size')).toEqual(['content.classes.size'])
  })

  it('fires as ever where the content cannot be read at all', async () => {
    const { unavailable } = await evaluate(
      { all: [place('equal', 'public')] },
      claiming({ classification: 'public', content_classes: 7 }),
    )
    expect(unavailable).toEqual(['content'])
  })
})

describe('a comparison of a reading', () => {
  const constant = fc.oneof(fc.integer({ min: -1, max: 5 }), fc.constantFrom('a', 'b', true, false, null))
  const numbers = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })).map(([one, other]): ClaimReading => ({
    kind: 'between',
    least: Math.min(one, other),
    most: Math.max(one, other),
  }))
  const lists = fc.tuple(fc.subarray(['a', 'b']), fc.subarray(['c', 'd'])).map(([known, claimed]): ClaimReading => ({
    kind: 'with',
    known,
    claimed,
  }))
  const reading = fc.oneof(
    numbers,
    lists,
    fc
      .uniqueArray(fc.constantFrom<unknown>('a', 'b', null, true), { minLength: 1 })
      .map((values): ClaimReading => ({ kind: 'one_of', values })),
  )

  /** Every value that it may be; of numbers, those that whole constants tell apart. */
  function everyValue(of: ClaimReading): readonly unknown[] {
    if (of.kind === 'one_of') return of.values
    if (of.kind === 'between') return Array.from({ length: 2 * (of.most - of.least) + 1 }, (_, index) => of.least + index / 2)
    return [0, 1, 2, 3].map((bits) => [...of.known, ...of.claimed.filter((_, index) => (bits & (1 << index)) !== 0)])
  }

  it('comes to what the comparisons of all its values come to', () => {
    const trial = fc.tuple(
      fc.constantFrom<Operator>(...OPERATORS),
      reading,
      fc.oneof(constant, fc.array(constant, { minLength: 1, maxLength: 3 })),
    )
    fc.assert(
      fc.property(trial, ([operator, of, value]) => {
        const each = new Set(everyValue(of).map((one) => compare(operator, one, value)))
        const expected: Comparison = each.has('unknown') ? 'unknown' : each.size > 1 ? 'either' : [...each][0]!
        expect(compare(operator, claimedValue(of), value)).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('sees what lies between two numbers that a rule names, also where it names both ends', () => {
    const levels = claimedValue({ kind: 'between', least: 2, most: 4 })
    expect(compare('notIn', levels, [2, 4])).toBe('either')
    expect(compare('in', levels, [1, 5])).toBe(false)
    expect(compare('greaterThan', levels, 1)).toBe(true)
  })

  it('is of a list, and of how long that may be', () => {
    expect(listReading(['a'], ['a'])).toBeUndefined()
    const list = listReading(['a'], ['a', 'b', 'c'])!
    expect(sizeReading(list)).toEqual({ kind: 'between', least: 1, most: 3 })
    expect(sizeReading({ kind: 'one_of', values: [null, 'a'] })).toBeUndefined()
  })
})
