import { readJson } from './json-reader.ts'
import { faultIn, type JsonFaultCode, type JsonLimits, type JsonReading, type JsonValue } from './json-value.ts'
import { overLimit } from './limit.ts'

/** Largest body, in bytes of UTF-8. */
export const BODY_BYTES_MAX = 1_048_576
/** Deepest nesting of objects and arrays. */
export const DEPTH_MAX = 32
/** Longest string value, in UTF-16 code units after unescaping. */
export const STRING_CHARS_MAX = 524_288
/** Longest object key, in UTF-16 code units after unescaping. */
export const KEY_CHARS_MAX = 1_024
/** Most items of one array. */
export const ARRAY_ITEMS_MAX = 8_192
/** Most keys of one object. */
export const OBJECT_KEYS_MAX = 4_096
/** Most values of one document at all depths: what policies, masks and digests have to walk for one request. */
export const VALUES_MAX = 10_000
/** Most characters of the names on the way to each object and array, all together: nesting times breadth times length of names. */
export const PATH_CHARS_MAX = 1_048_576

/** The limits every edge starts from. */
export const STRICT_JSON_LIMITS: JsonLimits = {
  bodyBytesMax: BODY_BYTES_MAX,
  depthMax: DEPTH_MAX,
  stringCharsMax: STRING_CHARS_MAX,
  keyCharsMax: KEY_CHARS_MAX,
  arrayItemsMax: ARRAY_ITEMS_MAX,
  objectKeysMax: OBJECT_KEYS_MAX,
  valuesMax: VALUES_MAX,
  pathCharsMax: PATH_CHARS_MAX,
}

const COLON = 0x3a
const BACKSLASH = 0x5c
const SPACE = 0x20
const BYTE_ORDER_MARK = 0xfeff
const UTF8_BYTES_PER_UNIT_MAX = 3

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The one JSON parser of every edge. Refuses, with the place and the fix: text that is not UTF-8 or starts with a byte order
 * mark, an empty body, duplicate keys, `__proto__` (also when escaped), lone surrogates (raw or escaped), numbers beyond
 * ±(2^53 − 1) in any notation, bytes after the value, and whatever exceeds a limit. What it accepts is exactly what
 * `JSON.parse` returns.
 */
export function parseStrictJson(body: Uint8Array | string, limits: JsonLimits = STRICT_JSON_LIMITS): JsonReading {
  if (exceedsBytes(body, limits.bodyBytesMax)) {
    const came = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
    const why = overLimit('The body has', 'json.body_bytes_max', { max: limits.bodyBytesMax, came })
    return refuse('', 'body_too_large', `${why}, send less.`)
  }
  const text = typeof body === 'string' ? body : decode(body)
  if (text === undefined) return refuseUtf8(body as Uint8Array, limits)
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
    return refuse(text, 'byte_order_mark', 'The text starts with a byte order mark: remove its first character, U+FEFF.')
  }
  const value = admit(text, limits)
  if (value !== undefined) return { ok: true, value }
  if (text.trim() === '') return refuse(text, 'body_empty', 'The body is empty: send one JSON value.')
  return readJson(text, limits)
}

function refuse(text: string, code: JsonFaultCode, message: string): JsonReading {
  return { ok: false, error: faultIn(text, { code, message, pointer: '', offset: 0 }) }
}

