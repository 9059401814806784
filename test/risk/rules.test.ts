import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalJson, sha256Hex } from '../../src/format/canonical-json.ts'
import { compileRiskRules } from '../../src/risk/rules.ts'
import { referenceRisk, type RiskConditionsInput } from './reference-rules.ts'
import { ACTION, amountFacts, documentOf, facts, request } from './samples.ts'

const evaluate = (conditions: unknown, over = facts(), rule: object = {}) =>
  compileRiskRules([documentOf(conditions, rule)]).evaluate(over)
const condition = (fact: string, path: string, operator: string, value: unknown) => ({ fact, path: `$.${path}`, operator, value })

describe('rules', () => {
  it('add points and duties to the static points, and are named with their document and reason', async () => {
    const conditions = { all: [condition('amount', 'value', 'greaterThan', 1_000)] }
    const over = amountFacts({ amount: 1_000.01 })
    expect(await evaluate(conditions, over, { obligations: ['notify_owner', 'alert_soc'] })).toEqual({
      points: 3,
      band: 'medium',
      rules: [{ id: 'rule', document: 'doc', points: 2, reason: 'because' }],
      obligations: ['alert_soc', 'notify_owner'],
      unavailable: [],
    })
    expect(await evaluate(conditions, amountFacts({ amount: 1_000 }))).toMatchObject({
      points: 1,
      band: 'low',
      rules: [],
      obligations: [],
    })
  })
  it('raise a read out of its band', async () => {
    const read = facts({ action: { ...ACTION, category: 'read_only' } })
    const never = condition('time', 'off_hours', 'equal', true)
    expect((await evaluate(never, read)).band).toBe('read')
    expect((await evaluate({ not: never }, read)).band).toBe('medium')
    expect((await evaluate({ not: never }, read, { points: 3 })).band).toBe('high')
  })
  it.each([
    ['equal', 'internal', true],
    ['equal', 'public', false],
    ['notEqual', 'public', true],
    ['notEqual', 'internal', false],
    ['in', ['public', 'internal'], true],
    ['in', ['public'], false],
    ['notIn', ['public'], true],
    ['notIn', ['internal'], false],
  ])('compare a text: %s %j is %s', async (operator, value, fires) => {
    expect((await evaluate(condition('content', 'classification', operator, value))).rules).toHaveLength(fires ? 1 : 0)
  })
  it.each([
    ['lessThan', 3, false],
    ['lessThan', 4, true],
    ['lessThanInclusive', 3, true],
    ['lessThanInclusive', 2, false],
    ['greaterThan', 3, false],
    ['greaterThan', 2, true],
    ['greaterThanInclusive', 3, true],
    ['greaterThanInclusive', 4, false],
  ])('compare a number: 3 %s %d is %s', async (operator, value, fires) => {
    expect((await evaluate(condition('counters', 'actions_last_hour', operator, value))).rules).toHaveLength(fires ? 1 : 0)
  })
  it.each([
    ['contains', true],
    ['doesNotContain', false],
  ])('look into a list: %s', async (operator, fires) => {
    const over = facts({ request: request({ body: 'a discount' }) })
    expect((await evaluate(condition('content', 'classes', operator, 'pricing'), over)).rules).toHaveLength(fires ? 1 : 0)
  })
  it('compare a known absence with texts', async () => {
    expect(await evaluate(condition('request', 'environment', 'equal', 'production'))).toMatchObject({
      rules: [],
      unavailable: [],
    })
    expect((await evaluate(condition('request', 'environment', 'equal', null))).rules).toHaveLength(1)
    expect((await evaluate(condition('request', 'environment', 'notIn', ['test', 'staging']))).rules).toHaveLength(1)
  })
  it('read nested arguments by member, not by expression', async () => {
    const over = facts({ request: request({ order: { total: 5, 'a-b': 1 } }) })
    expect((await evaluate(condition('arguments', 'order.total', 'equal', 5), over)).rules).toHaveLength(1)
    expect((await evaluate(condition('arguments', 'order.a-b', 'equal', 1), over)).rules).toHaveLength(1)
    expect(await evaluate(condition('arguments', 'order.constructor.name', 'equal', 'Object'), over)).toMatchObject({
      unavailable: ['arguments.order.constructor.name'],
    })
  })
  it('are named in one order, whatever the order of documents and priorities', async () => {
    const always = condition('time', 'hour', 'lessThan', 24)
    const documents = [documentOf(always, { priority: 1 }, 'b'), documentOf(always, { priority: 9 }, 'a')]
    const forwards = compileRiskRules(documents)
    const backwards = compileRiskRules([...documents].reverse())
    expect((await forwards.evaluate(facts())).rules.map(({ document }) => document)).toEqual(['a', 'b'])
    expect(await backwards.evaluate(facts())).toEqual(await forwards.evaluate(facts()))
    expect(backwards.digest).toBe(forwards.digest)
    expect(forwards.digest).toBe(sha256Hex(canonicalJson(forwards.documents)))
  })
  it('may be none at all', async () => {
    expect(await compileRiskRules([]).evaluate(facts())).toEqual({
      points: 1,
      band: 'low',
      rules: [],
      obligations: [],
      unavailable: [],
    })
  })
})

