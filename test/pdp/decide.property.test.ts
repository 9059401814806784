import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type Element, leq, TOP } from '../../src/lattice/meet.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import { BUNDLE_SOURCES, type Ceiling, MANDATORY_SOURCES } from '../../src/model/ceiling.ts'
import { chainTerm } from '../../src/pdp/chain-term.ts'
import { decide } from '../../src/pdp/decide.ts'
import type { DecisionInputs } from '../../src/pdp/decision-inputs.ts'
import { type Matrix, matrixCell } from '../../src/pdp/matrix-schema.ts'
import { concede, graduations, inputs, OPEN, STANDARD } from './arbitraries.ts'
import { referenceDecide } from './reference-decide.ts'

/** A million of them take three to twenty minutes per law: `GRADUS_RUNS=1000000 npx vitest run test/pdp`. fast-check prints the seed of a failure. */
const numRuns = Number(process.env['GRADUS_RUNS'] ?? 2_000)
const timeoutMs = Math.max(30_000, 3 * numRuns)

function baseElement({ base, approval }: DecisionInputs): Element {
  if (base === null) return { ...TOP, outcome: 'deny' }
  const answered = base.cause === undefined ? base.outcome : 'deny'
  const outcome = answered === 'require_approval' && approval?.same_policy_set === true ? 'allow_guarded' : answered
  return { outcome, obligations: base.obligations ?? [], guardrails: base.guardrails ?? {} }
}

/** Stricter than the shipped matrix. */
const STRICT: Matrix = { ...STANDARD, '2': STANDARD['1'], '3': STANDARD['2'] }

describe('decide', () => {
  it('agrees with the slow, obvious second implementation', { timeout: timeoutMs }, () => {
    fc.assert(
      fc.property(inputs, (each) => {
        expect(decide(each)).toEqual(referenceDecide(each))
      }),
      { numRuns },
    )
  })

  it('is never above what the base grants either of the two about whom it is asked', { timeout: timeoutMs }, () => {
    fc.assert(
      fc.property(inputs, ({ delegator, ...own }) => {
        fc.pre(delegator !== undefined)
        const both = decide({ ...own, delegator })
        expect(leq(both, baseElement(own))).toBe(true)
        expect(leq(both, baseElement({ ...own, base: delegator.base }))).toBe(true)
        expect(leq(both, decide(own))).toBe(true)
      }),
      { numRuns },
    )
  })

  it('P19 is never above the base, whatever the other terms are', { timeout: timeoutMs }, () => {
    fc.assert(
      fc.property(inputs, (each) => leq(decide(each), baseElement(each))),
      { numRuns },
    )
  })

  it('says the same twice, byte for byte, also after the inputs went through a record', { timeout: timeoutMs }, () => {
    const recordable = inputs.filter(({ graduation }) => graduation !== undefined)
    fc.assert(
      fc.property(recordable, (each) => {
        const replayed = JSON.parse(JSON.stringify(each)) as DecisionInputs
        expect(JSON.stringify(decide(replayed))).toBe(JSON.stringify(decide(each)))
      }),
      { numRuns },
    )
  })

  it('does not depend on the order in which the bundle states its terms', () => {
    fc.assert(
      fc.property(inputs, (each) => {
        const graduation = Array.isArray(each.graduation) ? [...(each.graduation as unknown[])].reverse() : each.graduation
        const { ceilings: some, ...a } = decide(each)
        const { ceilings: same, ...b } = decide({ ...each, graduation })
        expect(JSON.stringify(b)).toBe(JSON.stringify(a))
        expect(same).toHaveLength(some.length)
      }),
    )
  })

  it('is never raised by more terms beside complete ones', { timeout: timeoutMs }, () => {
    fc.assert(
      fc.property(inputs, graduations, (each, more) => {
        const before = decide(each)
        fc.pre(!before.reasons.some((reason) => reason.startsWith('term_missing')))
        const added = Array.isArray(more) ? (more as unknown[]) : [more]
        const after = decide({ ...each, graduation: [...(each.graduation as unknown[]), ...added] })
        return outcomeLeq(after.outcome, before.outcome)
      }),
      { numRuns },
    )
  })

  it('denies, naming the term, where a mandatory term of the bundle is missing or there twice', () => {
    const terms = [concede('trust'), concede('risk'), concede('category')]
    for (const source of BUNDLE_SOURCES) {
      const missing = decide({ ...OPEN, graduation: terms.filter((each) => each.source !== source) })
      const doubled = decide({ ...OPEN, graduation: [...terms, concede(source)] })
      for (const decision of [missing, doubled]) {
        expect(decision).toMatchObject({
          outcome: 'deny',
          decision: false,
          reasons: [`term_missing:${source}`],
          limiting: [source],
        })
        expect(decision.advice).toEqual([])
      }
    }
  })

  it('denies where the bundle states a term that only the decision point may', () => {
    for (const source of MANDATORY_SOURCES.filter((each) => !BUNDLE_SOURCES.some((own) => own === each))) {
      const graduation = [...(OPEN.graduation as Ceiling[]), concede(source)]
      expect(decide({ ...OPEN, graduation })).toMatchObject({ outcome: 'deny', reasons: [`term_missing:${source}`] })
    }
  })

  it.each([
    [undefined],
    [null],
    [[]],
    [{}],
    [false],
    ['allow'],
    [[null]],
    [[...(OPEN.graduation as Ceiling[]), { source: 'context' }]],
  ])('denies where the bundle answered %j', (graduation) => {
    const decision = decide({ ...OPEN, graduation })
    expect(decision.outcome).toBe('deny')
    expect(decision.reasons).toEqual(['term_missing:trust', 'term_missing:risk', 'term_missing:category'])
  })

  it('denies where the bundle answered more terms than are read', () => {
    const graduation = [...(OPEN.graduation as Ceiling[]), ...Array.from({ length: 254 }, () => concede('context'))]
    expect(decide({ ...OPEN, graduation }).outcome).toBe('deny')
    expect(decide({ ...OPEN, graduation: graduation.slice(1) }).outcome).toBe('deny')
    expect(decide({ ...OPEN, graduation: graduation.slice(0, 256) }).outcome).toBe('allow')
  })
})

describe('the chain', () => {
  it('judges no link more lightly, whatever the tiers, levels and matrices', () => {
    fc.assert(
      fc.property(inputs, (each) => {
        const matrices = { ...each.matrices, high: STRICT }
        const { tier, band, sensitive, links } = each
        const { outcome } = chainTerm({ ...each, matrices })
        for (const { tier: own, known, level_effective } of links)
          for (const judged of [own, tier]) {
            const level = known ? level_effective : 0
            expect(outcomeLeq(outcome, matrixCell({ matrices, tier: judged, level, band, sensitive }))).toBe(true)
          }
      }),
      { numRuns: 2_000 },
    )
  })
})
