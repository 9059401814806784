import { Engine, type EngineResult } from 'json-rules-engine'

import type { RiskBands } from '../catalogue/catalogue-file.ts'
import { DEFAULT_RISK_BANDS, riskBand } from '../catalogue/static-points.ts'
import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import { byCodeUnit } from '../format/order.ts'
import { actionKind, ASSUMING_FALSE, ASSUMING_TRUE, type CompiledRule, compileRules, relevantRules } from './compiled-rules.ts'
import type { RiskFacts } from './facts.ts'
import { claimedValue, compare, NOT_APPLICABLE, readingIn, UNAVAILABLE } from './operators.ts'
import { sizeReading, type ClaimReading } from './readings.ts'
import type { RiskView } from './risk-view.ts'
import { OPERATORS, RISK_FACTS, type RiskDocument, type RiskFactName, type RuleCondition } from './rule-document.ts'

/** Facts whose malformed value makes the band the highest whether or not a rule reads it: what the request itself measures. */
const MEASURES: readonly RiskFactName[] = ['amount', 'recipients', 'records', 'destinations']
const FACT_NAMES = Object.keys(RISK_FACTS) as RiskFactName[]

/** Compiled risk rules: facts to points and band. Never rejects; overlapping evaluations do not disturb each other. */
export type RiskRules = {
  /** `without`: documents whose rules are left out. */
  readonly evaluate: (facts: RiskFacts, without?: readonly string[]) => Promise<RiskView>
  /** SHA-256 over the canonical JSON of the documents, hexadecimal. */
  readonly digest: string
  /** The documents, sorted by id. */
  readonly documents: readonly RiskDocument[]
}

/** What runs one rule set; json-rules-engine's engine is one. */
export type RuleEngine = { readonly run: (facts: Record<string, unknown>) => Promise<Pick<EngineResult, 'events'>> }

/** Compiles schema-checked documents. Rules only add: the band is never below that of the static points. */
export function compileRiskRules(
  documents: readonly RiskDocument[],
  createEngine: (rules: readonly CompiledRule[]) => RuleEngine = createRuleEngine,
  bands: RiskBands = DEFAULT_RISK_BANDS,
): RiskRules {
  const sorted = [...documents].sort((a, b) => byCodeUnit(a.id, b.id))
  const rules = compileRules(sorted)
  const pools = new Map<string, EnginePool<RuleEngine>>()
  /** A pool for each kind of action (six categories, three measures), with the rules that may fire: json-rules-engine 7.3.1 copies every rule in every run. */
  const poolFor = (facts: RiskFacts): EnginePool<RuleEngine> => {
    const { key, ...kind } = actionKind(facts)
    const known = pools.get(key)
    if (known !== undefined) return known
    const relevant = relevantRules(rules, kind)
    const pool = createEnginePool(() => createEngine(relevant))
    pools.set(key, pool)
    return pool
  }
  return {
    documents: sorted,
    digest: sha256Hex(canonicalJson(sorted)),
    evaluate: async (facts, without = []) => {
      const values = factValues(facts)
      try {
        const { events } = await poolFor(facts).use((engine) => engine.run(values))
        return view(
          facts,
          events.flatMap((event) => rules[indexOf(event.params)] ?? []).filter(({ document }) => !without.includes(document)),
          { unknown: readsThatAre('unknown', values), either: readsThatAre('either', values) },
          bands,
        )
      } catch {
        return failed(facts, rules)
      }
    },
  }
}

/** An engine with our own comparisons instead of the stock ones, and member paths instead of JSONPath. */
export function createRuleEngine(rules: readonly CompiledRule[]): Engine {
  const engine = new Engine([], { pathResolver: factValueAt })
  for (const operator of OPERATORS) {
    engine.addOperator(`${ASSUMING_TRUE}${operator}`, (fact: unknown, value: unknown) => compare(operator, fact, value) !== false)
    engine.addOperator(`${ASSUMING_FALSE}${operator}`, (fact: unknown, value: unknown) => compare(operator, fact, value) === true)
  }
  for (const { properties } of rules) engine.addRule(structuredClone(properties))
  return engine
}

function factValues({ values, readings = {}, not_applicable }: RiskFacts): Record<RiskFactName, unknown> {
  const missing = (name: RiskFactName): symbol => (not_applicable.includes(name) ? NOT_APPLICABLE : UNAVAILABLE)
  const known = (name: RiskFactName): unknown => {
    const claimed = Object.entries(readings[name] ?? {}).map(([member, reading]) => [member, claimedValue(reading)] as const)
    return values[name] === undefined ? undefined : { ...values[name], ...Object.fromEntries(claimed) }
  }
  const entries = FACT_NAMES.map((name): [RiskFactName, unknown] => [name, known(name) ?? missing(name)])
  return Object.fromEntries(entries) as Record<RiskFactName, unknown>
}

