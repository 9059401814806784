import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import { newRater } from '../../src/ledger/fold/rater-record.ts'
import { heldBackUntil } from '../../src/trust/bounds.ts'
import { changeComposition } from '../../src/trust/composition.ts'
import { EvidenceSource } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { addEvidence } from '../../src/trust/evidence.ts'
import { promoteScope, promotionGates } from '../../src/trust/promotion.ts'
import {
  isCalibrated,
  isRater,
  isRubberStamp,
  raterWeight,
  verifiersFor,
  withoutLargestRater,
  withRaterShare,
} from '../../src/trust/raters.ts'
import {
  type AgentTrust,
  newAgentTrust,
  RATERS_MAX,
  scopeOf,
  type ScopeTrust,
  VERIFIERS_MAX,
  withScope,
} from '../../src/trust/stored-trust.ts'

const NOW = Date.UTC(2026, 2, 2, 10)
const MAIL = 'mail:full'
const LAYERS = ['identity', 'behaviour', 'context', 'outcome'] as const
const share = (rater: string, units = 1, count = 1, calibrated: boolean | null = false, eventTimeMs = NOW) => ({
  rater,
  units,
  count,
  calibrated,
  eventTimeMs,
})

/** An agent at L2 in mail, long enough, with so many clean decisions; every nth of them is `rater`'s word alone. */
function agentWith(units: number, rated: number, raters: (index: number) => string = () => 'rita'): AgentTrust {
  let agent = newAgentTrust()
  for (let index = 0; index < units; index += 1) {
    for (const layer of LAYERS)
      agent = addEvidence(
        agent,
        {
          ...{ scope: MAIL, layer, polarity: 'positive', weight: 1, eventTimeMs: NOW },
          ...{ verifier: `verifier-${String(index % 3)}`, countsForLadder: layer === 'outcome' },
        },
        NOW,
        C,
      ).agent
    if (index < rated) agent = withScope(agent, MAIL, withRaterShare(scopeOf(agent, MAIL), share(raters(index)), C))
  }
  const scope = scopeOf(agent, MAIL)
  // The e-process as it stands at L2 after so many clean decisions.
  const ladder = { ...scope.ladder, level: 2 as const, e: units * Math.log((1 - 0.02) / (1 - 0.05)), sinceMs: NOW - 8 * DAY_MS }
  return withScope(agent, MAIL, { ...scope, ladder })
}

const gate = (agent: AgentTrust) =>
  promotionGates(agent, MAIL, { nowMs: NOW, human: false }, C).find((one) => one.gate === 'largest_rater')

describe('who is a rater', () => {
  it('people and agents that judge are; automatic verification is not', () => {
    expect(EvidenceSource.options.filter(isRater)).toEqual(['human', 'end_user', 'llm_judge'])
  })

  it('weighs the lower bound of the canaries they caught, once there are twenty', () => {
    const known = (seen: number, caught: number) => ({ ...newRater(), canaries: { seen, caught } })
    expect(raterWeight(known(19, 19), C)).toBeNull()
    expect(raterWeight(known(20, 20), C)).toBeCloseTo(20 / 23, 9)
    expect(raterWeight(known(20, 0), C)).toBe(0)
    expect(raterWeight(known(100, 80), C)).toBeLessThan(0.8)
    expect([isCalibrated(known(19, 0), C), isCalibrated(known(20, 0), C)]).toEqual([false, true])
  })

  it('looks like a rubber stamp who says yes to nearly everything, faster than it can be read', () => {
    const record = (approved: number, rejected: number, hasty: number) => ({ ...newRater(), approved, rejected, hasty })
    expect(isRubberStamp(record(19, 0, 19), C)).toBe(false)
    expect(isRubberStamp(record(20, 0, 10), C)).toBe(true)
    expect(isRubberStamp(record(20, 0, 9), C)).toBe(false)
    expect(isRubberStamp(record(18, 2, 20), C)).toBe(false)
  })
})

