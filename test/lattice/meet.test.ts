import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalJson } from '../../src/format/canonical-json.ts'
import {
  contradictions,
  leq,
  meet,
  meetAll,
  meetGuardrails,
  normalize,
  obligationKey,
  TOP,
  unionObligations,
} from '../../src/lattice/meet.ts'
import { lowerOutcome, mayRun, outcomeLeq } from '../../src/lattice/outcome-order.ts'
import { OUTCOMES } from '../../src/model/outcome.ts'
import { elements, guardrails, obligations } from './arbitraries.ts'

const bytes = (value: unknown): string => JSON.stringify(value)

describe('the meet (laws P16–P19)', () => {
  it('P16 the meet is commutative, byte for byte', () => {
    fc.assert(fc.property(elements, elements, (a, b) => bytes(meet(a, b)) === bytes(meet(b, a))))
  })
  it('P17 the meet is associative, byte for byte', () => {
    fc.assert(fc.property(elements, elements, elements, (a, b, c) => bytes(meet(meet(a, b), c)) === bytes(meet(a, meet(b, c)))))
  })
  it('P18 the meet is idempotent, also for terms that are not yet in their one spelling', () => {
    fc.assert(
      fc.property(
        elements,
        (a) => bytes(meet(a, a)) === bytes(normalize(a)) && bytes(normalize(normalize(a))) === bytes(normalize(a)),
      ),
    )
  })
  it('has allow without duties and bounds as its top', () => {
    fc.assert(fc.property(elements, (a) => bytes(meet(TOP, a)) === bytes(normalize(a)) && leq(a, TOP)))
  })
  it('is the order: a ⊑ b exactly if a ⊓ b = a', () => {
    fc.assert(fc.property(elements, elements, (a, b) => leq(a, b) === (bytes(meet(a, b)) === bytes(normalize(a)))))
  })
  it('is the greatest lower bound', () => {
    const below = (a: Parameters<typeof leq>[0], b: typeof a, c: typeof a): boolean =>
      !(leq(c, a) && leq(c, b)) || leq(c, meet(a, b))
    fc.assert(fc.property(elements, elements, (a, b) => leq(meet(a, b), a) && leq(meet(a, b), b)))
    fc.assert(fc.property(elements, elements, elements, (a, b, c) => below(a, b, c) && below(a, b, meet(meet(a, b), c))))
  })
  it('does not care about the order of many terms, and none is above the first', () => {
    const terms = fc.array(elements, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(terms, ([first, ...rest]) => {
        const all = meetAll([first!, ...rest])
        const [last, ...others] = [first!, ...rest].reverse()
        return bytes(all) === bytes(meetAll([last!, ...others])) && leq(all, first!)
      }),
    )
  })
})

describe('a cap', () => {
  it.each([
    ['a list', { actions_per_hour_max: ['many'] }, ['actions_per_hour_max']],
    ['a list beside a number', { amount_max: ['5'], records_max: 5 }, ['amount_max']],
    ['a negative number', { tool_amount_per_day_max: -1 }, ['tool_amount_per_day_max']],
    ['no number at all', { tool_amount_per_day_max: Number.NaN }, ['tool_amount_per_day_max']],
    ['a number', { amount_max: 0 }, []],
  ])('that is %s', (_what, guardrails, impossible) => {
    expect(contradictions(meetGuardrails(guardrails, {}))).toEqual(impossible)
    expect(meet({ ...TOP, guardrails }, TOP).outcome).toBe(impossible.length === 0 ? 'allow' : 'deny')
  })
})

describe('outcomes', () => {
  it('are a chain from deny to allow', () => {
    for (const [low, a] of OUTCOMES.entries())
      for (const [high, b] of OUTCOMES.entries()) {
        expect(lowerOutcome(a, b)).toBe(OUTCOMES[Math.min(low, high)])
        expect(outcomeLeq(a, b)).toBe(low <= high)
      }
  })
  it('run from allow_guarded upwards', () => {
    expect(OUTCOMES.map(mayRun)).toEqual([false, false, false, true, true])
  })
})

describe('guardrails', () => {
  it.each([
    ['the smaller cap', { amount_max: 5 }, { amount_max: 3 }, { amount_max: 3 }],
    ['the shared entries of lists, sorted', { d: ['c', 'a', 'b'] }, { d: ['b', 'c', 'x'] }, { d: ['b', 'c'] }],
    ['nothing where lists share nothing', { d: ['a'] }, { d: ['b'] }, { d: [] }],
    ['nothing where a number meets a list', { d: 5 }, { d: ['b'] }, { d: [] }],
    ['nothing where a list meets a number', { d: ['b'] }, { d: 5 }, { d: [] }],
    ['bounds of either side', { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['no negative zero', { a: -0 }, {}, { a: 0 }],
    ['nothing for a negative cap', { a: -1 }, {}, { a: [] }],
    ['nothing for a cap that is no number', { a: Number.NaN }, { a: 1 }, { a: [] }],
    ['own names only', { a: 1 }, Object.create({ a: 0, constructor: 1 }) as Record<string, number>, { a: 1 }],
  ])('meet in %s', (_, a, b, want) => {
    expect(meetGuardrails(a, b)).toEqual(want)
  })
  it('that are there but undefined allow nothing', () => {
    expect(meetGuardrails({ amount_max: undefined } as never, {})).toEqual({ amount_max: [] })
    expect(leq(TOP, { ...TOP, guardrails: { amount_max: undefined } as never })).toBe(false)
  })
  it('that allow nothing deny, and are named in order', () => {
    const element = { ...TOP, guardrails: { z: [], a: [], m: 1 } }
    expect(meetAll([element])).toMatchObject({ outcome: 'deny' })
    expect(contradictions(element.guardrails)).toEqual(['a', 'z'])
  })
  it('contradict each other in any nesting of meets', () => {
    fc.assert(
      fc.property(guardrails, guardrails, guardrails, (a, b, c) => {
        const left = meetGuardrails(meetGuardrails(a, b), c)
        return bytes(left) === bytes(meetGuardrails(a, meetGuardrails(b, c)))
      }),
    )
  })
})

describe('obligations', () => {
  it('are the same exactly if their canonical JSON is', () => {
    const plain = ({ properties, ...rest }: typeof obligations extends fc.Arbitrary<infer T> ? T : never): unknown =>
      properties === undefined || Object.keys(properties).length === 0 ? rest : { ...rest, properties }
    fc.assert(fc.property(obligations, (each) => obligationKey(each) === canonicalJson(plain(each))))
  })
  it('are united: each once, sorted, whatever the order they came in', () => {
    const a = { id: 'b', performer: 'pep', properties: { y: 1, x: 2 } } as const
    const same = { id: 'b', performer: 'pep', properties: { x: 2, y: 1 } } as const
    const audit = { id: 'audit', performer: 'pdp', properties: {} } as const
    expect(bytes(unionObligations([a, audit], [same]))).toBe(bytes(unionObligations([same], [audit, a])))
    expect(unionObligations([a, audit], [same])).toEqual([{ id: 'audit', performer: 'pdp' }, same])
  })
})
