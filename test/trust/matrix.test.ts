import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import { LEVELS } from '../../src/model/level.ts'
import { Outcome } from '../../src/model/outcome.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { shippedPolicySet } from '../support/test-service.ts'
import { RUNS } from './support.ts'

const BANDS = ['read', 'low', 'medium', 'high'] as const
const TIERS = ['low', 'standard', 'high'] as const
const level = fc.constantFrom(...LEVELS)
const band = fc.constantFrom(...BANDS)
const situation = fc.record({
  tier: fc.constantFrom(...TIERS),
  sensitive: fc.boolean(),
  default_level: fc.constantFrom(4, 4, ...LEVELS),
  incident: fc.constantFrom('clear', 'watch', 'recovering', 'open'),
})
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never
type Term = { readonly source: string; readonly outcome: Outcome }

let graduation: Policy
beforeAll(async () => {
  graduation = (await shippedPolicySet()).graduation
})

/** What the compiled graduation policy concedes by trust. */
function conceded(cell: { readonly level: number; readonly band: string }, { tier, ...rest }: Situation): Outcome {
  const { sensitive, default_level, incident } = rest
  const input = {
    tenant: 'default',
    human: false,
    time: { epoch_ms: 1_780_315_200_000, iso: '2026-06-01T12:00:00.000Z', hour: 12, weekday: 1 },
    request: { subject: { type: 'agent', id: 'a' }, action: { name: 'edit_file' }, resource: { type: 'file', id: 'one' } },
    agent: { id: 'a', known: true, class: 'assistant', tier },
    action: {
      name: 'edit_file',
      known: true,
      scope: 'file_operations',
      category: 'read_only',
      stake: 'light',
      default_level,
    },
    trust: { level_effective: cell.level, score: 0.5, incident: { state: incident } },
    risk: { band: cell.band, points: 0, unavailable: [], obligations: [] },
    sensitive,
    classification: 'internal',
    facts: {},
    overrides: {},
  }
  const evaluation = graduation.evaluate('graduation/ceilings', input)
  expect(evaluation.kind).toBe('value')
  const terms = (evaluation as { readonly value: unknown }).value as readonly Term[]
  return Outcome.parse(terms.find(({ source }) => source === 'trust')?.outcome)
}

describe('the matrix of trust and risk, as compiled', () => {
  it('P20 more trust never concedes less', () => {
    fc.assert(
      fc.property(situation, band, level, level, (where, risk, a, b) => {
        const low = conceded({ level: Math.min(a, b), band: risk }, where)
        const high = conceded({ level: Math.max(a, b), band: risk }, where)
        expect(outcomeLeq(low, high)).toBe(true)
      }),
      { numRuns: RUNS },
    )
  })

  it('P21 more risk never concedes more', () => {
    fc.assert(
      fc.property(situation, level, fc.nat(3), fc.nat(3), (where, trust, a, b) => {
        const [low, high] = [BANDS[Math.min(a, b)]!, BANDS[Math.max(a, b)]!]
        expect(outcomeLeq(conceded({ level: trust, band: high }, where), conceded({ level: trust, band: low }, where))).toBe(true)
      }),
      { numRuns: RUNS },
    )
  })

  it('is not one answer for everything', () => {
    const where = { tier: 'standard', sensitive: false, default_level: 4, incident: 'clear' } as const
    const row = (trust: number) => BANDS.map((risk) => conceded({ level: trust, band: risk }, where))
    expect(row(0)).toEqual(['allow_guarded', 'deny', 'deny', 'deny'])
    expect(row(4)).toEqual(['allow', 'allow', 'allow', 'require_approval'])
  })
})