describe('a fact that cannot be relied on makes the band the highest, and is named', () => {
  it.each([['1,000,000'], ['5'], [null], [true], [[5]], [undefined]])(
    'an amount of %j, whether or not a rule reads it',
    async (amount) => {
      const highest = { band: 'high', unavailable: ['amount'] }
      expect(await evaluate(condition('amount', 'value', 'greaterThan', 10), amountFacts({ amount }))).toMatchObject(highest)
      expect(await compileRiskRules([]).evaluate(amountFacts({ amount }))).toMatchObject({ ...highest, points: 1 })
    },
  )
  it.each([
    ['"1,000,000"', '1,000,000'],
    ['null', null],
    ['a boolean', true],
    ['nothing', undefined],
    ['a text of digits', '12'],
  ])('an argument that is %s where a rule compares numbers', async (_, amount) => {
    const over = facts({ request: request({ amount }) })
    for (const operator of ['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive']) {
      const risk = await evaluate(condition('arguments', 'amount', operator, 10), over)
      expect(risk).toMatchObject({ band: 'high', unavailable: ['arguments.amount'] })
    }
  })
  it.each([
    ['equal', 5, 'five'],
    ['equal', 'five', 5],
    ['equal', 'five', ['five']],
    ['notEqual', true, 'true'],
    ['in', [1, 2], '1'],
    ['notIn', ['a'], {}],
    ['contains', 'a', 'abc'],
    ['doesNotContain', 'a', { a: 1 }],
    ['equal', 5, null],
    ['lessThan', 5, Number.NaN],
  ])('an argument of another type than %s %j: %j', async (operator, value, argument) => {
    const risk = await evaluate(condition('arguments', 'x', operator, value), facts({ request: request({ x: argument }) }))
    expect(risk).toMatchObject({ band: 'high', unavailable: ['arguments.x'] })
  })
  it('counters that are not known here, also under a not', async () => {
    const over = facts({ counters: null })
    const read = condition('counters', 'first_use', 'equal', true)
    for (const conditions of [read, { not: read }, { not: { not: read } }, { any: [read, { not: read }] }])
      expect(await evaluate(conditions, over)).toMatchObject({ band: 'high', unavailable: ['counters'] })
  })
  it('trust that could not be read', async () => {
    const risk = await evaluate(condition('trust', 'score', 'lessThan', 0.5), facts({ trust: null }))
    expect(risk).toMatchObject({ band: 'high', unavailable: ['trust'] })
  })
  it('but not where the rule fails without it', async () => {
    const guarded = {
      all: [condition('request', 'action', 'equal', 'refund'), condition('arguments', 'amount', 'greaterThan', 10)],
    }
    expect(await evaluate(guarded)).toMatchObject({ band: 'low', rules: [], unavailable: [] })
  })
  it('and not where the tool has no such thing', async () => {
    for (const operator of ['greaterThan', 'equal', 'notEqual'])
      expect(await evaluate(condition('amount', 'value', operator, 10))).toMatchObject({
        band: 'low',
        rules: [],
        unavailable: [],
      })
  })
  it('and neither does a rule fire silently without it: its points and duties count', async () => {
    const over = facts({ counters: null })
    const risk = await evaluate(condition('counters', 'actions_last_hour', 'greaterThan', 100), over, {
      obligations: ['alert_soc'],
    })
    expect(risk).toMatchObject({ points: 3, obligations: ['alert_soc'], rules: [{ id: 'rule' }] })
  })
})

