/** What part of a budget one source may hold. */
const SOURCE_SHARE = 1 / 4

/** Memory that many share: how many bytes are held, in all and by each source. */
export type ByteBudget = {
  /** Holds so many bytes more for a source; false: there is not enough left, and nothing is held. */
  readonly take: (source: string, bytes: number) => boolean
  /** Gives back what was taken. */
  readonly give: (source: string, bytes: number) => void
}

/** A budget of so many bytes, of which one source may hold a quarter. What is held is forgotten with the last byte of it. */
export function createByteBudget(bytesMax: number): ByteBudget {
  const held = new Map<string, number>()
  let total = 0
  return {
    take: (source, bytes) => {
      const own = (held.get(source) ?? 0) + bytes
      if (total + bytes > bytesMax || own > bytesMax * SOURCE_SHARE) return false
      total += bytes
      held.set(source, own)
      return true
    },
    give: (source, bytes) => {
      total -= bytes
      const own = (held.get(source) ?? 0) - bytes
      if (own > 0) held.set(source, own)
      else held.delete(source)
    },
  }
}

/** What one request holds of a budget. */
export type HeldBytes = { readonly hold: (bytes: number) => boolean; readonly release: () => void }

/** Holds memory for one request of a source, until all of it is given back at once. */
export function holdFrom(budget: ByteBudget, source: string): HeldBytes {
  let held = 0
  return {
    hold: (bytes) => {
      const isHeld = budget.take(source, bytes)
      if (isHeld) held += bytes
      return isHeld
    },
    release: () => {
      if (held > 0) budget.give(source, held)
      held = 0
    },
  }
}
