import { describe, expect, it } from 'vitest'

import { mayApprove, mayRead } from '../../src/approvals/rules/who-may-approve.ts'

describe('an approver', () => {
  it.each([
    [undefined, 'communication:full', true],
    [['*'], 'communication:full', true],
    [['communication'], 'communication:full', true],
    [['communication:full'], 'communication:full', true],
    [['communication:light'], 'communication:full', false],
    [['crm'], 'communication:full', false],
    [[], 'communication:full', false],
    [['communication'], 'no scope at all', false],
  ])('of %j decides for %j: %j', (approver_scopes, scope, may) => {
    expect(mayApprove({ approver_scopes }, scope)).toBe(may)
    expect(mayRead({ approver_scopes, roles: ['approver'] }, scope)).toBe(may)
  })

  it.each(['operator', 'auditor', 'administrator'] as const)('sees as %s the approvals of every scope', (role) => {
    expect(mayRead({ approver_scopes: [], roles: [role] }, 'communication:full')).toBe(true)
  })
})
