import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readBaseResult } from '../../src/pdp/base-result.ts'

const value = (answer: unknown): ReturnType<typeof readBaseResult> => readBaseResult({ kind: 'value', value: answer })

describe('reading what a base policy answers', () => {
  it.each<[unknown, string]>([
    [true, 'allow'],
    [false, 'deny'],
    [{ allow: true }, 'allow'],
    [{ allow: false }, 'deny'],
    [{ allowed: true }, 'allow'],
    [{ allowed: true, headers: { 'x-a': 'b' }, http_status: 200, body: '' }, 'allow'],
    [{ allowed: false, http_status: 403, body: 'no' }, 'deny'],
    [{ allow: true, allowed: true }, 'allow'],
    [{ allow: true, allowed: false }, 'deny'],
    [{ allow: false, allowed: true }, 'deny'],
    [{ outcome: 'suggest' }, 'suggest'],
    [{ outcome: 'require_approval', reason: 'four eyes' }, 'require_approval'],
    [{ outcome: 'allow_guarded', guardrails: { rows: 10 } }, 'allow_guarded'],
    [{ outcome: 'allow', allow: true }, 'allow'],
  ])('%j is %s, without a cause', (answer, outcome) => {
    const read = value(answer)
    expect(read.outcome).toBe(outcome)
    expect(read.cause).toBeUndefined()
  })

  it.each<[unknown, string]>([
    [null, 'base_malformed'],
    [1, 'base_malformed'],
    ['true', 'base_malformed'],
    ['allow', 'base_malformed'],
    [[], 'base_malformed'],
    [[true], 'base_malformed'],
    [{}, 'base_malformed'],
    [{ result: true }, 'base_malformed'],
    [{ allow: 'true' }, 'base_malformed'],
    [{ allow: 1 }, 'base_malformed'],
    [{ allow: null }, 'base_malformed'],
    [{ allow: true, allowed: 'yes' }, 'base_malformed'],
    [{ allow: true, allowed: null }, 'base_malformed'],
    [{ outcome: 'ALLOW' }, 'base_outcome_unknown'],
    [{ outcome: true }, 'base_outcome_unknown'],
    [{ outcome: null, allow: true }, 'base_outcome_unknown'],
    [{ outcome: 'allow', allow: false }, 'base_contradiction'],
    [{ outcome: 'allow', reason: 7 }, 'base_malformed'],
  ])('%j is deny, cause %s', (answer, cause) => {
    expect(value(answer)).toMatchObject({ outcome: 'deny', cause })
  })

  it('undefined and failures are deny with the cause', () => {
    expect(readBaseResult({ kind: 'undefined' })).toMatchObject({ outcome: 'deny', cause: 'base_undefined' })
    expect(readBaseResult({ kind: 'failed', cause: 'trap', message: 'm' })).toEqual({
      outcome: 'deny',
      reason: 'm',
      cause: 'base_trap',
    })
  })

  it('keeps reason, obligations and guardrails', () => {
    const answer = { outcome: 'allow_guarded', reason: 'r', obligations: [{ id: 'log' }], guardrails: { rows: 10 } }
    expect(value(answer)).toEqual(answer)
    expect(value({ allow: false, reason: 'no role' })).toEqual({ outcome: 'deny', reason: 'no role' })
  })

  it('inherited members are not an answer', () => {
    expect(value(Object.create({ allow: true, outcome: 'allow' }))).toMatchObject({ outcome: 'deny', cause: 'base_malformed' })
  })

  it('any other answer is deny', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (answer) => {
        fc.pre(answer !== true)
        expect(value(answer).outcome).toBe('deny')
      }),
    )
  })
})
