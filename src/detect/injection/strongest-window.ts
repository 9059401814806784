/** A sign where it was seen: the rule, the group of which only the strongest counts, how much it says, and its place in the text. */
export type Sign = { readonly rule: string; readonly group: string; readonly confidence: number; readonly at: number }

/** The strongest sign of each group among those that stand together, and what they say together. */
export type Window = { readonly score: number; readonly rules: readonly string[] }

/** Signs further apart than this say nothing together, characters; windows begin every half of it. */
const WINDOW_CHARS = 800
const STEP_CHARS = WINDOW_CHARS / 2

/**
 * The window of a text whose signs say most: 1 − Π(1 − c) over its groups, each with the strongest sign of the group. `everywhere` are signs of the whole text.
 * Linear in the signs.
 */
export function strongestWindow(signs: readonly Sign[], everywhere: readonly Sign[]): Window {
  const windows = new Map<number, Sign[]>([[0, [...everywhere]]])
  for (const sign of signs)
    for (const window of windowsOf(sign)) {
      const known = windows.get(window)
      if (known === undefined) windows.set(window, [...everywhere, sign])
      else known.push(sign)
    }
  return [...windows.values()].map(windowOf).reduce((best, one) => (one.score > best.score ? one : best))
}

/** A place is in the window that begins before it, and in the one before that. */
function windowsOf({ at }: Sign): readonly number[] {
  const last = Math.floor(at / STEP_CHARS)
  return last === 0 ? [0] : [last - 1, last]
}

function windowOf(signs: readonly Sign[]): Window {
  const strongest = new Map<string, Sign>()
  for (const sign of signs) if (sign.confidence > (strongest.get(sign.group)?.confidence ?? -1)) strongest.set(sign.group, sign)
  const counted = [...strongest.values()]
  return {
    score: 1 - counted.reduce((doubt, { confidence }) => doubt * (1 - confidence), 1),
    rules: counted.map(({ rule }) => rule),
  }
}
