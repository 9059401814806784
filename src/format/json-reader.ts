import { faultIn, type JsonFault, type JsonFaultCode, type JsonLimits, type JsonReading, type JsonValue } from './json-value.ts'
import { overLimit } from './limit.ts'
import { jsonPointer } from './source-place.ts'

/** Largest magnitude that survives every reader unchanged (RFC 7493, 2.2). */
const INTEGER_MAX = Number.MAX_SAFE_INTEGER
const EXCERPT_CHARS_MAX = 40
/** Longest number that is read as text, where that is allowed: nanoseconds and 128 bits have less. */
const LARGE_NUMBER_CHARS_MAX = 64
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** What a reader returns once there is a fault. */
const REFUSED = Symbol('refused')
type Refused = typeof REFUSED

type Cursor = {
  readonly text: string
  readonly limits: JsonLimits
  /** Where the bytes were not UTF-8, as an offset into `text`; -1 when they all were. */
  readonly badUtf8At: number
  readonly path: (string | number)[]
  at: number
  /** How many values have been started. */
  values: number
  /** Characters of the names on the way to where it is, and of those to every object and array so far. */
  above: number
  pathChars: number
  fault: JsonFault | undefined
}

/**
 * Reads one JSON document and says where and why it is refused: the slow, obvious authority that strict-json.ts falls back to
 * whenever its fast path does not admit a document. The first fault in document order wins.
 */
export function readJson(text: string, limits: JsonLimits, badUtf8At = -1): JsonReading {
  const cursor: Cursor = { text, limits, badUtf8At, path: [], at: 0, values: 0, above: 0, pathChars: 0, fault: undefined }
  const value = readValue(cursor, 0)
  if (value !== REFUSED && skipSpace(cursor) < text.length) {
    fail(cursor, cursor.at, 'trailing_bytes', 'There is more after the end of the JSON value: send exactly one value.')
  }
  return value === REFUSED || cursor.fault !== undefined ? { ok: false, error: cursor.fault as JsonFault } : { ok: true, value }
}

/** Records the fault; `REFUSED` is what every reader returns after one. */
function fail(cursor: Cursor, offset: number, code: JsonFaultCode, message: string): Refused {
  const { text, badUtf8At } = cursor
  const isUtf8Fault = badUtf8At !== -1 && offset >= badUtf8At
  const utf8Fault = {
    code: 'invalid_utf8',
    message: 'The bytes here are not UTF-8: encode the text as UTF-8.',
    offset: badUtf8At,
  } as const
  cursor.fault = faultIn(text, { ...(isUtf8Fault ? utf8Fault : { code, message, offset }), pointer: jsonPointer(cursor.path) })
  return REFUSED
}

/** Skips JSON white space and returns the new offset. */
function skipSpace(cursor: Cursor): number {
  while (/[ \t\n\r]/.test(cursor.text.charAt(cursor.at))) cursor.at += 1
  return cursor.at
}

function readValue(cursor: Cursor, depth: number): JsonValue | Refused {
  const start = skipSpace(cursor)
  const first = cursor.text.charAt(start)
  cursor.values += 1
  if (cursor.values > cursor.limits.valuesMax) {
    const why = overLimit('The document holds', 'json.values_max', { max: cursor.limits.valuesMax })
    return fail(cursor, start, 'too_many_values', `${why}, send fewer, or fewer at a time.`)
  }
  if (first === '{' || first === '[') {
    if (depth >= cursor.limits.depthMax) {
      const why = overLimit('Objects and arrays are nested', 'json.depth_max', { max: cursor.limits.depthMax })
      return fail(cursor, start, 'too_deep', `${why}, flatten the value.`)
    }
    cursor.pathChars += cursor.above
    if (cursor.pathChars > cursor.limits.pathCharsMax) return failPaths(cursor, start)
    cursor.at += 1
    return first === '{' ? readObject(cursor, depth + 1) : readArray(cursor, depth + 1)
  }
  if (first === '"') return readText(cursor, cursor.limits.stringCharsMax, 'string_too_long')
  if (first === 't' || first === 'f') return readLiteral(cursor, first === 't' ? 'true' : 'false', first === 't')
  return first === 'n' ? readLiteral(cursor, 'null', null) : readNumber(cursor)
}

function failPaths(cursor: Cursor, start: number): Refused {
  const beginning = 'The names on the way to all objects and arrays have together'
  const why = overLimit(beginning, 'json.path_chars_max', { max: cursor.limits.pathCharsMax })
  return fail(cursor, start, 'paths_too_long', `${why}, shorten them or flatten the value.`)
}

function readObject(cursor: Cursor, depth: number): JsonValue | Refused {
  const object: Record<string, JsonValue> = {}
  let keys = 0
  if (takes(cursor, '}')) return object
  do {
    const keyAt = skipSpace(cursor)
    if (cursor.text.charAt(keyAt) !== '"') return unexpected(cursor, 'a key in double quotes', 'quote it, or remove a last comma')
    const key = readText(cursor, cursor.limits.keyCharsMax, 'key_too_long')
    if (key === REFUSED) return REFUSED
    cursor.path.push(key)
    keys += 1
    if (refusesKey(cursor, { object, key, keys, keyAt })) return REFUSED
    if (!takes(cursor, ':')) return unexpected(cursor, '":" after the key', 'put a colon between key and value')
    cursor.above += key.length
    const value = readValue(cursor, depth)
    if (value === REFUSED) return REFUSED
    cursor.above -= key.length
    object[key] = value
    cursor.path.pop()
  } while (takes(cursor, ','))
  return takes(cursor, '}') ? object : unexpected(cursor, '"," or "}"', 'close the object or separate its members')
}

