import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import { TrustConstants } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS, resolveTrustConstants } from '../../src/trust/default-constants.ts'
import { joinPostures, Posture, postureCeilings } from '../../src/trust/posture.ts'

const NOW_MS = 1_000 * DAY_MS
const ceilings = (posture: Posture, nowMs = NOW_MS) => postureCeilings(posture, nowMs, DEFAULT_TRUST_CONSTANTS)
const days = (count: number): number => NOW_MS - count * DAY_MS

describe('the posture of an agent', () => {
  test.each<[string, Posture, readonly (readonly [string, number])[]]>([
    ['nothing known', {}, []],
    ['a credential of today', { credential_issued_ms: NOW_MS }, []],
    ['a credential of tomorrow', { credential_issued_ms: days(-1) }, []],
    ['a credential of 90 days', { credential_issued_ms: days(90) }, []],
    ['a credential a moment older than 90 days', { credential_issued_ms: days(90) - 1 }, [['posture:credential_age', 0.69]]],
    ['a credential of 180 days', { credential_issued_ms: days(180) }, [['posture:credential_age', 0.69]]],
    ['a credential a moment older than 180 days', { credential_issued_ms: days(180) - 1 }, [['posture:credential_age', 0.49]]],
    ['a credential of years', { credential_issued_ms: 0 }, [['posture:credential_age', 0.49]]],
    ['a certificate in its last moment', { certificate_not_after_ms: NOW_MS }, []],
    ['a certificate that is over', { certificate_not_after_ms: NOW_MS - 1 }, [['posture:certificate_expired', 0.49]]],
    ['an attested workload', { attested: { ok: true } }, []],
    ['one attested until now', { attested: { ok: true, until_ms: NOW_MS } }, []],
    ['one whose attestation is over', { attested: { ok: true, until_ms: NOW_MS - 1 } }, [['posture:unattested', 0.49]]],
    ['one that is not attested', { attested: { ok: false, until_ms: NOW_MS + 1 } }, [['posture:unattested', 0.49]]],
    ['a person with a second factor', { delegator_mfa: true }, []],
    ['a person without', { delegator_mfa: false }, [['posture:delegator_mfa', 0.69]]],
    [
      'everything at once, by name',
      { delegator_mfa: false, attested: { ok: false }, certificate_not_after_ms: 0, credential_issued_ms: 0 },
      [
        ['posture:certificate_expired', 0.49],
        ['posture:credential_age', 0.49],
        ['posture:delegator_mfa', 0.69],
        ['posture:unattested', 0.49],
      ],
    ],
  ])('%s', (_name, posture, expected) => {
    expect(ceilings(posture)).toEqual(expected.map(([source, value]) => ({ source, value })))
  })

  test('has the ceilings of the configuration', () => {
    const strict = resolveTrustConstants({ posture: { certificate_expired: 0, credential_age: [{ age_days: 1, ceiling: 0.2 }] } })
    expect(
      postureCeilings({ certificate_not_after_ms: 0, credential_issued_ms: days(2), delegator_mfa: false }, NOW_MS, strict),
    ).toEqual([
      { source: 'posture:certificate_expired', value: 0 },
      { source: 'posture:credential_age', value: 0.2 },
      { source: 'posture:delegator_mfa', value: 0.69 },
    ])
  })

  test('cannot be configured so that age raises trust', () => {
    const rising = {
      credential_age: [
        { age_days: 1, ceiling: 0.2 },
        { age_days: 2, ceiling: 0.3 },
      ],
    }
    const unordered = {
      credential_age: [
        { age_days: 2, ceiling: 0.3 },
        { age_days: 2, ceiling: 0.2 },
      ],
    }
    for (const posture of [rising, unordered]) expect(() => resolveTrustConstants({ posture })).toThrow(/credential_age/u)
  })

  test('has its ceilings also where constants were recorded before there were any', () => {
    const { posture, ...older } = DEFAULT_TRUST_CONSTANTS
    expect(TrustConstants.parse(older).posture).toEqual(posture)
  })

  test('is not read at a time that is none', () => {
    expect(() => ceilings({}, NaN)).toThrow(/nowMs/u)
  })
})

const ms = fc.integer({ min: 0, max: 2 * NOW_MS })
const known = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const anyPosture: fc.Arbitrary<Posture> = fc
  .record({
    credential_issued_ms: known(ms),
    certificate_not_after_ms: known(ms),
    attested: known(
      fc.tuple(fc.boolean(), known(ms)).map(([ok, until_ms]) => ({ ok, ...(until_ms === undefined ? {} : { until_ms }) })),
    ),
    delegator_mfa: known(fc.boolean()),
  })
  .map((posture) => Posture.parse(Object.fromEntries(Object.entries(posture).filter(([, value]) => value !== undefined))))
const capOf = (posture: Posture, source: string, nowMs = NOW_MS): number =>
  ceilings(posture, nowMs).find((one) => one.source === source)?.value ?? 1
const SOURCES = ['posture:certificate_expired', 'posture:credential_age', 'posture:delegator_mfa', 'posture:unattested']

describe('for every posture', () => {
  test('time alone never raises a ceiling', () => {
    fc.assert(
      fc.property(anyPosture, ms, ms, (posture, a, b) => {
        for (const source of SOURCES)
          expect(capOf(posture, source, Math.max(a, b))).toBeLessThanOrEqual(capOf(posture, source, Math.min(a, b)))
      }),
    )
  })

  test('two sources together are at least as strict as each, and a posture of ours', () => {
    fc.assert(
      fc.property(anyPosture, anyPosture, (a, b) => {
        const joined = Posture.parse(joinPostures(a, b))
        for (const source of SOURCES)
          expect(capOf(joined, source)).toBeLessThanOrEqual(Math.min(capOf(a, source), capOf(b, source)))
      }),
    )
  })

  test('joining is the same in any order, changes nothing twice, and nothing with the unknown', () => {
    fc.assert(
      fc.property(anyPosture, anyPosture, (a, b) => {
        expect(joinPostures(a, b)).toEqual(joinPostures(b, a))
        expect(joinPostures(a, a)).toEqual(a)
        expect(joinPostures(a, {})).toEqual(a)
      }),
    )
  })
})
