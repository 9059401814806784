import { Decimal, RegoObject, isArray, type RegoValue } from '../value.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** A string in double quotes as Go's `strconv.Quote` writes it. */
export function quote(value: string): string {
  let quoted = '"'
  for (const char of value) {
    const code = char.codePointAt(0) ?? 0
    if (char === '"' || char === '\\') quoted += `\\${char}`
    else if (PRINTABLE.test(char)) quoted += char
    else if (ESCAPES[char] !== undefined) quoted += ESCAPES[char]
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, '0')}`
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`
  }
  return `${quoted}"`
}

/** A value as OPA prints terms: `{1, 2}`, `{"a": [true, null]}`, `set()`. */
export function regoText(value: RegoValue): string {
  if (typeof value === 'string') return quote(value)
  if (value instanceof Decimal) return value.text
  if (value === null || typeof value !== 'object') return String(value)
  if (isArray(value)) return `[${value.map(regoText).join(', ')}]`
  if (value instanceof RegoObject) return `{${value.entries.map(([k, v]) => `${regoText(k)}: ${regoText(v)}`).join(', ')}}`
  return value.elements.length === 0 ? 'set()' : `{${value.elements.map(regoText).join(', ')}}`
}
