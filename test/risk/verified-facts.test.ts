import { describe, expect, it } from 'vitest'

import { verifiedFacts, verifiedJurisdiction } from '../../src/risk/facts.ts'
import { facts, request } from './samples.ts'

const asked = (claimed: unknown) => request({}, { facts: claimed as never, purpose: 'p', jurisdiction: 'DE' })

describe('verified facts', () => {
  it('are those that the credential may assert, and no others', () => {
    const claimed = { purpose: 'payroll', ticket: 'ticket-1', environment: 'staging' }
    expect(verifiedFacts(asked(claimed), ['purpose', 'ticket', 'unsaid'])).toEqual({ purpose: 'payroll', ticket: 'ticket-1' })
    expect(verifiedFacts(asked(claimed), [])).toEqual({})
  })
  it.each([[undefined], [null], ['purpose'], [['purpose']], [5], [true]])('are none where the request has %j', (claimed) => {
    expect(verifiedFacts(asked(claimed), ['purpose', '0', 'length'])).toEqual({})
  })
  it('are none without a context, and never inherited', () => {
    expect(verifiedFacts(request(), ['constructor', 'toString'])).toEqual({})
    expect(verifiedFacts(asked({}), ['constructor', 'toString'])).toEqual({})
  })
  it('name the jurisdiction; what only the context says does not', () => {
    expect(verifiedJurisdiction(verifiedFacts(asked({ jurisdiction: 'GB' }), ['jurisdiction']))).toBe('GB')
    expect(verifiedJurisdiction(verifiedFacts(asked({ jurisdiction: 'GB' }), []))).toBeNull()
    expect(verifiedJurisdiction(verifiedFacts(asked({ jurisdiction: 5 }), ['jurisdiction']))).toBeNull()
  })
  it('are what risk rules read as facts; of those a request may claim instead, null stands for none', () => {
    expect(facts({ request: asked({ purpose: 'x' }) }).values.facts).toEqual({
      environment: null,
      jurisdiction: null,
      purpose: null,
      session: null,
    })
    expect(facts({ request: asked({}), facts: { purpose: 'x', checks: 3 } }).values.facts).toMatchObject({
      purpose: 'x',
      checks: 3,
    })
  })
})
