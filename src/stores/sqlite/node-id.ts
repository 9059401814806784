const LEVEL_FACTOR = 2 ** 47

/** The row of an inner node: level and index in one integer (levels below 64, indexes below 2^47). */
export function nodeId(level: number, index: number): number {
  return level * LEVEL_FACTOR + index
}
