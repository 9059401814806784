import { foldText } from '../injection/fold.ts'

/** Most characters read of a purpose or ticket, and of the words of an action. */
const TOPIC_CHARS_MAX = 16_384
const STEM_CHARS_MIN = 3
const CAMEL = /(\p{Ll}|\p{N})(?=\p{Lu})/gu
const WORD = /\p{L}{2,}/gu
/** Words that say nothing of what it is about: grammar, verbs that every tool has, names that every argument has. */
const STOP_WORDS = new Set(
  [
    'the and for with from that this into onto about over under after before are was were will would should could can may must has have had not but all any',
    'our your his her its their them they you she him who what when where which why how there here then than also only please need want help make use using',
    'get set read write list create update delete remove add find search fetch query send post put call run execute do check show view open close start stop',
    'id ids key keys name names value values type types data text body title limit offset page size count filter sort fields field format path url options',
    'to of in on at by as is be an or if it we he me my so no up us does did out let look see tell know given give take one two new current currently other',
  ].flatMap((line) => line.split(' ').map(stem)),
)

/** The stems of a text's words, without stop words. Names in camel case, with `_`, `.` or `-`, fall into their words; what holds digits is dropped. */
export function topicTokens(text: string): ReadonlySet<string> {
  const plain = foldText(text.slice(0, TOPIC_CHARS_MAX).replace(CAMEL, '$1 '))
  const parts = plain.split(/[^\p{L}\p{N}]+/u).filter((part) => !/\p{N}/u.test(part))
  return new Set(
    parts
      .flatMap((part) => part.match(WORD) ?? [])
      .map(stem)
      .filter((token) => !STOP_WORDS.has(token)),
  )
}

/** A light stem of an English word: plural, -ing, -ed, and a final e or y gone. Only equality of stems matters. */
export function stem(word: string): string {
  const bare = word
    .replace(/(?:ies|ied)$/u, 'y')
    .replace(/(?:sses)$/u, 'ss')
    .replace(/(?:ing|ed)$/u, '')
    .replace(/(?<![su])s$/u, '')
  const short = bare.length < STEM_CHARS_MIN ? word : bare
  return short.length > STEM_CHARS_MIN ? short.replace(/[ey]$/u, '') : short
}