describe('an engine that fails', () => {
  it('makes the band the highest, with every duty a rule could have added, and is thrown away', async () => {
    let made = 0
    const rules = compileRiskRules([documentOf(condition('time', 'hour', 'equal', 99), { obligations: ['alert_soc'] })], () => {
      made += 1
      const engine = made
      return { run: () => (engine === 1 ? Promise.reject(new Error('broken')) : Promise.resolve({ events: [] })) }
    })
    const failed = { points: 1, band: 'high', rules: [], obligations: ['alert_soc'], unavailable: ['amount', 'rule_engine'] }
    expect(await rules.evaluate(amountFacts({ amount: '5' }))).toEqual(failed)
    expect(await rules.evaluate(facts())).toMatchObject({ band: 'low', unavailable: [] })
    expect(await rules.evaluate(facts())).toMatchObject({ band: 'low', unavailable: [] })
    expect(made).toBe(2)
  })
  it('ignores an event that is of no rule', async () => {
    const rules = compileRiskRules([], () => ({
      run: () => Promise.resolve({ events: [{ type: 'fired' }, { type: 'x', params: { index: 7 } }] }),
    }))
    expect(await rules.evaluate(facts())).toMatchObject({ rules: [], band: 'low' })
  })
})

describe('overlapping requests', () => {
  it('do not disturb each other: 1,000 at once answer as one after the other', async () => {
    const documents = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => {
      const amount = condition('amount', 'value', 'greaterThan', index * 60)
      const hour = { not: condition('time', 'hour', 'lessThan', 4 * index) }
      return documentOf(index % 2 === 0 ? amount : hour, { priority: index + 1, points: index + 1 }, id)
    })
    const rules = compileRiskRules(documents)
    const requests = Array.from({ length: 1_000 }, (_, index) => ({
      ...facts({
        request: request({ amount: index % 7 === 0 ? String(index) : (index * 37) % 400 }),
        action: { ...ACTION, arguments: { amount: '/amount' } },
        time: { epoch_ms: 0, iso: '', hour: index % 24, weekday: 3 },
      }),
    }))
    // Started a few promises apart: json-rules-engine 7.3.1 skips rules of a run where another of the same engine ends first.
    const together = await Promise.all(
      requests.map(async (each, index) => {
        for (let ticks = 0; ticks < index % 29; ticks += 1) await Promise.resolve()
        return rules.evaluate(each)
      }),
    )
    const inTurn = []
    for (const each of requests) inTurn.push(await rules.evaluate(each))
    expect(together).toEqual(inTurn)
    expect(new Set(together.map((risk) => JSON.stringify(risk))).size).toBeGreaterThan(10)
  })
})

describe('the engine', () => {
  const values = fc.constantFrom<unknown>(0, 1, 5, -1, '1,000,000', '1', 'a', null, true, false, [], ['a', 1], {}, undefined)
  const leaf = fc
    .record({
      fact: fc.constant('arguments'),
      path: fc.constantFrom('$.x', '$.y', '$.x.z'),
      comparison: fc.constantFrom(
        ['equal', 1],
        ['equal', 'a'],
        ['notEqual', null],
        ['in', ['a', 1]],
        ['notIn', [true]],
        ['contains', 'a'],
        ['doesNotContain', 1],
        ['lessThan', 1],
        ['lessThanInclusive', 1],
        ['greaterThan', 0],
        ['greaterThanInclusive', 5],
      ),
    })
    .map(({ fact, path, comparison: [operator, value] }) => ({ fact, path, operator, value }))
  const { conditions } = fc.letrec<{ conditions: RiskConditionsInput }>((tie) => ({
    conditions: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf as fc.Arbitrary<RiskConditionsInput>,
      fc.record({ all: fc.array(tie('conditions'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('conditions'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ not: tie('conditions') }),
    ),
  }))

  it('fires exactly the rules that hold, or could hold, by a slow and obvious second reading', async () => {
    await fc.assert(
      fc.asyncProperty(conditions, values, values, async (rule, x, y) => {
        const over = facts({ request: request({ ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) }) })
        const { possible, reads } = referenceRisk(rule, { x, y })
        const risk = await evaluate(rule, over)
        expect(risk.rules).toHaveLength(possible ? 1 : 0)
        expect(risk.unavailable).toEqual(possible ? reads : [])
        expect(risk.band).toBe(possible ? (reads.length > 0 ? 'high' : 'medium') : 'low')
      }),
      { numRuns: 500 },
    )
  })
  it('never leaves fewer points than the static ones', async () => {
    await fc.assert(
      fc.asyncProperty(conditions, values, async (rule, x) => {
        const over = facts({ request: request({ x: x ?? null }) })
        expect((await evaluate(rule, over)).points).toBeGreaterThanOrEqual(over.action.static_points)
      }),
      { numRuns: 100 },
    )
  })
})
