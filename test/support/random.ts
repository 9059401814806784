/** Pseudo-random choices that a seed repeats, for generators that must be fast. */
export type Random = {
  /** A whole number from 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number
  /** One of the items. */
  readonly of: <T>(items: readonly T[]) => T
  /** True in this share of cases, 0 to 1. */
  readonly chance: (share: number) => boolean
}

/** Mulberry32: 32 bits of state, which is plenty to vary tests. */
export function random(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { below, of: (items) => items[below(items.length)]!, chance: (share) => next() < share }
}
