import { byCodeUnit } from '../format/order.ts'
import type { Guardrail, Guardrails } from '../model/ceiling.ts'

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
export function isContradictory(guardrails: Guardrails): boolean {
  return contradictions(guardrails).length > 0
}

/** The names of the guardrails that allow nothing, sorted. */
export function contradictions(guardrails: Guardrails): readonly string[] {
  return Object.keys(guardrails)
    .filter((name) => isEmptyList(guardrails[name]))
    .sort(byCodeUnit)
}

/** Whether every bound of the second is at least as tight in the first. */
export function guardrailsLeq(a: Guardrails, b: Guardrails): boolean {
  return Object.entries(b).every(([name, bound]) => oneLeq(own(a, name), bound))
}

function own(guardrails: Guardrails, name: string): Guardrail | undefined {
  return Object.hasOwn(guardrails, name) ? guardrails[name] : undefined
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

function oneLeq(a: Guardrail | undefined, b: Guardrail): boolean {
  if (a === undefined) return false
  if (isEmptyList(a)) return true
  if (typeof a === 'number') return typeof b === 'number' && a <= b
  return typeof b !== 'number' && a.every((entry) => b.includes(entry))
}
