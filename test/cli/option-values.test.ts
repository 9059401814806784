import { describe, expect, it } from 'vitest'

import { recordQuery } from '../../src/cli/audit/record-filter.ts'
import { sinceTime } from '../../src/cli/support/option-values.ts'
import { NOW_MS } from './harness.ts'

describe('a time of an option', () => {
  it.each([
    ['1d', '2026-03-02T10:00:00.000Z'],
    ['90s', '2026-03-03T09:58:30.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T12:00:00+02:00', '2026-03-01T10:00:00.000Z'],
  ])('%s is %s', (text, time) => {
    expect(sinceTime(text, NOW_MS)).toBe(time)
  })

  it.each(['yesterday', '1', '', '2026-13-01', '7x'])('is not %j', (text) => {
    expect(() => sinceTime(text, NOW_MS)).toThrow(/is not a (?:time|duration)/u)
  })

  it('bounds the records that are read', () => {
    const nothing = { tenant: undefined, kind: [], agent: undefined, user: undefined, action: undefined, outcome: undefined }
    const filter = { ...nothing, decision: undefined, since: '1d', until: undefined }
    expect(recordQuery(filter, NOW_MS)).toEqual({ since: '2026-03-02T10:00:00.000Z' })
  })
})
