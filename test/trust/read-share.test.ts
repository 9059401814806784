import { describe, expect, it } from 'vitest'

import { changeComposition } from '../../src/trust/composition.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { addEvidence } from '../../src/trust/evidence.ts'
import { readScale } from '../../src/trust/layer/evidence-weight.ts'
import { withVerifier } from '../../src/trust/raters.ts'
import { readShareWithout } from '../../src/trust/read-share.ts'
import { newAgentTrust, scopeOf, VERIFIERS_MAX } from '../../src/trust/stored-trust.ts'

describe('reads where there is nothing else', () => {
  it('are measured by their source alone, and as ever where a read weighs nothing', () => {
    expect([readScale(true, C), readScale(undefined, C)]).toEqual([4, 1])
    expect(readScale(true, { ...C, stake_weights: { ...C.stake_weights, read: 0 } })).toBe(1)
  })

  it('never come to less than nothing', () => {
    expect(readShareWithout(undefined, { weight: 1, eventTimeMs: 5 }, C)).toEqual({ r: 0, tMs: 5 })
  })
})

describe('an agent that is made of something else', () => {
  it('keeps of its reads the share that it keeps of all it did', () => {
    const scope = 'database:light'
    const evidence = { scope, layer: 'outcome', polarity: 'positive', weight: 1, onlyReads: true, countsForLadder: true } as const
    const { agent } = addEvidence(newAgentTrust(), { ...evidence, eventTimeMs: 5 }, 5, C)
    const change = { composition: null, kind: 'major', nowMs: 5 } as const
    const [before, after] = [agent, changeComposition(agent, change, C).agent].map((each) => scopeOf(each, scope))
    expect(after?.layers.outcome.r).toBeLessThan(before?.layers.outcome.r ?? 0)
    expect((after?.reads?.r ?? 0) / (before?.reads?.r ?? 0)).toBeCloseTo(
      (after?.layers.outcome.r ?? 0) / (before?.layers.outcome.r ?? 0),
      9,
    )
  })
})

describe('one more verifier', () => {
  it('is remembered once, as many as are remembered, and of raters who is not calibrated', () => {
    const scope = scopeOf(newAgentTrust(), 'mail:light')
    const twice = withVerifier(withVerifier(scope, { verifier: 'ci', calibrated: true }), { verifier: 'ci', calibrated: true })
    expect([twice.verifiers, twice.uncalibrated]).toEqual([['ci'], []])
    expect(withVerifier(twice, { verifier: 'ann', calibrated: false })).toMatchObject({ uncalibrated: ['ann'] })
    const full = { ...scope, verifiers: Array.from({ length: VERIFIERS_MAX }, (_, at) => `v${at}`) }
    expect(withVerifier(full, { verifier: 'late', calibrated: false })).toEqual(full)
  })
})
