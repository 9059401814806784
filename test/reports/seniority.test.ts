import { describe, expect, it } from 'vitest'

import { seniorityCounts, seniorityCriteria } from '../../src/reports/trust-report/seniority.ts'
import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'

describe('seniority', () => {
  it('is a mapping of levels, with the criteria of the lowest level of each name', () => {
    expect(
      seniorityCriteria(C).map(({ seniority, level, error_rate_max, tasks_min }) => [
        seniority,
        level,
        error_rate_max,
        tasks_min,
      ]),
    ).toEqual([
      ['junior', 0, 1, 0],
      ['mid', 2, 0.2, 20],
      ['senior', 3, 0.05, 50],
    ])
  })

  it('follows constants of your own, and rises in none of its error rates', () => {
    const criteria = seniorityCriteria({ ...C, count_min: [0, 1, 2, 3, 4] })
    expect(criteria.map(({ tasks_min }) => tasks_min)).toEqual([0, 2, 3])
    expect(new Set(criteria.map(({ escalation }) => escalation)).size).toBe(3)
  })

  it('counts every agent once', () => {
    expect(seniorityCounts({ 0: 1, 1: 2, 2: 4, 3: 8, 4: 16 })).toEqual({ junior: 3, mid: 4, senior: 24 })
  })
})
