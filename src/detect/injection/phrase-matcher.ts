/** A phrase: steps in order, each any of its words, with at most `gapWords` other words between two of them. */
export type Phrase = { readonly id: string; readonly steps: readonly (readonly string[])[]; readonly gapWords: number }

type Use = { readonly phrase: number; readonly step: number }

/** Phrases by the words they use, made once per rule set. */
export type PhraseIndex = { readonly phrases: readonly Phrase[]; readonly uses: ReadonlyMap<string, readonly Use[]> }

/** Indexes phrases by word; later steps come first, so that one word cannot be two steps at once. */
export function indexPhrases(phrases: readonly Phrase[]): PhraseIndex {
  const uses = new Map<string, Use[]>()
  phrases.forEach((phrase, index) => {
    for (let step = phrase.steps.length - 1; step >= 0; step -= 1)
      for (const word of new Set(phrase.steps[step])) {
        const known = uses.get(word)
        if (known === undefined) uses.set(word, [{ phrase: index, step }])
        else known.push({ phrase: index, step })
      }
  })
  return { phrases, uses }
}

/** The ids of the phrases that occur among the words, in time linear in the words: of each beginning of a phrase only the latest place matters. */
export function findPhrases(words: readonly string[], { phrases, uses }: PhraseIndex): ReadonlySet<string> {
  const latest = phrases.map(({ steps }) => steps.map(() => Number.NEGATIVE_INFINITY))
  const found = new Set<string>()
  words.forEach((word, at) => {
    for (const use of uses.get(word) ?? []) {
      const phrase = phrases[use.phrase] as Phrase
      const places = latest[use.phrase] as number[]
      const before = use.step === 0 ? at - 1 : (places[use.step - 1] as number)
      if (at - before - 1 > phrase.gapWords) continue
      places[use.step] = at
      if (use.step === phrase.steps.length - 1) found.add(phrase.id)
    }
  })
  return found
}
