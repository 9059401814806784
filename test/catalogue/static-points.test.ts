import { describe, expect, it } from 'vitest'

import { DEFAULT_RISK_BANDS, riskBand, riskBandsOf, stakeClass, staticPoints } from '../../src/catalogue/static-points.ts'

describe('static points', () => {
  it.each([
    ['tag email', 1, 0, 'routine', 'local_reversible_write', 1, 'low', 'light'],
    ['CRM field', 1, 1, 'routine', 'local_reversible_write', 2, 'medium', 'full'],
    ['send email', 1, 2, 'routine', 'external_communication', 3, 'medium', 'full'],
    ['merge PR', 2, 1, 'routine', 'local_reversible_write', 3, 'medium', 'full'],
    ['mass billing change', 3, 1, 'rare', 'financial', 5, 'high', 'full'],
    ['wire', 3, 2, 'rare', 'financial', 6, 'high', 'full'],
    ['frequent harmless write', 1, 0, 'high', 'local_reversible_write', 0, 'low', 'light'],
    ['frequent write of many', 2, 0, 'high', 'local_reversible_write', 2, 'medium', 'full'],
    ['frequent write that needs effort to undo', 1, 1, 'high', 'local_reversible_write', 2, 'medium', 'full'],
    ['frequent read', 0, 0, 'high', 'read_only', 0, 'read', 'light'],
    ['read of one point', 1, 0, 'routine', 'read_only', 1, 'read', 'light'],
    ['read of two points', 2, 0, 'routine', 'read_only', 2, 'medium', 'full'],
  ] as const)('of "%s"', (_, blast, reversibility, frequency, category, points, band, stake) => {
    expect(staticPoints({ blast, reversibility, frequency })).toBe(points)
    expect(riskBand(category, points, DEFAULT_RISK_BANDS)).toBe(band)
    expect(stakeClass(category, points, DEFAULT_RISK_BANDS)).toBe(stake)
  })
  it('that are no number are of the highest band', () => {
    expect(riskBand('read_only', Number.NaN, DEFAULT_RISK_BANDS)).toBe('high')
    expect(stakeClass('read_only', Number.NaN, DEFAULT_RISK_BANDS)).toBe('full')
  })
  it('bound the bands at 1 and 3', () => {
    expect([0, 1, 2, 3, 4].map((points) => riskBand('destructive', points, DEFAULT_RISK_BANDS))).toEqual([
      'low',
      'low',
      'medium',
      'medium',
      'high',
    ])
  })
  it('bound them elsewhere where the catalogue says so', () => {
    const bands = riskBandsOf({ risk_bands: { low_points_max: 0 } })
    expect(bands).toEqual({ low_points_max: 0, medium_points_max: 3 })
    expect([0, 1, 3, 4].map((points) => riskBand('read_only', points, bands))).toEqual(['read', 'medium', 'medium', 'high'])
    expect([stakeClass('financial', 0, bands), stakeClass('financial', 1, bands)]).toEqual(['light', 'full'])
    expect(riskBandsOf({ risk_bands: { medium_points_max: 5 } })).toEqual({ low_points_max: 1, medium_points_max: 5 })
    expect(riskBandsOf({})).toEqual(DEFAULT_RISK_BANDS)
  })
})