/** The own member of a fact at a plain path such as `$.value`, or what is claimed of it; undefined where there is none. */
export function factValueAt(fact: unknown, path: string): unknown {
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, name) => {
      const reading = readingIn(value)
      if (reading !== undefined) return name === 'length' ? lengthIn(reading) : undefined
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
      return (value as Readonly<Record<string, unknown>>)[name]
    }, fact)
}

function lengthIn(reading: ClaimReading): unknown {
  const length = sizeReading(reading)
  return length === undefined ? undefined : claimedValue(length)
}

/** The facts that a rule that fired reads and of which a comparison comes to this: it fired only because the worst was assumed. */
function readsThatAre(
  comparison: 'unknown' | 'either',
  values: Readonly<Record<RiskFactName, unknown>>,
): (rule: CompiledRule) => readonly string[] {
  const isSo = ({ fact, operator, path, value }: RuleCondition): boolean => {
    const whole = values[fact]
    return compare(operator, typeof whole === 'symbol' ? whole : factValueAt(whole, path), value) === comparison
  }
  return ({ comparisons }) =>
    comparisons.filter(isSo).map(({ fact, path }) => (values[fact] === UNAVAILABLE ? fact : `${fact}${path.slice(1)}`))
}

function indexOf(params: Readonly<Record<string, unknown>> | undefined): number {
  return Number(params?.['index'])
}

function view(
  facts: RiskFacts,
  fired: readonly CompiledRule[],
  reads: Readonly<Record<'unknown' | 'either', (rule: CompiledRule) => readonly string[]>>,
  bands: RiskBands,
): RiskView {
  const { category, static_points } = facts.action
  const sorted = [...fired].sort((a, b) => byCodeUnit(nameOf(a), nameOf(b)))
  const points = sorted.reduce((sum, { rule }) => sum + rule.points, static_points)
  const malformed = malformedMeasures(facts.unavailable)
  const unavailable = [...new Set([...malformed, ...sorted.flatMap(reads.unknown)])].sort()
  return {
    points,
    band: unavailable.length > 0 ? 'high' : riskBand(category, points, bands),
    rules: sorted.map((each) => {
      const { id, points: added, reason } = each.rule
      const claimed = [...new Set(reads.either(each))].sort()
      return { id, document: each.document, points: added, reason, ...(claimed.length === 0 ? {} : { claimed }) }
    }),
    obligations: obligationsOf(sorted),
    unavailable,
  }
}

/** The engine failed, so nothing is known of any rule: the highest band, and every duty that a rule could have added. */
function failed({ action, unavailable }: RiskFacts, rules: readonly CompiledRule[]): RiskView {
  const named = ['rule_engine', ...malformedMeasures(unavailable)].sort()
  return { points: action.static_points, band: 'high', rules: [], obligations: obligationsOf(rules), unavailable: named }
}

/** Recipients are destinations: what is wrong with them is told once. */
function malformedMeasures(unavailable: RiskFacts['unavailable']): readonly RiskFactName[] {
  return unavailable.filter((name) => MEASURES.includes(name) && !(name === 'destinations' && unavailable.includes('recipients')))
}

function obligationsOf(rules: readonly CompiledRule[]): readonly string[] {
  return [...new Set(rules.flatMap(({ rule }) => rule.obligations))].sort()
}

function nameOf({ document, rule }: CompiledRule): string {
  return `${document}/${rule.id}`
}

/** Most engines of one rule set; json-rules-engine is CPU-bound between its promises, so more would only take memory. */
const ENGINES_MAX = 8

/** Lends engines, each to one piece of work at a time. */
export type EnginePool<E> = { readonly use: <T>(work: (engine: E) => Promise<T>) => Promise<T> }

/** Makes engines when they are first needed, up to a limit; further work waits in order. One whose work failed is thrown away. */
export function createEnginePool<E>(create: () => E, enginesMax: number = ENGINES_MAX): EnginePool<E> {
  const free: E[] = []
  const waiting: (() => void)[] = []
  let lent = 0
  return {
    use: async (work) => {
      while (lent >= enginesMax) await new Promise<void>((resolve) => waiting.push(resolve))
      lent += 1
      try {
        const engine = free.pop() ?? create()
        const answer = await work(engine)
        free.push(engine)
        return answer
      } finally {
        lent -= 1
        waiting.shift()?.()
      }
    },
  }
}
