import { RISK_FACTS, type RiskFactName } from './rule-document.ts'

/** Longest converted document that is shown as a whole, characters; of a longer one its first rule is. */
const SHOWN_CHARS_MAX = 4_000
/** Longest id of a converted rule, characters. */
const ID_CHARS_MAX = 100

type Members = Readonly<Record<string, unknown>>

/** Members that the rules of json-rules-engine have and documents of ours do not. */
const OWN_MEMBERS = ['conditions', 'event', 'all', 'any', 'not'] as const

/**
 * What to say of rules as json-rules-engine itself takes them: a rule, a list of rules, or bare conditions. It shows the document that they
 * become, with a point for each rule, because only a person knows what an event is worth. Undefined for anything else.
 */
export function engineRulesMessage(value: unknown, documentId: string): string | undefined {
  const rules = engineRules(value)
  if (rules === undefined) return undefined
  const converted = rules.map((rule, index) => convertedRule(rule, index, rules.length))
  const whole = documentText(documentId, converted)
  const shown = whole.length > SHOWN_CHARS_MAX ? documentText(documentId, converted.slice(0, 1)) : whole
  const rest = shown === whole ? '' : ` (the first of ${rules.length} rules)`
  return (
    'these are rules as json-rules-engine takes them, not a risk document; put them under "rules", each with id, reason and points: ' +
    'an event becomes points and obligations, and a fact is read at "arguments" with a path' +
    `${rest}: ${shown}`
  )
}

function engineRules(value: unknown): readonly Members[] | undefined {
  if (Array.isArray(value)) return value.length > 0 && value.every(isEngineRule) ? value : undefined
  return isEngineRule(value) && !Object.hasOwn(value, 'rules') ? [value] : undefined
}

function isEngineRule(value: unknown): value is Members {
  return isMembers(value) && OWN_MEMBERS.some((name) => Object.hasOwn(value, name))
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function documentText(id: string, rules: readonly Members[]): string {
  return JSON.stringify({ id: kebab(id) || 'rules', version: '1', rules })
}

function convertedRule(rule: Members, index: number, count: number): Members {
  const { name, description, event, priority } = rule
  const kind = isMembers(event) ? event['type'] : undefined
  const said = [name, description, kind].filter((each): each is string => typeof each === 'string' && each !== '')
  const id = kebab(said[0] ?? '') || 'rule'
  return {
    id: count === 1 ? id : `${id}-${index + 1}`,
    reason: said[1] ?? said[0] ?? 'say why this is a risk',
    ...(typeof priority === 'number' ? { priority } : {}),
    conditions: convertedConditions(Object.hasOwn(rule, 'conditions') ? rule['conditions'] : rule),
    points: 1,
  }
}

function convertedConditions(conditions: unknown): unknown {
  if (!isMembers(conditions)) return conditions
  const { all, any, not, fact, path, operator, value } = conditions
  if (Array.isArray(all)) return { all: all.map(convertedConditions) }
  if (Array.isArray(any)) return { any: any.map(convertedConditions) }
  if (not !== undefined) return { not: convertedConditions(not) }
  return { ...placeOfFact(String(fact), path), operator, value }
}

/** Where a fact of the engine is read: a fact of ours stays where it is, any other is an argument of the request. */
function placeOfFact(fact: string, path: unknown): { readonly fact: string; readonly path: string } {
  const inside = typeof path === 'string' ? path.replace(/^\$/u, '') : ''
  return isRiskFact(fact) && inside !== '' ? { fact, path: `$${inside}` } : { fact: 'arguments', path: `$.${fact}${inside}` }
}

function isRiskFact(fact: string): fact is RiskFactName {
  return Object.hasOwn(RISK_FACTS, fact)
}

/** A text as an id of lower-case letters, digits and hyphens. */
function kebab(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/gu, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^-+|-+$/gu, '')
    .slice(0, ID_CHARS_MAX)
}
