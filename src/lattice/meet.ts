import { byCodeUnit } from '../format/order.ts'
import type { Guardrail, Guardrails, Obligation } from '../model/ceiling.ts'
import type { Outcome } from '../model/outcome.ts'
import { lowerOutcome, outcomeLeq } from './outcome-order.ts'

/** One element of the decision lattice: an outcome with its duties and bounds. Every ceiling is one. */
export type Element = {
  readonly outcome: Outcome
  readonly obligations: readonly Obligation[]
  readonly guardrails: Guardrails
}

/** The top of the lattice: `allow`, no duties, no bounds. The meet with it changes nothing. */
export const TOP: Element = { outcome: 'allow', obligations: [], guardrails: {} }

/**
 * Greatest lower bound: the lower outcome, all duties, the tighter of every bound; deny where a bound allows nothing.
 * Commutative, associative, idempotent; equal sets give equal bytes.
 */
export function meet(a: Element, b: Element): Element {
  const guardrails = meetGuardrails(a.guardrails, b.guardrails)
  return {
    outcome: isContradictory(guardrails) ? 'deny' : lowerOutcome(a.outcome, b.outcome),
    obligations: unionObligations(a.obligations, b.obligations),
    guardrails,
  }
}

/** Greatest lower bound of at least one term; the meet of none would be `allow`, so it cannot be asked for. */
export function meetAll([first, ...rest]: readonly [Element, ...Element[]]): Element {
  return rest.reduce(meet, normalize(first))
}

/** The one spelling of an element: sorted sets, each entry once; deny where a bound allows nothing. */
export function normalize(element: Element): Element {
  return meet(element, TOP)
}

/** Whether the first concedes at most what the second does: `a ⊑ b`, which is `meet(a, b) = a`. */
export function leq(a: Element, b: Element): boolean {
  const low = normalize(a)
  const high = normalize(b)
  return (
    outcomeLeq(low.outcome, high.outcome) &&
    holdsAllObligations(low.obligations, high.obligations) &&
    guardrailsLeq(low.guardrails, high.guardrails)
  )
}

/** The union of duties, each once, sorted by canonical JSON. Two are the same when their canonical JSON is. */
export function unionObligations(a: readonly Obligation[], b: readonly Obligation[]): readonly Obligation[] {
  if (a.length === 0 && b.length === 0) return []
  const byKey = new Map<string, Obligation>()
  for (const obligation of [...a, ...b]) byKey.set(obligationKey(obligation), plain(obligation))
  return [...byKey].sort(([x], [y]) => byCodeUnit(x, y)).map(([, obligation]) => obligation)
}

/** Whether the first set of duties holds every duty of the second. */
function holdsAllObligations(a: readonly Obligation[], b: readonly Obligation[]): boolean {
  const keys = new Set(a.map(obligationKey))
  return b.every((obligation) => keys.has(obligationKey(obligation)))
}

/** The canonical JSON (RFC 8785) of an obligation: its identity. Empty properties equal absent ones. */
export function obligationKey(obligation: Obligation): string {
  const entries = Object.entries(obligation.properties ?? {}).sort(([a], [b]) => byCodeUnit(a, b))
  const properties = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')
  const tail = entries.length === 0 ? '' : `,"properties":{${properties}}`
  return `{"id":${JSON.stringify(obligation.id)},"performer":"${obligation.performer}"${tail}}`
}

/** One spelling per obligation, so that equal sets are equal bytes: sorted properties, none if empty. */
function plain({ id, performer, properties }: Obligation): Obligation {
  const entries = Object.entries(properties ?? {}).sort(([x], [y]) => byCodeUnit(x, y))
  return entries.length === 0 ? { id, performer } : { id, performer, properties: Object.fromEntries(entries) }
}

/** The tightest guardrail: nothing is allowed. Also what a number and a list under one name meet in. */
const NOTHING_ALLOWED: Guardrail = []

/**
 * Per name the smaller cap, or the intersection of the lists, sorted. A name that one side lacks is kept as it is. A number and a
 * list under one name contradict each other; what is not a cap of at least 0 bounds nothing that could be checked, and so does a list
 * under the name of a cap (`…_max`): all meet in the empty list, which no outcome above deny survives.
 */
export function meetGuardrails(a: Guardrails, b: Guardrails): Guardrails {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(byCodeUnit)
  const entries = names.map((name): [string, Guardrail] => [name, asNamed(name, meetOwn(own(a, name), own(b, name)))])
  return Object.fromEntries(entries)
}

/** Whether a guardrail is the empty list: contradiction, or an allow-list that allows nothing. */
function isContradictory(guardrails: Guardrails): boolean {
  return contradictions(guardrails).length > 0
}

/** The names of the guardrails that allow nothing, sorted. */
export function contradictions(guardrails: Guardrails): readonly string[] {
  return Object.keys(guardrails)
    .filter((name) => isEmptyList(guardrails[name]))
    .sort(byCodeUnit)
}

/** Whether every bound of the second is at least as tight in the first. */
function guardrailsLeq(a: Guardrails, b: Guardrails): boolean {
  return Object.entries(b).every(([name, bound]) => oneLeq(own(a, name), bound))
}

function own(guardrails: Guardrails, name: string): Guardrail | undefined {
  return Object.hasOwn(guardrails, name) ? guardrails[name] : undefined
}

function oneLeq(a: Guardrail | undefined, b: Guardrail): boolean {
  if (a === undefined) return false
  if (isEmptyList(a)) return true
  if (typeof a === 'number') return typeof b === 'number' && a <= b
  return typeof b !== 'number' && a.every((entry) => b.includes(entry))
}

function isEmptyList(guardrail: Guardrail | undefined): boolean {
  return Array.isArray(guardrail) && guardrail.length === 0
}

/** A bound that one side lacks is met with itself; one that is there but undefined allows nothing. */
function meetOwn(a: Guardrail | undefined, b: Guardrail | undefined): Guardrail {
  return meetOne(a ?? b ?? NOTHING_ALLOWED, b ?? a ?? NOTHING_ALLOWED)
}

/** A cap is a number; a list under its name allows nothing. */
function asNamed(name: string, bound: Guardrail): Guardrail {
  return name.endsWith('_max') && typeof bound !== 'number' ? NOTHING_ALLOWED : bound
}

function meetOne(a: Guardrail, b: Guardrail): Guardrail {
  if (typeof a === 'number' && typeof b === 'number') return a >= 0 && b >= 0 ? Math.min(a, b) + 0 : []
  if (typeof a === 'number' || typeof b === 'number') return []
  const kept = new Set(b)
  return [...new Set(a.filter((entry) => kept.has(entry)))].sort(byCodeUnit)
}
