import { byCodeUnit } from '../format/order.ts'
import type { Obligation } from '../model/ceiling.ts'

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

/** The canonical JSON (RFC 8785) of an obligation: its identity. Empty properties equal absent ones. */
export function obligationKey(obligation: Obligation): string {
  const entries = Object.entries(obligation.properties ?? {}).sort(([a], [b]) => byCodeUnit(a, b))
  const properties = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')
  const tail = entries.length === 0 ? '' : `,"properties":{${properties}}`
  return `{"id":${JSON.stringify(obligation.id)},"performer":"${obligation.performer}"${tail}}`
}
