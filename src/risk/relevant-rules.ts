import { compare } from './compare.ts'
import type { CompiledRule } from './compiled-rule.ts'
import type { RiskFacts } from './facts.ts'
import type { RiskFactName, RuleConditions } from './rule-document.ts'

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
