/** Bytes of one SHA-256 hash. */
export const HASH_BYTES = 32

/** Largest level whose complete subtree fits into this many leaves. */
export function levelBelow(leaves: number): number {
  let level = 0
  while (2 ** (level + 1) <= leaves) level += 1
  return level
}

/** Largest power of two smaller than this many leaves. */
export function splitOf(leaves: number): number {
  return 2 ** levelBelow(leaves - 1)
}

/** Half of a count, rounded down. */
export function half(count: number): number {
  return Math.floor(count / 2)
}

/** How many bits of a size are set: so many complete subtrees its tree falls into. */
export function onesIn(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = half(rest)) ones += rest % 2
  return ones
}

/** Whether a number can be the size of a tree, or a leaf's index. */
export function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0
}

/** Whether bytes are as long as a hash. */
export function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES
}

/** Throws a RangeError for what cannot be the size of a tree. */
export function requireSize(size: number): void {
  if (!isSize(size)) throw new RangeError(`A tree cannot have ${size} leaves`)
}
