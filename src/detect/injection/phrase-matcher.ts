/** Begins a step that follows directly on the one before. */
const DIRECTLY = '+'
/** Further back than any gap reaches. */
const NEVER = -1_000_000

/** A phrase: steps in order, each any of its words, with at most `gapWords` other words between two of them; none before a step that begins with `+`. */
export type Phrase = { readonly id: string; readonly steps: readonly (readonly string[])[]; readonly gapWords: number }

/** Where a word is a step: the place of the step, whether it is the first, the furthest gap before it, and the phrase that it ends. */
type Use = { readonly slot: number; readonly isFirst: boolean; readonly gapWords: number; readonly ends: string | undefined }

/** Phrases by the words they use, made once per rule set; `slots` is how many steps they have together. */
export type PhraseIndex = { readonly slots: number; readonly uses: ReadonlyMap<string, readonly Use[]> }

/** Where a phrase ends: the number of its last word. */
export type PhraseHit = { readonly id: string; readonly at: number }

/** Indexes phrases by word; later steps come first, so that one word cannot be two steps at once. */
export function indexPhrases(phrases: readonly Phrase[]): PhraseIndex {
  const uses = new Map<string, Use[]>()
  let slots = 0
  for (const { id, steps, gapWords } of phrases) {
    for (let step = steps.length - 1; step >= 0; step -= 1) {
      const words = steps[step] as readonly string[]
      const gap = words[0] === DIRECTLY ? 0 : gapWords
      const use = { slot: slots + step, isFirst: step === 0, gapWords: gap, ends: step === steps.length - 1 ? id : undefined }
      for (const word of new Set(words)) {
        const known = uses.get(word)
        if (known === undefined) uses.set(word, [use])
        else known.push(use)
      }
    }
    slots += steps.length
  }
  return { slots, uses }
}

/** Each end of a phrase among the words, in order, in time linear in the words: of each beginning of a phrase only the latest place matters. */
export function findPhrases(words: readonly string[], { slots, uses }: PhraseIndex): readonly PhraseHit[] {
  const latest = new Int32Array(slots).fill(NEVER)
  const hits: PhraseHit[] = []
  for (let at = 0; at < words.length; at += 1)
    for (const { slot, isFirst, gapWords, ends } of uses.get(words[at] as string) ?? []) {
      if (!isFirst && at - (latest[slot - 1] as number) - 1 > gapWords) continue
      latest[slot] = at
      if (ends !== undefined) hits.push({ id: ends, at })
    }
  return hits
}