describe('a promotion to L3', () => {
  it('holds without the largest rater where enough rests on others', () => {
    expect(gate(agentWith(220, 60))).toEqual({ gate: 'largest_rater', passed: true, have: 1, need: 1 })
    expect(promoteScope(agentWith(220, 60), MAIL, { nowMs: NOW, human: false }, C).kind).toBe('promoted')
  })

  it('is refused where it rests on one rater, and every other gate is passed', () => {
    const agent = agentWith(220, 150)
    const promotion = promoteScope(agent, MAIL, { nowMs: NOW, human: false }, C)
    expect(promotion.kind === 'refused' && promotion.failed.map((one) => one.gate)).toEqual(['largest_rater'])
    expect(gate(agent)?.have).toBeLessThan(1)
  })

  it('needs nothing of raters where there are none, and below L3 it is no gate', () => {
    expect(gate(agentWith(120, 0))).toMatchObject({ passed: true, have: 1 })
    const low = agentWith(60, 60)
    const scope = scopeOf(low, MAIL)
    expect(gate(withScope(low, MAIL, { ...scope, ladder: { ...scope.ladder, level: 1 } }))).toMatchObject({
      passed: true,
      need: 0,
    })
  })

  it('counts shares anew on each rung, and keeps of them what a new model keeps of the evidence', () => {
    const risen = promoteScope(agentWith(220, 60), MAIL, { nowMs: NOW, human: false }, C)
    expect(risen.kind === 'promoted' && scopeOf(risen.agent, MAIL).raters).toEqual([{ id: 'rita', r: 60, tMs: NOW, k: 0 }])
    const changed = changeComposition(agentWith(220, 60), { composition: { model: 'other' }, kind: 'minor', nowMs: NOW }, C).agent
    expect(scopeOf(changed, MAIL).raters[0]?.r).toBeCloseTo(42, 9)
    const empty = withScope(newAgentTrust(), MAIL, withRaterShare(scopeOf(newAgentTrust(), MAIL), share('rita'), C))
    expect(
      scopeOf(changeComposition(empty, { composition: { model: 'other' }, kind: 'major', nowMs: NOW }, C).agent, MAIL).raters[0]
        ?.r,
    ).toBe(1)
  })

  it('without anybody leaves less than with everybody, for any raters', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 40 }), (whose) => {
        const agent = agentWith(whose.length + 20, whose.length, (index) => `rater-${String(whose[index])}`)
        const standing = { nowMs: NOW, score: 0.8, needed: 0.7 }
        const left = withoutLargestRater(scopeOf(agent, MAIL), 3, standing, C)
        expect(left).toBeGreaterThanOrEqual(0)
        expect(left).toBeLessThanOrEqual(withoutLargestRater({ ...scopeOf(agent, MAIL), raters: [] }, 3, standing, C))
      }),
      { numRuns: 30 },
    )
  })

  it('asks for nothing where a level needs nothing', () => {
    const free = { ...C, count_min: [0, 0, 0, 0, 0] as const, promotion_alpha: [1, 1, 1, 1, 1] as const }
    const scope = withRaterShare(scopeOf(newAgentTrust(), MAIL), share('rita'), C)
    expect(withoutLargestRater(scope, 3, { nowMs: NOW, score: 1, needed: 0 }, free)).toBe(0)
  })
})

describe('verifiers for the top', () => {
  const scope = (verifiers: readonly string[]): ScopeTrust => ({ ...scopeOf(newAgentTrust(), MAIL), verifiers })

  it('are automatic ones and raters who have seen enough canaries; ten fresh raters are none', () => {
    const ten = Array.from({ length: 10 }, (_, index) => `fresh-${String(index)}`)
    const fresh = ten.reduce((before, rater) => withRaterShare(before, share(rater), C), scope(ten))
    expect([verifiersFor(fresh, 3), verifiersFor(fresh, 4)]).toEqual([10, 0])
    const known = withRaterShare(fresh, share('fresh-0', 1, 1, true), C)
    expect(verifiersFor(known, 4)).toBe(1)
    expect(verifiersFor(withRaterShare(known, share('fresh-0', 1, 1, true), C), 4)).toBe(1)
    expect(verifiersFor(scope(['checks', 'ci', 'monitor']), 4)).toBe(3)
  })

  it('a change that says nothing of canaries leaves them as they were, and who is no verifier is not counted', () => {
    const before = withRaterShare(scope(['rita']), share('rita'), C)
    expect(withRaterShare(before, share('rita', -0.5, 0, null), C).uncalibrated).toEqual(['rita'])
    expect(withRaterShare(before, share('rita'), C).uncalibrated).toEqual(['rita'])
    expect(withRaterShare(scope([]), share('rita'), C).uncalibrated).toEqual([])
    expect(VERIFIERS_MAX).toBeLessThanOrEqual(RATERS_MAX)
  })
})

