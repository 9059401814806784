import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { loadRiskDocuments, type RiskProblem } from '../../src/risk/load-documents.ts'

const RULE = {
  id: 'large-amount',
  reason: 'the amount is large',
  points: 2,
  conditions: { all: [{ fact: 'amount', path: '$.value', operator: 'greaterThan', value: 1_000 }] },
}
const text = (change: object = {}): string => JSON.stringify({ id: 'money', version: '1', rules: [RULE], ...change }, null, 2)
const load = (...texts: string[]) => loadRiskDocuments(texts.map((each, index) => ({ file: `risk/${index}.json`, text: each })))
const problems = (each: string): readonly RiskProblem[] => {
  const loading = load(each)
  return loading.ok ? [] : loading.problems
}
const leaf = (change: object): string =>
  text({ rules: [{ ...RULE, conditions: { any: [{ not: { ...RULE.conditions.all[0], ...change } }] } }] })

describe('risk documents', () => {
  it('are read with their defaults, in the order of their ids', () => {
    const loading = load(
      text({ $schema: '../schemas/risk.json' }),
      text({ id: 'hours', rules: [] }),
      text({ id: 'z', rules: [] }),
    )
    expect(loading).toMatchObject({ ok: true, documents: [{ id: 'hours', rules: [] }, { id: 'money' }, { id: 'z' }] })
    expect(loading.ok && loading.documents[1]?.rules[0]).toEqual({ ...RULE, priority: 1, obligations: [] })
  })
  it('that are no JSON are named with file and line', () => {
    const [problem] = problems('{\n  "id": "x",\n  oops\n}')
    expect(problem).toMatchObject({ file: 'risk/0.json', rule: null, line: 3, column: expect.any(Number) as number })
  })
  it('with a duplicate key are refused', () => {
    expect(problems('{"id":"a","id":"b"}')[0]?.message).toMatch(/id/u)
  })
  it.each([
    ['no id', text({ id: undefined }), '/id', null, 1],
    ['points below 0', text({ rules: [{ ...RULE, points: -1 }] }), '/rules/0/points', 'large-amount', 8],
    ['points that are no integer', text({ rules: [{ ...RULE, points: 1.5 }] }), '/rules/0/points', 'large-amount', 8],
    ['a rule without an id', text({ rules: [{ ...RULE, id: undefined }] }), '/rules/0/id', null, 5],
    ['a rule id twice', text({ rules: [RULE, RULE] }), '/rules/1/id', 'large-amount', 21],
    ['an unknown operator', leaf({ operator: 'matches' }), '/rules/0/conditions/any/0/not/operator', 'large-amount', 15],
    ['an unknown fact', leaf({ fact: 'ammount' }), '/rules/0/conditions/any/0/not/fact', 'large-amount', 13],
    ['a path that is an expression', leaf({ path: '$..value' }), '/rules/0/conditions/any/0/not/path', 'large-amount', 14],
    ['a path to no member', leaf({ path: '$.total' }), '/rules/0/conditions/any/0/not/path', 'large-amount', 14],
    ['no path', leaf({ path: undefined }), '/rules/0/conditions/any/0/not/path', 'large-amount', 12],
    ['a text for a number operator', leaf({ value: '1000' }), '/rules/0/conditions/any/0/not/value', 'large-amount', 16],
    ['a list for a number operator', leaf({ value: [1] }), '/rules/0/conditions/any/0/not/value', 'large-amount', 16],
    ['a single value for in', leaf({ operator: 'in' }), '/rules/0/conditions/any/0/not/value', 'large-amount', 16],
    ['a list for equal', leaf({ operator: 'equal', value: [1] }), '/rules/0/conditions/any/0/not/value', 'large-amount', 16],
    [
      'another fact as the value',
      leaf({ value: { fact: 'trust', path: '$.score' } }),
      '/rules/0/conditions/any/0/not/value',
      'large-amount',
      16,
    ],
    ['an unknown member of a condition', leaf({ params: {} }), '/rules/0/conditions/any/0/not', 'large-amount', 12],
    ['an empty group', text({ rules: [{ ...RULE, conditions: { all: [] } }] }), '/rules/0/conditions/all', 'large-amount', 10],
    ['conditions that are none', text({ rules: [{ ...RULE, conditions: 5 }] }), '/rules/0/conditions', 'large-amount', 9],
    ['a rule that is null', text({ rules: [null] }), '/rules/0', null, 5],
    ['rules that are no list', text({ rules: {} }), '/rules', null, 4],
  ])('with %s are named with file, rule, place and line', (_, document, pointer, rule, line) => {
    expect(problems(document)).toContainEqual({
      file: 'risk/0.json',
      column: expect.any(Number) as number,
      rule,
      pointer,
      line,
      message: expect.any(String) as string,
    })
    expect(problems(document)).toHaveLength(1)
  })
  it('say what a fact has where the path names something else', () => {
    expect(problems(leaf({ fact: 'trust', path: '$.points' }))[0]?.message).toBe(
      'fact "trust" has no such member; it has: score, level_effective, level_granted, confidence, failure_bound',
    )
  })
  it('may nest conditions 8 deep, not 9', () => {
    const nested = (depth: number): object =>
      depth === 1 ? RULE.conditions.all[0]! : depth % 2 ? { not: nested(depth - 1) } : { any: [nested(depth - 1)] }
    const deep = (depth: number): string => text({ rules: [{ ...RULE, conditions: nested(depth) }] })
    expect(problems(deep(8))).toEqual([])
    expect(problems(deep(9))).toMatchObject([
      {
        pointer: '/rules/0/conditions',
        message: 'conditions are nested more than 8 levels deep: the limit `risk.condition_depth_max` is 8',
      },
    ])
  })
  it('may not share an id', () => {
    const loading = load(text(), text())
    expect(loading).toMatchObject({ ok: false, problems: [{ file: 'risk/1.json', pointer: '/id' }] })
    expect(loading.ok || loading.problems[0]?.message).toContain('risk/0.json')
  })
  it('that are any other JSON are refused with a line, never by throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t'), (value, space) => {
        for (const document of [value, { id: value, version: '1', rules: [{ ...RULE, conditions: value }] }]) {
          const found = problems(JSON.stringify(document, null, space))
          expect(found.length).toBeGreaterThan(0)
          expect(found.every(({ line }) => line !== null && line >= 1)).toBe(true)
        }
      }),
    )
  })
  it('are all refused where one is wrong', () => {
    expect(load(text(), '{').ok).toBe(false)
  })
})
