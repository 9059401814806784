/** Words that injections misspell, and that no other word is a letter away from. */
const MISSPELT = [
  ...[
    'instruction',
    'instructions',
    'previous',
    'disregard',
    'directives',
    'guidelines',
    'assistant',
    'everything',
    'restrictions',
    'following',
  ],
  ...['anweisungen', 'vorherigen', 'instrucciones', 'anteriores', 'precedentes', 'password', 'preceding', 'important'],
]
const CHARS_MIN = 7
const CHARS_MAX = 16

const words = new Set(MISSPELT)
/** The words with one letter left out, and the word that each is meant for. */
const shortened = new Map(MISSPELT.flatMap((word) => withoutOne(word).map((less) => [less, word] as const)))

/** Beginnings and ends of the words: one slip leaves one of the two as it was. */
const beginnings = new Set(MISSPELT.map(beginningOf))
const ends = new Set(MISSPELT.map(endOf))

/** The word that a misspelt one is meant for: one letter more, fewer or another, or two changed round; the word itself where none is near. */
export function nearWord(word: string): string {
  if (word.length < CHARS_MIN || word.length > CHARS_MAX || words.has(word)) return word
  if (!beginnings.has(beginningOf(word)) && !ends.has(endOf(word))) return word
  const missing = shortened.get(word)
  if (missing !== undefined) return missing
  for (const less of withoutOne(word)) {
    const meant = words.has(less) ? less : shortened.get(less)
    if (meant !== undefined) return meant
  }
  return word
}

function beginningOf(word: string): string {
  return word.slice(0, 3)
}

function endOf(word: string): string {
  return word.slice(-4)
}

/** A word with each of its letters left out in turn. */
function withoutOne(word: string): readonly string[] {
  return Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))
}
