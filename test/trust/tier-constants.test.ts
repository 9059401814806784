import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { TrustConstants } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS, resolveTrustConstants } from '../../src/trust/default-constants.ts'
import { promotionGates } from '../../src/trust/promotion.ts'
import { newAgentTrust, scopeOf, withScope } from '../../src/trust/stored-trust.ts'
import { constantsOfTier } from '../../src/trust/tier-constants.ts'

const SCOPE = 'payments:full'
const DAY_MS = 86_400_000

describe('the constants of a tier', () => {
  it.each(['low', 'standard'] as const)('are those of everybody in the %s tier', (tier) => {
    expect(constantsOfTier(DEFAULT_TRUST_CONSTANTS, tier)).toBe(DEFAULT_TRUST_CONSTANTS)
  })
  it('ask for more in the high tier', () => {
    expect(constantsOfTier(DEFAULT_TRUST_CONSTANTS, 'high')).toEqual({
      ...DEFAULT_TRUST_CONSTANTS,
      count_min: [0, 10, 40, 100, 2000],
      dwell_days: [0, 0, 2, 14, 60],
      verifiers_min: [0, 2, 2, 3, 4],
      signature_level: 3,
      sampling: { top_share: 0.25, top_per_day_min: 25, unsampled_share: 0.25 },
    })
  })
  it('are those of everybody in constants of before', () => {
    const constants = TrustConstants.parse({ ...DEFAULT_TRUST_CONSTANTS, high_tier: undefined, signature_level: undefined })
    expect(constantsOfTier(constants, 'high')).toBe(constants)
    const gates = (level: 2 | 3) => {
      const agent = newAgentTrust()
      const scope = scopeOf(agent, SCOPE)
      const at = withScope(agent, SCOPE, { ...scope, ladder: { ...scope.ladder, level } })
      return promotionGates(at, SCOPE, { nowMs: 0, human: false }, constants).find(({ gate }) => gate === 'human')?.need
    }
    expect([gates(2), gates(3)]).toEqual([0, 1])
  })
  it('take single members from a configuration, and never ask for less', () => {
    const constants = resolveTrustConstants({
      high_tier: { top_share: 0, top_per_day_min: 1, signature_level: 4, verifiers_more: 16 },
    })
    const high = constantsOfTier({ ...constants, signature_level: undefined }, 'high')
    expect(high).toMatchObject({ signature_level: 4, count_min: [0, 10, 40, 100, 2000], verifiers_min: [0, 16, 16, 16, 16] })
    expect(high.sampling).toEqual(DEFAULT_TRUST_CONSTANTS.sampling)
    expect(() => resolveTrustConstants({ high_tier: { count_factor: 0.5 } })).toThrow()
  })
  it('have gates that nobody passes who does not pass those of everybody', () => {
    const factor = fc.double({ min: 1, max: 100, noNaN: true })
    const more = fc.record({
      count_factor: factor,
      dwell_factor: factor,
      verifiers_more: fc.nat(16),
      signature_level: fc.constantFrom(0, 1, 2, 3, 4),
      top_share: fc.double({ min: 0, max: 1, noNaN: true }),
      top_per_day_min: fc.nat(100),
    })
    const standing = fc.record({ level: fc.constantFrom(0, 1, 2, 3), k: fc.nat(5_000), days: fc.nat(200), strikes: fc.nat(4) })
    fc.assert(
      fc.property(more, standing, fc.nat(20), fc.boolean(), (high_tier, { level, k, days, strikes }, verifiers, human) => {
        const constants = TrustConstants.parse({ ...DEFAULT_TRUST_CONSTANTS, high_tier })
        const agent = newAgentTrust()
        const scope = scopeOf(agent, SCOPE)
        const ladder = { ...scope.ladder, level: level as 0, k, strikes, struckAtMs: strikes > 0 ? 0 : null, sinceMs: 0 }
        const at = withScope(agent, SCOPE, { ...scope, ladder })
        const request = { nowMs: days * DAY_MS, human, verifiers }
        const [plain, high] = [constants, constantsOfTier(constants, 'high')].map((each) =>
          promotionGates(at, SCOPE, request, each),
        )
        expect(high!.map(({ gate }) => gate)).toEqual(plain!.map(({ gate }) => gate))
        high!.forEach(({ passed }, index) => expect(passed && !plain![index]!.passed).toBe(false))
      }),
    )
  })
})