describe('shares of raters', () => {
  const empty = scopeOf(newAgentTrust(), MAIL)

  it('grow, shrink to nothing and then are gone, and never fall below it', () => {
    const one = withRaterShare(empty, share('rita', 0.4, 1), C)
    expect(one.raters).toEqual([{ id: 'rita', r: 0.4, tMs: NOW, k: 1 }])
    expect(withRaterShare(one, share('rita', -0.4, -1), C).raters).toEqual([])
    expect(withRaterShare(one, share('bob', -0.4, -1), C).raters).toEqual(one.raters)
    expect(withRaterShare(one, share('rita', -3, 0), C).raters).toEqual([{ id: 'rita', r: 0, tMs: NOW, k: 1 }])
  })

  it('are bounded, and whoever comes takes over the least, so that none is taken for smaller than it is', () => {
    const raters = Array.from({ length: RATERS_MAX + 20 }, (_, index) => `rater-${String(index)}`)
    const crowded = raters.reduce((before, rater, index) => withRaterShare(before, share(rater, 1 + index / 100), C), empty)
    expect(crowded.raters).toHaveLength(RATERS_MAX)
    for (const [index, rater] of raters.entries()) {
      const kept = crowded.raters.find(({ id }) => id === rater)
      if (kept !== undefined) expect(kept.r).toBeGreaterThanOrEqual(1 + index / 100 - 1e-9)
    }
  })

  it('decay like the evidence that they are part of, also when told late', () => {
    const late = withRaterShare(withRaterShare(empty, share('rita'), C), share('rita', 1, 1, false, NOW - 60 * DAY_MS), C)
    expect(late.raters[0]?.r).toBeCloseTo(1.5, 9)
  })
})

describe('a new agent of an owner', () => {
  const fallen = (change: Partial<ScopeTrust>): AgentTrust =>
    withScope(newAgentTrust(), MAIL, { ...scopeOf(newAgentTrust(), MAIL), ...change })
  const incident = (review: 'none' | 'required' | 'passed', ageDays: number) => ({
    ...{ id: 'i', class: 'exfiltration' as const, cap: 0.2, review, atMs: NOW - ageDays * DAY_MS },
    ...{ fromMs: NOW, c: 0, tMs: NOW, merged: false },
  })
  const ladder = (grant: number, ageDays: number) => ({
    ...scopeOf(newAgentTrust(), MAIL).ladder,
    kGrant: [0, 5, grant, 0, 0] as [number, number, number, number, number],
    struckAtMs: NOW - ageDays * DAY_MS,
  })

  it.each([
    ['nothing happened', fallen({}), null],
    ['a grave incident is open, however old', fallen({ incidents: [incident('required', 400)] }), NOW + 90 * DAY_MS],
    ['one was reviewed within 90 days', fallen({ incidents: [incident('passed', 30)] }), NOW + 60 * DAY_MS],
    ['one was reviewed before that', fallen({ incidents: [incident('passed', 91)] }), null],
    ['an incident needed no review', fallen({ incidents: [incident('none', 1)] }), null],
    ['a level was lost after L2', fallen({ ladder: ladder(20, 10) }), NOW + 80 * DAY_MS],
    ['a level was lost below L2', fallen({ ladder: ladder(0, 10) }), null],
  ] as const)('is held back, or not, where %s', (_what, agent, until) => {
    expect(heldBackUntil(agent, NOW, C)).toBe(until)
  })
})
