import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { loosened, modeOf, type ModeQuestion } from '../../src/policy/modes.ts'
import { type ModeRule, ModeRules } from '../../src/policy/settings.ts'

const KEY = new Uint8Array(32).fill(7)
const question: ModeQuestion = { tenant: 'acme', agent: 'mailer', scope: 'communication:full', session: 's1' }
const modes = (...rules: ModeRule[]) => modeOf(ModeRules.parse(rules), question, KEY)

describe('the mode of a decision', () => {
  it('is enforce where nothing is said, and for a human without an agent', () => {
    expect(modes()).toEqual({ mode: 'enforce', observed_terms: [], observed_rules: [] })
    expect(modeOf([{ mode: 'observe' }], { ...question, agent: null }, KEY).mode).toBe('enforce')
  })

  it('is that of the most specific line, in whatever order they stand', () => {
    const lines: ModeRule[] = [
      { mode: 'observe' },
      { mode: 'enforce', tenant: 'acme' },
      { mode: 'observe', agent: 'mailer' },
      { mode: 'enforce', scope: 'communication:full' },
      { mode: 'observe', tenant: 'acme', agent: 'mailer' },
      { mode: 'enforce', tenant: 'acme', scope: 'communication:full' },
      { mode: 'observe', agent: 'mailer', scope: 'communication:full' },
      { mode: 'enforce', tenant: 'acme', agent: 'mailer', scope: 'communication:full' },
    ]
    lines.forEach((_, last) => {
      const some = lines.slice(0, last + 1)
      const expected = lines[last]!.mode
      fc.assert(
        fc.property(fc.shuffledSubarray(some, { minLength: some.length }), (shuffled) => {
          expect(modes(...shuffled).mode).toBe(expected)
        }),
        { numRuns: 20 },
      )
    })
  })

  it('is not touched by lines about others', () => {
    expect(
      modes({ mode: 'observe', tenant: 'b' }, { mode: 'observe', agent: 'b' }, { mode: 'observe', scope: 'files:full' }).mode,
    ).toBe('enforce')
  })

  it('can be about one term or one rule document, each with its own most specific line', () => {
    expect(
      modes(
        { mode: 'observe', term: 'category' },
        { mode: 'observe', term: 'context' },
        { mode: 'enforce', agent: 'mailer', term: 'context' },
        { mode: 'observe', rules: 'novelty' },
      ),
    ).toEqual({ mode: 'enforce', observed_terms: ['category'], observed_rules: ['novelty'] })
  })

  it('of a percentage is enforced for about that share of sessions, and a session never changes sides as the share grows', () => {
    const sessions = Array.from({ length: 2_000 }, (_, index) => `session-${index}`)
    const sides = (percent: number) =>
      sessions.filter((session) => modeOf([{ mode: 'enforce', percent }], { ...question, session }, KEY).mode === 'enforce')
    const ten = sides(10)
    const thirty = sides(30)
    expect(ten.length / sessions.length).toBeCloseTo(0.1, 1)
    expect(thirty.length / sessions.length).toBeCloseTo(0.3, 1)
    expect(thirty).toEqual(expect.arrayContaining(ten))
    expect(sides(0)).toEqual([])
    expect(sides(100)).toHaveLength(sessions.length)
  })

  it('of a percentage cannot be computed without the key', () => {
    const side = (key: Uint8Array) => (session: string) =>
      modeOf([{ mode: 'enforce', percent: 50 }], { ...question, session }, key).mode
    const sessions = Array.from({ length: 64 }, (_, index) => `s${index}`)
    expect(sessions.map(side(KEY))).not.toEqual(sessions.map(side(new Uint8Array(32).fill(8))))
  })
})

