import { describe, expect, it } from 'vitest'

import { loadRiskDocuments, riskProblemText } from '../../src/risk/load-documents.ts'

const problems = (value: unknown) => {
  const loading = loadRiskDocuments([{ file: 'policies/risk/My Rules.json', text: JSON.stringify(value) }])
  return loading.ok ? [] : loading.problems
}
/** The document that the fix shows. */
const shown = (value: unknown): unknown => {
  const found = problems(value)
  expect(found).toHaveLength(1)
  const { fix } = riskProblemText(found[0] ?? { rule: null, pointer: '', message: '' })
  expect(fix).toMatch(
    /^put them under "rules", each with id, reason and points: an event becomes points and obligations, and a fact is read/u,
  )
  return JSON.parse(fix.slice(fix.indexOf('{')))
}
const loads = (document: unknown): boolean => loadRiskDocuments([{ file: 'a.json', text: JSON.stringify(document) }]).ok

const LIMIT = { fact: 'body', operator: 'equal', value: '1; 2', path: '$.amount' }

describe('rules as json-rules-engine takes them', () => {
  it('are called "rules" where the name of the file says nothing', () => {
    const loading = loadRiskDocuments([
      { file: 'policies/risk/---.json', text: JSON.stringify([{ conditions: { all: [LIMIT] } }]) },
    ])
    const [found] = loading.ok ? [] : loading.problems
    const { fix } = riskProblemText(found ?? { rule: null, pointer: '', message: '' })
    expect(JSON.parse(fix.slice(fix.indexOf('{')))).toMatchObject({ id: 'rules', version: '1' })
  })

  it.each([
    [
      'a list of rules',
      [{ ruleId: 1, description: 'limit', conditions: { all: [LIMIT] }, event: { type: 'simulateError' } }],
      [
        {
          id: 'limit',
          reason: 'simulateError',
          conditions: { all: [{ fact: 'arguments', path: '$.body.amount', operator: 'equal', value: '1; 2' }] },
          points: 1,
        },
      ],
    ],
    [
      'a rule',
      {
        conditions: { any: [{ fact: 'orderValue', operator: 'greaterThan', value: 50 }, { not: LIMIT }] },
        event: { type: 'bigOrder', params: { percentage: 10 } },
        priority: 3,
      },
      [
        {
          id: 'big-order',
          reason: 'bigOrder',
          priority: 3,
          conditions: {
            any: [
              { fact: 'arguments', path: '$.orderValue', operator: 'greaterThan', value: 50 },
              { not: { fact: 'arguments', path: '$.body.amount', operator: 'equal', value: '1; 2' } },
            ],
          },
          points: 1,
        },
      ],
    ],
    [
      'bare conditions, of which one reads a fact of ours',
      { all: [{ fact: 'trust', path: '$.score', operator: 'lessThan', value: 0.5 }] },
      [
        {
          id: 'rule',
          reason: 'say why this is a risk',
          conditions: { all: [{ fact: 'trust', path: '$.score', operator: 'lessThan', value: 0.5 }] },
          points: 1,
        },
      ],
    ],
  ])('are shown as the document that they become: %s', (_, value, rules) => {
    const document = shown(value)
    expect(document).toEqual({ id: 'my-rules', version: '1', rules })
    expect(loads(document)).toBe(true)
  })

  it('are told apart in a list, and shown up to a length', () => {
    const rule = { conditions: { all: [LIMIT] }, event: { type: 'x' } }
    expect(shown([rule, rule])).toMatchObject({ rules: [{ id: 'x-1' }, { id: 'x-2' }] })
    expect(shown(Array.from({ length: 100 }, () => rule))).toMatchObject({ rules: [{ id: 'x-1' }] })
    expect(problems(Array.from({ length: 100 }, () => rule))[0]?.message).toContain('(the first of 100 rules)')
  })

  it('keep what nobody can convert, which is told once it is in a document', () => {
    const document = shown({ conditions: 'shared', event: 7, name: '!' }) as object
    expect(document).toMatchObject({ rules: [{ id: 'rule', reason: '!', conditions: 'shared' }] })
    expect(loads(document)).toBe(false)
  })

  it.each([[[]], [[1]], [[{ id: 'x' }]], [7], [{ rules: [], event: {} }], [{ id: 'x' }]])('are not what %j is', (value) => {
    expect(problems(value)[0]?.message).not.toContain('json-rules-engine')
  })

  it('that are a list of anything else are no fault of the JSON', () => {
    expect(riskProblemText({ rule: null, pointer: '', message: problems([1])[0]?.message ?? '' }).fix).not.toMatch(/JSON syntax/u)
    expect(riskProblemText({ rule: null, pointer: '', message: 'Expected a JSON value, found "o"' }).fix).toBe(
      'mend the JSON syntax here',
    )
  })
})
