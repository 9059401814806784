/** Compares two texts by UTF-16 code unit, the order of every set that leaves the lattice. */
export function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
