import type { RuleProperties, TopLevelCondition } from 'json-rules-engine'

import type { RiskFacts } from './facts.ts'
import { compare } from './operators.ts'
import type { RiskDocument, RiskFactName, RiskRule, RuleCondition, RuleConditions } from './rule-document.ts'

/** One rule with where it comes from and the comparisons it makes. */
export type CompiledRule = {
  readonly document: string
  readonly rule: RiskRule
  readonly comparisons: readonly RuleCondition[]
  /** The rule as json-rules-engine takes it; its event carries `index`. */
  readonly properties: RuleProperties
}

/** Under an even number of `not`s a comparison that is unknown counts as true, under an odd one as false: the worst either way. */
export const ASSUMING_TRUE = 'or_unknown:'
export const ASSUMING_FALSE = 'and_known:'

/** Compiles the rules of all documents, in order; `index` in the event is the place in the list. */
export function compileRules(documents: readonly RiskDocument[]): readonly CompiledRule[] {
  const rules = documents.flatMap((document) => document.rules.map((rule) => ({ document: document.id, rule })))
  return rules.map(({ document, rule }, index) => ({
    document,
    rule,
    comparisons: comparisonsOf(rule.conditions),
    properties: {
      name: `${document}/${rule.id}`,
      priority: rule.priority,
      conditions: topLevel(conditionOf(rule.conditions, ASSUMING_TRUE)),
      event: { type: 'fired', params: { index } },
    },
  }))
}

type Condition = Extract<TopLevelCondition, { all: unknown }>['all'][number]
type Polarity = typeof ASSUMING_TRUE | typeof ASSUMING_FALSE

function conditionOf(conditions: RuleConditions, polarity: Polarity): Condition {
  if ('all' in conditions) return { all: conditions.all.map((each) => conditionOf(each, polarity)) }
  if ('any' in conditions) return { any: conditions.any.map((each) => conditionOf(each, polarity)) }
  if ('not' in conditions)
    return { not: conditionOf(conditions.not, polarity === ASSUMING_TRUE ? ASSUMING_FALSE : ASSUMING_TRUE) }
  const { fact, operator, path, value } = conditions
  return { fact, operator: `${polarity}${operator}`, path, value }
}

/** The engine wants a group at the root. */
function topLevel(condition: Condition): TopLevelCondition {
  return 'fact' in condition ? { all: [condition] } : condition
}

function comparisonsOf(conditions: RuleConditions): readonly RuleCondition[] {
  if ('all' in conditions) return conditions.all.flatMap(comparisonsOf)
  if ('any' in conditions) return conditions.any.flatMap(comparisonsOf)
  return 'not' in conditions ? comparisonsOf(conditions.not) : [conditions]
}

/** What is the same for very many requests, and by itself says of most rules that they cannot fire. */
export type ActionKind = {
  readonly category: RiskFacts['action']['category']
  /** Facts that the tool does not have; no condition on one holds, so they make a rule fail whatever it asks of them. */
  readonly not_applicable: readonly RiskFactName[]
}

/** The kind of action that facts are about, and a text in which equal kinds are equal. */
export function actionKind({ action, not_applicable }: RiskFacts): ActionKind & { readonly key: string } {
  return { category: action.category, not_applicable, key: [action.category, ...not_applicable].join() }
}

/** The rules that may fire for actions of this kind. The others have a condition that all of them need, and that certainly does not hold. */
export function relevantRules(rules: readonly CompiledRule[], kind: ActionKind): readonly CompiledRule[] {
  return rules.filter(({ rule }) => !certainlyFalse(rule.conditions, kind))
}

/** Only what no other fact could change counts: a comparison of the category, and one on a fact that the tool does not have. */
function certainlyFalse(conditions: RuleConditions, kind: ActionKind): boolean {
  if ('all' in conditions) return conditions.all.some((each) => certainlyFalse(each, kind))
  if ('any' in conditions) return conditions.any.every((each) => certainlyFalse(each, kind))
  if ('not' in conditions) return false
  const { fact, path, operator, value } = conditions
  if (kind.not_applicable.includes(fact)) return true
  return fact === 'action' && path === '$.category' && compare(operator, kind.category, value) === false
}
