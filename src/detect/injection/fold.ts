/** Letters of other scripts that look like Latin ones. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  ...{
    а: 'a',
    в: 'b',
    с: 'c',
    е: 'e',
    һ: 'h',
    і: 'i',
    ј: 'j',
    к: 'k',
    м: 'm',
    н: 'h',
    о: 'o',
    р: 'p',
    ѕ: 's',
    т: 't',
  },
  ...{
    у: 'y',
    х: 'x',
    ԁ: 'd',
    ԛ: 'q',
    ԝ: 'w',
    ɡ: 'g',
    ı: 'i',
    α: 'a',
    ε: 'e',
    η: 'n',
    ι: 'i',
    κ: 'k',
    ν: 'v',
    ο: 'o',
    ρ: 'p',
    τ: 't',
  },
  ...{ υ: 'u', χ: 'x' },
}
const LOOKALIKE = new RegExp(`[${Object.keys(LOOKALIKES).join('')}]`, 'gu')
/** Characters that are not seen, marks over letters, apostrophes. */
const UNSEEN = /[\p{M}\p{Default_Ignorable_Code_Point}\p{Cf}'’]/gu
/** Tag characters, a second ASCII that only machines read. */
const TAGS = /[\u{E0020}-\u{E007E}]/gu
const TAG_BLOCK = 0xe0000
const LATIN = /[a-z]/u
/** Digits and signs that are written for letters. */
const LETTER_OF: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' }
const WORD = /[\p{L}\p{N}]+/gu

/** The text as a model reads it: compatibility forms, marks, apostrophes and invisible characters gone, lower case, letters that look Latin made Latin in words that have some. */
export function foldText(text: string): string {
  const seen = text.replace(TAGS, (tag) => String.fromCharCode((tag.codePointAt(0) as number) - TAG_BLOCK))
  return seen.normalize('NFKD').replace(UNSEEN, '').toLowerCase().replace(WORD, foldWord)
}

/** Only a word that mixes scripts is a disguise; Russian and Greek stay as they are. */
function foldWord(word: string): string {
  return LATIN.test(word) ? word.replace(LOOKALIKE, (letter) => LOOKALIKES[letter] as string) : word
}

/** The words of a folded text, in order; digits inside a word with letters are read as the letters they stand for. */
export function wordsOf(folded: string): readonly string[] {
  return (folded.match(WORD) ?? []).map((word) =>
    LATIN.test(word) ? word.replace(/[013457]/gu, (digit) => LETTER_OF[digit] as string) : word,
  )
}
