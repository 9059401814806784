import type { Obligation } from '../model/ceiling.ts'
import { byCodeUnit, obligationKey } from './stable-key.ts'

/** The union of duties, each once, sorted by canonical JSON. Two are the same when their canonical JSON is. */
export function unionObligations(a: readonly Obligation[], b: readonly Obligation[]): readonly Obligation[] {
  if (a.length === 0 && b.length === 0) return []
  const byKey = new Map<string, Obligation>()
  for (const obligation of [...a, ...b]) byKey.set(obligationKey(obligation), plain(obligation))
  return [...byKey].sort(([x], [y]) => byCodeUnit(x, y)).map(([, obligation]) => obligation)
}

/** Whether the first set of duties holds every duty of the second. */
export function holdsAllObligations(a: readonly Obligation[], b: readonly Obligation[]): boolean {
  const keys = new Set(a.map(obligationKey))
  return b.every((obligation) => keys.has(obligationKey(obligation)))
}

/** One spelling per obligation, so that equal sets are equal bytes: sorted properties, none if empty. */
function plain({ id, performer, properties }: Obligation): Obligation {
  const entries = Object.entries(properties ?? {}).sort(([x], [y]) => byCodeUnit(x, y))
  return entries.length === 0 ? { id, performer } : { id, performer, properties: Object.fromEntries(entries) }
}