function exceedsBytes(body: Uint8Array | string, bytesMax: number): boolean {
  if (typeof body !== 'string') return body.byteLength > bytesMax
  return body.length * UTF8_BYTES_PER_UNIT_MAX > bytesMax && Buffer.byteLength(body) > bytesMax
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Finds the first byte that is not UTF-8 and reads up to it, so that the refusal carries its place. */
function refuseUtf8(bytes: Uint8Array, limits: JsonLimits): JsonReading {
  const text = lenientUtf8.decode(bytes)
  const encoded = Buffer.from(text)
  const firstDifferent = bytes.findIndex((byte, index) => byte !== encoded[index])
  const validPrefix = firstDifferent === -1 ? bytes : bytes.subarray(0, firstDifferent)
  return readJson(text, limits, new TextDecoder('utf-8', { ignoreBOM: true }).decode(validPrefix, { stream: true }).length)
}

/**
 * The fast path: native `JSON.parse`, one walk over the value, and a count of the keys in the text, which a duplicate key makes
 * larger than the count of the keys in the value. Undefined when anything is refused.
 */
function admit(text: string, limits: JsonLimits): JsonValue | undefined {
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
  const hasEscapes = text.includes('\\')
  if (!text.isWellFormed()) return undefined
  const count: Count = { limits, hasEscapes, keys: 0, values: 1, pathChars: 0, above: 0 }
  return admitsValue(value, count, 0) && count.keys === keysOfText(text, hasEscapes) ? value : undefined
}

/** What the walk over a value counts, at all depths; `above`: characters of the names on the way to where it is. */
type Count = {
  readonly limits: JsonLimits
  readonly hasEscapes: boolean
  keys: number
  values: number
  pathChars: number
  above: number
}

/** Whether a value breaks no rule but those on counts. A container is counted before it is walked, so that too large a one is not. */
function admitsValue(value: JsonValue, count: Count, depth: number): boolean {
  if (typeof value === 'string') return isAdmitted(value, count.limits.stringCharsMax, count.hasEscapes)
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  if (typeof value === 'boolean' || value === null) return true
  if (depth >= count.limits.depthMax) return false
  count.pathChars += count.above
  if (count.pathChars > count.limits.pathCharsMax) return false
  return isArray(value) ? admitsArray(value, count, depth + 1) : admitsObject(value, count, depth + 1)
}

function admitsArray(items: readonly JsonValue[], count: Count, depth: number): boolean {
  count.values += items.length
  if (items.length > count.limits.arrayItemsMax || count.values > count.limits.valuesMax) return false
  for (const item of items) if (!admitsValue(item, count, depth)) return false
  return true
}

type JsonObject = { readonly [key: string]: JsonValue }

function admitsObject(object: JsonObject, count: Count, depth: number): boolean {
  const { limits, hasEscapes } = count
  const own = Object.keys(object)
  count.keys += own.length
  count.values += own.length
  if (own.length > limits.objectKeysMax || count.values > limits.valuesMax) return false
  for (const key of own) {
    if (key === '__proto__' || !isAdmitted(key, limits.keyCharsMax, hasEscapes)) return false
    count.above += key.length
    if (!admitsValue(object[key] as JsonValue, count, depth)) return false
    count.above -= key.length
  }
  return true
}

/** Raw surrogates are checked once for the whole text, so only a text with escapes can hide a lone one. */
function isAdmitted(text: string, charsMax: number, hasEscapes: boolean): boolean {
  return text.length <= charsMax && (!hasEscapes || text.isWellFormed())
}

function isArray(value: JsonObject | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/**
 * How many strings of a valid JSON text are keys: those that a colon follows. NaN, which is no count, where a key holds an escape: the
 * JSON.parse of Node 24.21 may take such a key for one that objects before it had, and so hide a duplicate; then the own reader reads.
 */
function keysOfText(text: string, hasEscapes: boolean): number {
  let keys = 0
  let slash = hasEscapes ? text.indexOf('\\') : -1
  for (let open = text.indexOf('"'); open !== -1;) {
    let close = text.indexOf('"', open + 1)
    while (hasEscapes && isEscaped(text, close)) close = text.indexOf('"', close + 1)
    let after = close + 1
    while (text.charCodeAt(after) <= SPACE) after += 1
    if (text.charCodeAt(after) === COLON) {
      if (slash !== -1 && slash < open) slash = text.indexOf('\\', open)
      if (slash !== -1 && slash < close) return NaN
      keys += 1
    }
    open = text.indexOf('"', after)
  }
  return keys
}

/** Whether the quote at `at` is escaped: an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}
