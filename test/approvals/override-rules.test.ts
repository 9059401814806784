import { describe, expect, it } from 'vitest'

import { confirmed, isBehind, liftsIncidents, overrideFor } from '../../src/approvals/rules/override-rules.ts'
import type { Override } from '../../src/ledger/documents/approval.ts'
import { openOverrides } from '../../src/ledger/fold/tenant.ts'

const AT = 1_000_000
const OVERRIDE: Override = {
  id: 'o1',
  agent: 'mailer',
  scope: 'communication:full',
  action: null,
  people: ['bea'],
  reason: 'outage',
  at_ms: AT,
  until_ms: AT + 60_000,
}
const asked = { agent: 'mailer', scope: 'communication:full', action: 'send_email', band: 'medium' } as const

describe('an override', () => {
  it('is for one agent, one scope, and where it says so one action', () => {
    expect(overrideFor([OVERRIDE], asked, AT)).toBe(OVERRIDE)
    expect(overrideFor([OVERRIDE], { ...asked, agent: 'other' }, AT)).toBeNull()
    expect(overrideFor([OVERRIDE], { ...asked, scope: 'communication:light' }, AT)).toBeNull()
    expect(overrideFor([{ ...OVERRIDE, action: 'send_email' }], asked, AT)).not.toBeNull()
    expect(overrideFor([{ ...OVERRIDE, action: 'delete_email' }], asked, AT)).toBeNull()
  })

  it('begins and ends by itself', () => {
    expect(overrideFor([OVERRIDE], asked, AT - 1)).toBeNull()
    expect(overrideFor([OVERRIDE], asked, AT + 59_999)).toBe(OVERRIDE)
    expect(overrideFor([OVERRIDE], asked, AT + 60_000)).toBeNull()
    expect(openOverrides([OVERRIDE], AT + 59_999)).toEqual([OVERRIDE])
    expect(openOverrides([OVERRIDE], AT + 60_000)).toEqual([])
  })

  it('needs two people before it reaches high risk', () => {
    const high = { ...asked, band: 'high' } as const
    expect(overrideFor([OVERRIDE], high, AT)).toBeNull()
    expect(overrideFor([confirmed(OVERRIDE, 'bea', [])], high, AT)).toBeNull()
    expect(overrideFor([confirmed(OVERRIDE, 'cem', [])], high, AT)?.people).toEqual(['bea', 'cem'])
  })

  it('lifts incidents for two people, and a review that is due only where somebody who may review it is one of them', () => {
    const two = confirmed(OVERRIDE, 'cem', [])
    expect(liftsIncidents(OVERRIDE, [])).toBe(false)
    expect(liftsIncidents(two, [])).toBe(true)
    expect(liftsIncidents(two, ['i1'])).toBe(false)
    const reviewer = confirmed(OVERRIDE, 'cem', ['i1'])
    expect(reviewer.reviewed).toEqual(['i1'])
    expect(liftsIncidents(reviewer, ['i1'])).toBe(true)
    // What was raised since is nobody's to lift.
    expect(liftsIncidents(reviewer, ['i1', 'i2'])).toBe(false)
    expect(confirmed(reviewer, 'dora', ['i1', 'i2']).reviewed).toEqual(['i1', 'i2'])
    expect(confirmed(reviewer, 'cem', ['i3'])).toBe(reviewer)
  })

  it('that came last holds', () => {
    expect(overrideFor([OVERRIDE, { ...OVERRIDE, id: 'o2' }], asked, AT)?.id).toBe('o2')
  })

  it('is behind nobody who asks', () => {
    expect(isBehind(confirmed(OVERRIDE, 'cem', []), ['gateway', 'cem'])).toBe(true)
    expect(isBehind(OVERRIDE, ['gateway', 'cem'])).toBe(false)
    expect(isBehind(OVERRIDE, [])).toBe(false)
  })
})
