import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import {
  AgentBounds,
  boundCeilings,
  coverageAfter,
  coverageShare,
  formerScopeCeiling,
  type Hold,
  newBounds,
  type SessionBounds,
  sessionCeilings,
} from '../../src/trust/bounds.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'

const CONSTANTS = DEFAULT_TRUST_CONSTANTS
const NOW_MS = Date.parse('2026-03-03T10:00:00.000Z')

const hold = (changes: Partial<Hold>): Hold => ({
  id: 'h-1',
  scope: 'crm:full',
  reason: 'uncorroborated_failures',
  source: 'critic',
  units: 4,
  cap: 0.6999,
  at_ms: NOW_MS,
  ...changes,
})

describe('what bounds an agent besides its evidence', () => {
  it('is nothing for an agent of which nothing is known, and loads from nothing', () => {
    expect(boundCeilings(newBounds(), 'crm:full', NOW_MS, CONSTANTS)).toEqual([])
    expect(AgentBounds.parse({})).toEqual(newBounds())
  })

  it('holds cap their scope, or every scope, until a person resolves them; a flag alone caps nothing', () => {
    const bounds = {
      ...newBounds(),
      holds: [
        hold({}),
        hold({ id: 'h-2', cap: 0.5 }),
        hold({ id: 'h-3', scope: null, reason: 'disagreement' }),
        hold({ id: 'h-4', cap: null }),
      ],
    }
    expect(boundCeilings(bounds, 'crm:full', NOW_MS, CONSTANTS)).toEqual([
      { source: 'hold:disagreement', value: 0.6999 },
      { source: 'hold:uncorroborated_failures', value: 0.5 },
    ])
    expect(boundCeilings(bounds, 'files:full', NOW_MS + 900 * DAY_MS, CONSTANTS)).toEqual([
      { source: 'hold:disagreement', value: 0.6999 },
    ])
  })

  it('a ceiling with an end ends', () => {
    const bounds = { ...newBounds(), timed: [{ source: 'owner:ada', value: 0.6999, until_ms: NOW_MS }] }
    expect(boundCeilings(bounds, 'crm:full', NOW_MS - 1, CONSTANTS)).toEqual([{ source: 'owner:ada', value: 0.6999 }])
    expect(boundCeilings(bounds, 'crm:full', NOW_MS, CONSTANTS)).toEqual([])
  })

  it('coverage below its minimum caps, once enough was due to say so', () => {
    const of = (verified: number, missed: number) => ({
      ...newBounds(),
      coverage: { 'crm:full': { verified, missed, t_ms: NOW_MS } },
    })
    expect(boundCeilings(of(0, 4), 'crm:full', NOW_MS, CONSTANTS)).toEqual([])
    expect(boundCeilings(of(2, 3), 'crm:full', NOW_MS, CONSTANTS)).toEqual([{ source: 'coverage', value: 0.6999 }])
    expect(boundCeilings(of(3, 3), 'crm:full', NOW_MS, CONSTANTS)).toEqual([])
    expect(boundCeilings(of(0, 50), 'files:full', NOW_MS, CONSTANTS)).toEqual([])
  })

  it('coverage forgets by its half-life, never by the order of times', () => {
    const first = coverageAfter(undefined, { verified: 8, missed: 2 }, NOW_MS, CONSTANTS)
    expect(first).toEqual({ verified: 8, missed: 2, t_ms: NOW_MS })
    const later = coverageAfter(first, { verified: 0, missed: 1 }, NOW_MS + 30 * DAY_MS, CONSTANTS)
    expect(later).toEqual({ verified: 4, missed: 2, t_ms: NOW_MS + 30 * DAY_MS })
    expect(coverageAfter(later, { verified: 1, missed: 0 }, NOW_MS, CONSTANTS)).toEqual({ ...later, verified: 5 })
    expect(coverageShare(later)).toBeCloseTo(2 / 3)
  })

  it('time alone never lowers or raises the share of coverage', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), fc.nat(400), (verified, missed, days) => {
        const now = coverageAfter(undefined, { verified, missed }, NOW_MS, CONSTANTS)
        const then = coverageAfter(now, { verified: 0, missed: 0 }, NOW_MS + days * DAY_MS, CONSTANTS)
        const [a, b] = [coverageShare(now), coverageShare(then)]
        expect(a === null || b === null || Math.abs(a - b) < 1e-9).toBe(true)
      }),
    )
  })
})

describe('what bounds a session', () => {
  const session: SessionBounds = {
    caps: [{ source: 'session:injection', value: 0.4 }],
    used: ['summariser', 'nobody'],
    until_ms: NOW_MS + 1,
  }

  it('its caps, and the trust of the agents whose output it used', () => {
    expect(sessionCeilings(session, NOW_MS, (agent) => (agent === 'summariser' ? 0.55 : 0))).toEqual([
      { source: 'session:injection', value: 0.4 },
      { source: 'session:output_of:nobody', value: 0 },
      { source: 'session:output_of:summariser', value: 0.55 },
    ])
  })

  it('nothing once it is over, or where there is none', () => {
    expect(sessionCeilings(session, NOW_MS + 1, () => 0)).toEqual([])
    expect(sessionCeilings(undefined, NOW_MS, () => 0)).toEqual([])
  })
})

describe('the scope that a tool came from', () => {
  it.each([
    [0.95, 4, 0.95],
    [0.95, 3, 0.8999],
    [0.75, 3, 0.75],
    [0.75, 0, 0.2999],
    [0.1, 0, 0.1],
  ] as const)('score %f at level %i caps at %f', (score, level, value) => {
    const former = { scope: 'crm:full', score, level_effective: level }
    expect(formerScopeCeiling(former, CONSTANTS).source).toBe('moved_from:crm:full')
    expect(formerScopeCeiling(former, CONSTANTS).value).toBeCloseTo(value, 10)
  })
})
