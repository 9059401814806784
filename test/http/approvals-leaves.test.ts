import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { canonicalJson } from '../../src/format/canonical-json.ts'
import { differingKeys, requestLeaves, requestParts, resourceOf } from '../../src/http/approvals-page/request-leaves.ts'

const asking = (args: unknown, more: object = {}) => ({
  subject: { type: 'agent', id: 'a' },
  action: { name: 'pay', properties: { arguments: args } },
  resource: { type: 'account', id: 'operations' },
  ...more,
})
const paths = (request: unknown, part = 'arguments'): readonly string[] =>
  requestLeaves(request).leaves.flatMap((leaf) => (leaf.part === part ? [`${leaf.path}=${leaf.value}`] : []))

describe('the leaves of a request', () => {
  test('have paths that no name can imitate', () => {
    const args = { to: { iban: 'DE1', 'a.b': 1 }, 'to.iban': 2, lines: [{ n: null }, []], '': {}, '0': true }
    expect(paths(asking(args)).toSorted()).toEqual(
      ['to.iban="DE1"', 'to["a.b"]=1', '["to.iban"]=2', 'lines[0].n=null', 'lines[1]=[]', '[""]={}', '["0"]=true'].toSorted(),
    )
    expect(paths(asking('plain'))).toEqual(['="plain"'])
    expect(paths(asking({}), 'rest')).toContain('resource.id="operations"')
    expect(paths(7, 'rest')).toEqual(['=7'])
  })

  test('of two requests differ exactly where their values do', () => {
    const [a, b] = [asking({ amount: 9, to: 'x' }), asking({ amount: '9', to: 'x', note: 1 }, { context: { session: 's' } })]
    expect([...differingKeys([a, b].map(requestLeaves))].toSorted()).toEqual([
      'arguments amount',
      'arguments note',
      'rest context.session',
    ])
    expect(differingKeys([a, a, a].map(requestLeaves)).size).toBe(0)
  })

  test('law: requests differ in some leaf if and only if they are different requests', () => {
    const args = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(args, args, (one, other) => {
        const differ = differingKeys([requestLeaves(asking(one)), requestLeaves(asking(other))]).size > 0
        expect(differ).toBe(canonicalJson(one as never) !== canonicalJson(other as never))
      }),
    )
  })

  test('are bounded, and it says so', () => {
    const many = requestLeaves(asking(Array.from({ length: 5_000 }, (_, at) => at)))
    expect([many.leaves.length, many.complete]).toEqual([2_000, false])
    expect(requestLeaves(asking({ a: 1 })).complete).toBe(true)
  })

  test('leave odd requests in one piece', () => {
    expect(requestParts({ action: [] })).toEqual({ args: undefined, rest: { action: [] } })
    expect([resourceOf(null), resourceOf({ resource: { type: 'file', id: 3 } })]).toEqual([null, 'file'])
  })
})
