import { describe, expect, it } from 'vitest'

import { riskBand, stakeClass, staticPoints } from '../../src/catalogue/static-points.ts'

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
    expect(riskBand(category, points)).toBe(band)
    expect(stakeClass(category, points)).toBe(stake)
  })
  it('that are no number are of the highest band', () => {
    expect(riskBand('read_only', Number.NaN)).toBe('high')
    expect(stakeClass('read_only', Number.NaN)).toBe('full')
  })
  it('bound the bands at 1 and 3', () => {
    expect([0, 1, 2, 3, 4].map((points) => riskBand('destructive', points))).toEqual(['low', 'low', 'medium', 'medium', 'high'])
  })
})
