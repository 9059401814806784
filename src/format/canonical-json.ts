import { hash } from 'node:crypto'

import { jsonPointer } from './source-place.ts'
import { overLimit } from './limit.ts'

/** Deepest value that is canonicalized; deeper ones are cycles or were never admitted. */
export const CANONICAL_DEPTH_MAX = 128

const PLAIN_CHARS_MAX = 48
const INSERTION_SORT_KEYS_MAX = 16
const SPACE = 0x20
const TILDE = 0x7e
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * The canonical text of a JSON value (RFC 8785): keys sorted by UTF-16 code unit, numbers and strings as ECMAScript writes them.
 * Throws a TypeError with the JSON Pointer of the place for whatever has no single JSON text: undefined, NaN, infinities, lone
 * surrogates, bigint, functions, symbols, cycles, and objects that are not plain (a Date, a Map).
 */
export function canonicalJson(value: unknown): string {
  const text = encode(value, 0)
  if (text !== undefined) return text
  const path: (string | number)[] = []
  const reason = findFault(value, path)
  throw new TypeError(`Not canonical JSON at "${jsonPointer(path)}": ${reason}`)
}

/** Lower-case hex SHA-256; a text is hashed as UTF-8. */
export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}

/** Canonical text, or undefined when something in the value has none. */
function encode(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return encodeText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object' || depth >= CANONICAL_DEPTH_MAX) return undefined
  if (Array.isArray(value)) return encodeArray(value, depth + 1)
  return isPlain(value) ? encodeObject(value, depth + 1) : undefined
}

function encodeArray(items: readonly unknown[], depth: number): string | undefined {
  let text = '['
  for (let index = 0; index < items.length; index += 1) {
    const item = encode(items[index], depth)
    if (item === undefined) return undefined
    text += index === 0 ? item : `,${item}`
  }
  return `${text}]`
}

type PlainObject = { readonly [key: string]: unknown }

function encodeObject(object: PlainObject, depth: number): string | undefined {
  let text = '{'
  for (const key of sorted(Object.keys(object))) {
    const name = encodeText(key)
    const value = encode(object[key], depth)
    if (name === undefined || value === undefined) return undefined
    text += text === '{' ? `${name}:${value}` : `,${name}:${value}`
  }
  return `${text}}`
}

/** Short printable ASCII is its own encoding; that is nearly every key and most values. */
function encodeText(text: string): string | undefined {
  if (text.length <= PLAIN_CHARS_MAX && isPrintable(text)) return `"${text}"`
  return text.isWellFormed() ? JSON.stringify(text) : undefined
}

function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < SPACE || unit > TILDE || unit === QUOTE || unit === BACKSLASH) return false
  }
  return true
}

/** Sorts by UTF-16 code unit, in place; few keys are sorted without leaving this function (a quarter faster on requests of 300 bytes, Node 24). */
function sorted(keys: string[]): string[] {
  if (keys.length > INSERTION_SORT_KEYS_MAX) return keys.sort()
  for (let end = 1; end < keys.length; end += 1) {
    const key = keys[end] as string
    let at = end
    for (let before = keys[at - 1] as string; at > 0 && before > key; before = keys[at - 1] as string) {
      keys[at] = before
      at -= 1
    }
    keys[at] = key
  }
  return keys
}

function isPlain(value: object): value is PlainObject {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Walks through a value that has no canonical text to the first place that has none; `path` ends there. */
function findFault(value: unknown, path: (string | number)[]): string {
  if (typeof value !== 'object' || value === null) return reasonOf(value)
  if (path.length >= CANONICAL_DEPTH_MAX)
    return `${overLimit('nested', 'audit.canonical_depth_max', { max: CANONICAL_DEPTH_MAX })}, or it is a cycle`
  if (!Array.isArray(value) && !isPlain(value)) return 'an object that is not a plain object or array'
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  const isFaulty = ([key, item]: [string | number, unknown]): boolean =>
    encode(key, 0) === undefined || encode(item, path.length + 1) === undefined
  const [key, item] = members.find(isFaulty) as [string | number, unknown]
  if (encode(key, 0) === undefined) return 'a key with a lone surrogate'
  path.push(key)
  return findFault(item, path)
}

function reasonOf(value: unknown): string {
  if (typeof value === 'string') return 'a string with a lone surrogate'
  if (typeof value === 'number') return `the number ${value}`
  return value === undefined ? 'undefined' : `a ${typeof value}`
}
