import { describe, expect, it } from 'vitest'

import { confirmed, isBehind, overrideFor } from '../../src/approvals/rules/override-rules.ts'
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
    expect(overrideFor([confirmed(OVERRIDE, 'bea')], high, AT)).toBeNull()
    expect(overrideFor([confirmed(OVERRIDE, 'cem')], high, AT)?.people).toEqual(['bea', 'cem'])
  })

  it('that came last holds', () => {
    expect(overrideFor([OVERRIDE, { ...OVERRIDE, id: 'o2' }], asked, AT)?.id).toBe('o2')
  })

  it('is behind nobody who asks', () => {
    expect(isBehind(confirmed(OVERRIDE, 'cem'), ['gateway', 'cem'])).toBe(true)
    expect(isBehind(OVERRIDE, ['gateway', 'cem'])).toBe(false)
    expect(isBehind(OVERRIDE, [])).toBe(false)
  })
})
