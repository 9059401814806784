import { nearWord } from './near-word.ts'

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

/** A word of a folded text, or `.` where a sentence, line or quotation begins or ends; and where it stands. */
export type Token = { readonly word: string; readonly at: number }

/** What ends one sentence, line, quotation or tag and begins another. */
const BORDER = '.'
const TOKEN = /[\p{L}\p{N}]+|[.!?;:\n"“”„«»()[\]{}<>|#*=`•。！？：]/gu
const IS_WORD = /^[\p{L}\p{N}]/u

/** The words and borders of a folded text, in order, with one border first; digits inside a word with letters are read as the letters they stand for. */
export function tokensOf(folded: string): readonly Token[] {
  const tokens: Token[] = [{ word: BORDER, at: 0 }]
  for (const { 0: part, index } of folded.matchAll(TOKEN)) {
    if (IS_WORD.test(part)) tokens.push({ word: nearWord(lettersOf(part)), at: index })
    else if (tokens.at(-1)?.word !== BORDER) tokens.push({ word: BORDER, at: index })
  }
  tokens.push({ word: BORDER, at: folded.length })
  return tokens
}

function lettersOf(word: string): string {
  return LATIN.test(word) ? word.replace(/[013457]/gu, (digit) => LETTER_OF[digit] as string) : word
}
