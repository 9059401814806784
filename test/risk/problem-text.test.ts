import { describe, expect, it } from 'vitest'

import { riskProblemText } from '../../src/risk/load-documents.ts'

describe('a problem of a rule document', () => {
  it.each([
    ['is wrong; do this; or that', '/a', 'do this; or that'],
    ['unknown fact; it has: a, b', '/a', 'use one of: a, b'],
    ['Invalid option: expected one of "a"|"b"', '/a', 'use one of: a, b'],
    ['Unrecognized key: "x"', '/a', 'correct the spelling, or remove it'],
    ['Invalid input: expected string, received undefined', '/rules/0/id', 'add the member "id"'],
    ['"in" compares with a list of values', '/a', 'give a list of values'],
    ['Too big: expected number to be <=3', '/a', 'change it to be <=3'],
    ['strange', '', 'mend the JSON syntax here'],
    ['strange', '/a', 'see schemas/risk-document.schema.json for what is allowed here'],
  ])('%s at "%s": %s', (message, pointer, fix) => {
    expect(riskProblemText({ rule: null, pointer, message }).fix).toBe(fix)
  })

  it('names the rule and the member', () => {
    expect(riskProblemText({ rule: 'r', pointer: '/a', message: 'x' }).message).toBe('rule "r" /a: x')
    expect(riskProblemText({ rule: null, pointer: '', message: 'x' }).message).toBe('x')
  })
})
