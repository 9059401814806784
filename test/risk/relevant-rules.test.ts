import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ACTION_CATEGORIES } from '../../src/catalogue/catalogue-file.ts'
import { type CompiledRule, compileRules } from '../../src/risk/compiled-rules.ts'
import { RiskDocument } from '../../src/risk/rule-document.ts'
import { compileRiskRules, createRuleEngine } from '../../src/risk/rules.ts'
import type { RiskConditionsInput } from './reference-rules.ts'
import { ACTION, documentOf, facts, request } from './samples.ts'

const RISK = resolve(import.meta.dirname, '../../policies/risk')
const shipped = readdirSync(RISK).map((file) => RiskDocument.parse(JSON.parse(readFileSync(join(RISK, file), 'utf8'))))
const categories = fc.constantFrom(...ACTION_CATEGORIES)
const pointers = fc.record(
  { amount: fc.constant('/n'), recipients: fc.constant('/to'), records: fc.constant('/n') },
  { requiredKeys: [] },
)
const toolArguments = fc.record(
  { n: fc.constantFrom<unknown>(0, 50, 5_000, 'many'), to: fc.constantFrom<unknown>('a@x.example', [], 5) },
  { requiredKeys: [] },
)
const kinds = fc.record({ category: categories, arguments: pointers, blast: fc.nat(3) })

const leaf = fc.constantFrom<RiskConditionsInput>(
  { fact: 'action', path: '$.category', operator: 'equal', value: 'financial' },
  { fact: 'action', path: '$.category', operator: 'notEqual', value: 'read_only' },
  { fact: 'action', path: '$.category', operator: 'in', value: ['read_only', 'destructive'] },
  { fact: 'action', path: '$.category', operator: 'notIn', value: ['financial'] },
  { fact: 'action', path: '$.category', operator: 'equal', value: null },
  { fact: 'action', path: '$.category', operator: 'greaterThan', value: 1 },
  { fact: 'action', path: '$.blast', operator: 'greaterThan', value: 1 },
  { fact: 'amount', path: '$.value', operator: 'greaterThan', value: 100 },
  { fact: 'recipients', path: '$.count', operator: 'notEqual', value: 0 },
  { fact: 'records', path: '$.count', operator: 'lessThan', value: 10 },
)
const { conditions } = fc.letrec<{ conditions: RiskConditionsInput }>((tie) => ({
  conditions: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ all: fc.array(tie('conditions'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('conditions'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('conditions') }),
  ),
}))

describe('rules that cannot fire for an action of this kind', () => {
  it('are left out without a trace: the answer is that of all rules', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(conditions, { maxLength: 4 }), kinds, toolArguments, async (rules, kind, given) => {
        const documents = [
          ...shipped,
          ...rules.map((rule, index) => documentOf(rule, { obligations: [`o${index}`] }, `own-${index}`)),
        ]
        const sorted = [...documents].sort((a, b) => (a.id < b.id ? -1 : 1))
        const over = facts({ request: request(given), action: { ...ACTION, ...kind } })
        const whole = compileRiskRules(documents, () => createRuleEngine(compileRules(sorted)))
        expect(await compileRiskRules(documents).evaluate(over)).toEqual(await whole.evaluate(over))
      }),
      { numRuns: 300 },
    )
  })

  it('are most of the shipped ones for a plain read, and one engine serves all of its kind', async () => {
    const engines: (readonly CompiledRule[])[] = []
    const rules = compileRiskRules(shipped, (relevant) => {
      engines.push(relevant)
      return createRuleEngine(relevant)
    })
    const all = shipped.flatMap((document) => document.rules)
    for (const name of ['read_file', 'read_metrics'])
      await rules.evaluate(facts({ action: { ...ACTION, name, category: 'read_only', static_points: 0 } }))
    expect(engines).toHaveLength(1)
    expect(engines[0]!.length).toBeLessThan(all.length / 3)
    await rules.evaluate(facts({ action: { ...ACTION, category: 'financial', arguments: { amount: '/amount' } } }))
    expect(engines).toHaveLength(2)
  })
})
