import type { RuleProperties, TopLevelCondition } from 'json-rules-engine'

import type { RiskDocument, RiskRule, RuleCondition, RuleConditions } from './rule-document.ts'

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
