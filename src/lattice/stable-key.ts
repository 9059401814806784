import type { Obligation } from '../model/ceiling.ts'

/** Compares two texts by UTF-16 code unit, the order of every set that leaves the lattice. */
export function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** The canonical JSON (RFC 8785) of an obligation: its identity. Empty properties equal absent ones. */
export function obligationKey(obligation: Obligation): string {
  const entries = Object.entries(obligation.properties ?? {}).sort(([a], [b]) => byCodeUnit(a, b))
  const properties = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')
  const tail = entries.length === 0 ? '' : `,"properties":{${properties}}`
  return `{"id":${JSON.stringify(obligation.id)},"performer":"${obligation.performer}"${tail}}`
}
