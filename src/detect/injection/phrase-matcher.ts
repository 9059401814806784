/** Begins a step that follows directly on the one before. */
const DIRECTLY = '+'

/** A phrase: steps in order, each any of its words, with at most `gapWords` other words between two of them; none before a step that begins with `+`. */
export type Phrase = { readonly id: string; readonly steps: readonly (readonly string[])[]; readonly gapWords: number }

type Use = { readonly phrase: number; readonly step: number; readonly gapWords: number }

/** Phrases by the words they use, made once per rule set. */
export type PhraseIndex = { readonly phrases: readonly Phrase[]; readonly uses: ReadonlyMap<string, readonly Use[]> }

/** Where a phrase ends: the number of its last word. */
export type PhraseHit = { readonly id: string; readonly at: number }

/** Indexes phrases by word; later steps come first, so that one word cannot be two steps at once. */
export function indexPhrases(phrases: readonly Phrase[]): PhraseIndex {
  const uses = new Map<string, Use[]>()
  phrases.forEach((phrase, index) => {
    for (let step = phrase.steps.length - 1; step >= 0; step -= 1) {
      const words = phrase.steps[step] as readonly string[]
      const use = { phrase: index, step, gapWords: words[0] === DIRECTLY ? 0 : phrase.gapWords }
      for (const word of new Set(words)) {
        const known = uses.get(word)
        if (known === undefined) uses.set(word, [use])
        else known.push(use)
      }
    }
  })
  return { phrases, uses }
}

/** Each end of a phrase among the words, in order, in time linear in the words: of each beginning of a phrase only the latest place matters. */
export function findPhrases(words: readonly string[], { phrases, uses }: PhraseIndex): readonly PhraseHit[] {
  const latest = phrases.map(({ steps }) => steps.map(() => Number.NEGATIVE_INFINITY))
  const hits: PhraseHit[] = []
  words.forEach((word, at) => {
    for (const use of uses.get(word) ?? []) {
      const phrase = phrases[use.phrase] as Phrase
      const places = latest[use.phrase] as number[]
      const before = use.step === 0 ? at - 1 : (places[use.step - 1] as number)
      if (at - before - 1 > use.gapWords) continue
      places[use.step] = at
      if (use.step === phrase.steps.length - 1) hits.push({ id: phrase.id, at })
    }
  })
  return hits
}
