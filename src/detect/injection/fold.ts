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
/** Only ASCII: nothing of it has another form. */
const PLAIN = /^[\0-\x7F]*$/u
/** Characters that are not seen, marks over letters, apostrophes. */
const UNSEEN = /[\p{M}\p{Default_Ignorable_Code_Point}\p{Cf}'’]/gu
/** Tag characters, a second ASCII that only machines read. */
const TAGS = /[\u{E0020}-\u{E007E}]/gu
const TAG_BLOCK = 0xe0000
const LATIN = /[a-z]/u
/** Digits and signs that are written for letters. */
const LETTER_OF: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' }
const DIGIT = /[013457]/u
const DIGITS = /[013457]/gu
const WORD = /[\p{L}\p{N}]+/gu

/** The text as a model reads it: compatibility forms, marks, apostrophes and invisible characters gone, lower case, letters that look Latin made Latin in words that have some. */
export function foldText(text: string): string {
  if (PLAIN.test(text)) return text.replaceAll("'", '').toLowerCase()
  const seen = text.replace(TAGS, (tag) => String.fromCharCode((tag.codePointAt(0) as number) - TAG_BLOCK))
  return seen.normalize('NFKD').replace(UNSEEN, '').toLowerCase().replace(WORD, foldWord)
}

/** Only a word that mixes scripts is a disguise; Russian and Greek stay as they are. */
function foldWord(word: string): string {
  return LATIN.test(word) ? word.replace(LOOKALIKE, (letter) => LOOKALIKES[letter] as string) : word
}

/** The words of a folded text, with `.` where a sentence, line or quotation begins or ends, and where each stands. */
export type Tokens = { readonly words: readonly string[]; readonly starts: readonly number[] }

/** What ends one sentence, line, quotation or tag and begins another. */
const BORDER = '.'
const BORDERS = new Set('.!?;:\n"“”„«»()[]{}<>|#*=`•。！？：')
const LETTER = /[\p{L}\p{N}\p{Cs}]/u
const ASCII_MAX = 127
/** Of each ASCII character whether it is part of a word. */
const IN_WORD = Array.from({ length: ASCII_MAX + 1 }, (_, code) => LETTER.test(String.fromCharCode(code)))

/** The words and borders of a folded text, in order, with one border first and last; digits inside a word with letters are read as the letters they stand for. */
export function tokensOf(folded: string): Tokens {
  const words = [BORDER]
  const starts = [0]
  const add = (word: string, start: number): void => {
    words.push(word)
    starts.push(start)
  }
  let begun = -1
  for (let at = 0; at <= folded.length; at += 1) {
    const isInWord = at < folded.length && isWordAt(folded, at)
    if (isInWord && begun < 0) begun = at
    if (isInWord || (begun < 0 && words.at(-1) === BORDER)) continue
    if (begun >= 0) add(nearWord(lettersOf(folded.slice(begun, at))), begun)
    begun = -1
    if (words.at(-1) !== BORDER && BORDERS.has(folded.charAt(at))) add(BORDER, at)
  }
  if (words.at(-1) !== BORDER) add(BORDER, folded.length)
  return { words, starts }
}

function isWordAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code <= ASCII_MAX ? (IN_WORD[code] as boolean) : LETTER.test(text.charAt(at))
}

function lettersOf(word: string): string {
  return DIGIT.test(word) && LATIN.test(word) ? word.replace(DIGITS, (digit) => LETTER_OF[digit] as string) : word
}