/** A key that was read: the members before it, how many keys there are with it, and its offset. */
type ReadKey = { readonly object: object; readonly key: string; readonly keys: number; readonly keyAt: number }

/** Faults about a key that has been read and is the last step of the path. */
function refusesKey(cursor: Cursor, { object, key, keys, keyAt }: ReadKey): boolean {
  if (key === '__proto__') {
    fail(cursor, keyAt, 'forbidden_key', 'The key "__proto__" is refused, however it is spelled: rename it.')
  } else if (Object.hasOwn(object, key)) {
    fail(cursor, keyAt, 'duplicate_key', `The key ${excerpt(key)} is there twice in one object: keep one of them.`)
  } else if (keys > cursor.limits.objectKeysMax) {
    cursor.path.pop()
    const why = overLimit('The object has', 'json.object_keys_max', { max: cursor.limits.objectKeysMax })
    fail(cursor, keyAt, 'object_too_large', `${why}, send fewer.`)
  }
  return cursor.fault !== undefined
}

function readArray(cursor: Cursor, depth: number): JsonValue | Refused {
  const items: JsonValue[] = []
  if (takes(cursor, ']')) return items
  do {
    if (items.length >= cursor.limits.arrayItemsMax) {
      const why = overLimit('The array has', 'json.array_items_max', { max: cursor.limits.arrayItemsMax })
      return fail(cursor, skipSpace(cursor), 'array_too_long', `${why}, send fewer.`)
    }
    cursor.path.push(items.length)
    const value = readValue(cursor, depth)
    if (value === REFUSED) return REFUSED
    items.push(value)
    cursor.path.pop()
  } while (takes(cursor, ','))
  return takes(cursor, ']') ? items : unexpected(cursor, '"," or "]"', 'close the array or separate its items')
}

/** Reads a string, as a value or as a key. */
function readText(cursor: Cursor, charsMax: number, tooLong: 'string_too_long' | 'key_too_long'): string | Refused {
  const start = cursor.at
  cursor.at += 1
  for (;;) {
    const char = cursor.text.charAt(cursor.at)
    if (char === '"') break
    if (char === '') return fail(cursor, cursor.at, 'syntax', 'The text ends inside a string: close it with a double quote.')
    if (char < ' ') return fail(cursor, cursor.at, 'syntax', 'A control character stands in a string: escape it as \\uXXXX.')
    if (cursor.at === cursor.badUtf8At) return fail(cursor, cursor.at, 'invalid_utf8', '')
    if (char !== '\\') cursor.at += 1
    else if (!takesPattern(cursor, ESCAPE)) {
      return fail(
        cursor,
        cursor.at,
        'syntax',
        'This escape is not one of JSON: use \\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\uXXXX.',
      )
    }
  }
  cursor.at += 1
  const raw = cursor.text.slice(start, cursor.at)
  const text = JSON.parse(raw) as string
  if (!raw.isWellFormed() || !text.isWellFormed()) {
    return fail(
      cursor,
      start,
      'lone_surrogate',
      'The string holds half of a surrogate pair: send both halves, or U+FFFD instead.',
    )
  }
  if (text.length <= charsMax) return text
  const [noun, limit] =
    tooLong === 'key_too_long' ? (['key', 'json.key_chars_max'] as const) : (['string', 'json.string_chars_max'] as const)
  const why = overLimit(`The ${noun} has`, limit, { max: charsMax, came: text.length })
  return fail(cursor, start, tooLong, `${why}, shorten it.`)
}

function readNumber(cursor: Cursor): number | string | Refused {
  const start = cursor.at
  if (!takesPattern(cursor, NUMBER))
    return unexpected(cursor, 'a JSON value', 'put an object, array, string, number, true, false or null here')
  const digits = cursor.text.slice(start, cursor.at)
  const number = Number(digits)
  if (Math.abs(number) <= INTEGER_MAX) return number
  if (cursor.limits.largeNumbersAsText === true && digits.length <= LARGE_NUMBER_CHARS_MAX) return digits
  const why = overLimit('The number is', 'json.number_max', { max: INTEGER_MAX })
  return fail(cursor, start, 'number_out_of_range', `${why}, beyond which readers differ: send it as a string.`)
}

function readLiteral<Value extends boolean | null>(cursor: Cursor, word: string, value: Value): Value | Refused {
  if (cursor.text.startsWith(word, cursor.at)) {
    cursor.at += word.length
    return value
  }
  return unexpected(cursor, `"${word}"`, 'literals are true, false and null, in lower case')
}

/** Steps over white space and one character when it is there. */
function takes(cursor: Cursor, char: string): boolean {
  const isThere = cursor.text.charAt(skipSpace(cursor)) === char
  if (isThere) cursor.at += 1
  return isThere
}

/** Steps over a sticky pattern when it matches here. */
function takesPattern(cursor: Cursor, pattern: RegExp): boolean {
  pattern.lastIndex = cursor.at
  const matches = pattern.test(cursor.text)
  if (matches) cursor.at = pattern.lastIndex
  return matches
}

function unexpected(cursor: Cursor, expected: string, fix: string): Refused {
  const codePoint = cursor.text.codePointAt(cursor.at)
  const found = codePoint === undefined ? 'the end of the text' : excerpt(String.fromCodePoint(codePoint))
  return fail(cursor, cursor.at, 'syntax', `Expected ${expected}, found ${found}: ${fix}.`)
}

/** A short quotation for a message, control characters escaped. */
function excerpt(text: string): string {
  return JSON.stringify(text.length > EXCERPT_CHARS_MAX ? `${text.slice(0, EXCERPT_CHARS_MAX)}…` : text)
}