describe('modes in the configuration', () => {
  it.each([
    ['two lines about the same', [{ mode: 'observe' }, { mode: 'enforce' }], 'same as line 1'],
    ['a term and a document', [{ mode: 'observe', term: 'risk', rules: 'x' }], 'not both'],
    ['a percentage of observe', [{ mode: 'observe', percent: 5 }], 'enforce'],
    ['the base', [{ mode: 'observe', term: 'base' }], 'Invalid'],
    ['containment', [{ mode: 'observe', term: 'containment' }], 'Invalid'],
  ])('refuse %s', (_, rules, message) => {
    expect(ModeRules.safeParse(rules).error?.message).toContain(message)
  })
})

describe('a change of modes', () => {
  it.each([
    [[], [{ mode: 'observe' }], 1],
    [[{ mode: 'observe' }], [], 0],
    [[{ mode: 'observe' }], [{ mode: 'observe' }, { mode: 'enforce', agent: 'mailer' }], 0],
    [[{ mode: 'observe' }, { mode: 'enforce', agent: 'mailer' }], [{ mode: 'observe' }], 1],
    [[{ mode: 'enforce', percent: 50 }], [{ mode: 'enforce', percent: 20 }], 1],
    [[{ mode: 'enforce', percent: 20 }], [{ mode: 'enforce', percent: 50 }], 0],
    [[], [{ mode: 'observe', term: 'category' }], 1],
  ] as const)('from %j to %j loosens %i lines', (before, after, count) => {
    expect(loosened(before, after)).toHaveLength(count)
  })

  it('is loosening for whoever a more specific line protected, also where lines cross', () => {
    const agents: ModeRule[] = [{ mode: 'observe', agent: 'mailer' }]
    const protectedScope: ModeRule[] = [{ mode: 'enforce', tenant: 'acme', scope: 'communication:full' }, ...agents]
    expect(loosened(protectedScope, agents)).toEqual(['["acme","mailer","communication:full",null,null]'])
  })

  it('is told wherever somebody is less enforced than before, and never where nothing changed', () => {
    const some = <T>(...values: T[]) => fc.constantFrom(undefined, ...values)
    const rule = fc.record({
      mode: fc.constant('enforce' as const),
      percent: fc.constantFrom(0, 30, 100),
      tenant: some('t', 'u'),
      agent: some('a', 'b'),
      scope: some('files:full', 'files:light'),
    }) as fc.Arbitrary<ModeRule>
    const rules = fc.uniqueArray(rule, { selector: ({ tenant, agent, scope }) => `${tenant}/${agent}/${scope}`, maxLength: 6 })
    const sessions = Array.from({ length: 12 }, (_, index) => `s${index}`)
    const everybody = ['t', 'u', 'x'].flatMap((tenant) =>
      ['a', 'b', 'x'].flatMap((agent) =>
        (['files:full', 'files:light', 'mail:full'] as const).map((scope) => ({ tenant, agent, scope })),
      ),
    )
    const isObserved = (of: readonly ModeRule[], who: Omit<ModeQuestion, 'session'>, session: string) =>
      modeOf(of, { ...who, session }, KEY).mode === 'observe'
    fc.assert(
      fc.property(rules, rules, (before, after) => {
        const lessFor = everybody.filter((who) =>
          sessions.some((session) => isObserved(after, who, session) && !isObserved(before, who, session)),
        )
        if (lessFor.length > 0) expect(loosened(before, after)).not.toEqual([])
        if (loosened(before, after).length === 0) expect(lessFor).toEqual([])
        expect(loosened(before, before)).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('that only tightens is never called loosening, and back it is', () => {
    const rule = fc.record<ModeRule>({
      mode: fc.constantFrom('enforce', 'observe'),
      agent: fc.constantFrom(undefined, 'a', 'b'),
      scope: fc.constantFrom(undefined, 'files:full'),
    })
    fc.assert(
      fc.property(fc.uniqueArray(rule, { selector: ({ agent, scope }) => `${agent}/${scope}`, maxLength: 5 }), (rules) => {
        const all = rules.map((each) => ({ ...each, mode: 'enforce' as const }))
        expect(loosened(rules, all)).toEqual([])
        expect(loosened(all, rules)).toHaveLength(rules.filter(({ mode }) => mode === 'observe').length)
      }),
    )
  })
})
