/** A number that neither a double nor a bigint holds exactly; keeps its literal text. */
export class Decimal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A Rego set: elements are distinct and in Rego order. */
export class RegoSet {
  readonly elements: readonly RegoValue[]
  constructor(elements: readonly RegoValue[]) {
    this.elements = distinct([...elements].sort(compareValues))
  }
}

/** A Rego object: keys of any type, in Rego order; of entries with equal keys the last one counts. */
export class RegoObject {
  readonly entries: readonly (readonly [RegoValue, RegoValue])[]
  constructor(entries: readonly (readonly [RegoValue, RegoValue])[]) {
    const ordered = [...entries].sort((a, b) => compareValues(a[0], b[0]))
    this.entries = ordered.filter(([key], i) => {
      const next = ordered[i + 1]
      return next === undefined || compareValues(key, next[0]) !== 0
    })
  }
  /** The value under a key, or undefined. */
  get(key: RegoValue): RegoValue | undefined {
    return this.entries.find(([name]) => compareValues(name, key) === 0)?.[1]
  }
}

/** Any Rego value, lossless: integers beyond 2^53 are bigint, other inexact numbers are `Decimal`. */
export type RegoValue = null | boolean | number | bigint | Decimal | string | readonly RegoValue[] | RegoObject | RegoSet

/** Text that is not a Rego value, or one nested too deep. */
export class ValueSyntaxError extends Error {
  override readonly name = 'ValueSyntaxError'
}

/** Deepest nesting that is read or written. */
export const VALUE_DEPTH_MAX = 1_000

function distinct(sorted: readonly RegoValue[]): readonly RegoValue[] {
  return sorted.filter((value, i) => i === 0 || compareValues(sorted[i - 1] ?? null, value) !== 0)
}

/** Whether a value is an array (narrowing that keeps `readonly`). */
export function isArray(value: RegoValue): value is readonly RegoValue[] {
  return Array.isArray(value)
}

/** Whether a value is a number of any representation. */
export function isNumber(value: RegoValue): value is number | bigint | Decimal {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal
}

/** Compares strings by code point, which is the order of their UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return (x >= 0xd800 && x < 0xe000) === (y >= 0xd800 && y < 0xe000) || x < 0xd800 || y < 0xd800 ? x - y : y - x
  }
  return a.length - b.length
}

function rank(value: RegoValue): number {
  if (value === null) return 0
  if (typeof value === 'boolean') return 1
  if (isNumber(value)) return 2
  if (typeof value === 'string') return 3
  if (isArray(value)) return 4
  return value instanceof RegoObject ? 5 : 6
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const order = compareValues(a[i] ?? null, b[i] ?? null)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareNumbers(a: number | bigint | Decimal, b: number | bigint | Decimal): number {
  const x = a instanceof Decimal ? Number(a.text) : a
  const y = b instanceof Decimal ? Number(b.text) : b
  return x < y ? -1 : x > y ? 1 : 0
}

function compareObjects(a: RegoObject, b: RegoObject): number {
  for (let i = 0; i < a.entries.length && i < b.entries.length; i += 1) {
    const order = compareLists(a.entries[i] ?? [], b.entries[i] ?? [])
    if (order !== 0) return order
  }
  return a.entries.length - b.entries.length
}

/** Rego's order of values: null < boolean < number < string < array < object < set. */
export function compareValues(a: RegoValue, b: RegoValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (isArrayPair(a, b)) return compareLists(a as readonly RegoValue[], b as readonly RegoValue[])
  if (a instanceof RegoObject && b instanceof RegoObject) return compareObjects(a, b)
  if (a instanceof RegoSet && b instanceof RegoSet) return compareLists(a.elements, b.elements)
  return rank(a) - rank(b)
}

function isArrayPair(a: RegoValue, b: RegoValue): boolean {
  return Array.isArray(a) && Array.isArray(b)
}

/** The exact value of a number literal. */
export function numberFrom(text: string): number | bigint | Decimal {
  if (/^-?\d+$/.test(text)) {
    const whole = Number(text)
    if (text === '-0') return new Decimal(text)
    return Number.isSafeInteger(whole) ? whole : BigInt(text)
  }
  const value = Number(text)
  return Number.isFinite(value) && String(value) === text ? value : new Decimal(text)
}

/** A plain JSON value (objects, arrays, primitives) as a Rego value. */
export function fromJson(value: unknown): RegoValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint') return value
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value === 'object') return new RegoObject(Object.entries(value).map(([key, item]) => [key, fromJson(item)] as const))
  throw new ValueSyntaxError(`a ${typeof value} is not a JSON value`)
}

/** Text that `opa_value_parse` reads back as the same value. */
export function printValue(value: RegoValue): string {
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed())
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return printNumber(value)
  if (value instanceof Decimal) return value.text
  if (isArray(value)) return `[${value.map(printValue).join(',')}]`
  if (value instanceof RegoObject) return `{${value.entries.map(([k, v]) => `${printValue(k)}:${printValue(v)}`).join(',')}}`
  return value.elements.length === 0 ? 'set()' : `{${value.elements.map(printValue).join(',')}}`
}

function printNumber(value: number): string {
  if (!Number.isFinite(value)) throw new ValueSyntaxError('a number is not finite')
  return String(value)
}

/**
 * A Rego value as plain JSON, the way OPA's REST API writes it: sets are sorted arrays, keys that are not strings become their
 * JSON text, keys are in code point order. A number that no double can hold (`1e400`) throws `ValueSyntaxError`.
 */
export function toJson(value: RegoValue): unknown {
  if (isNumber(value)) {
    const double = Number(value instanceof Decimal ? value.text : value)
    if (!Number.isFinite(double)) throw new ValueSyntaxError('a number of the result is out of range')
    return double
  }
  if (value === null || typeof value !== 'object') return value
  if (isArray(value)) return value.map(toJson)
  if (value instanceof RegoSet) return value.elements.map(toJson)
  const fields = value.entries.map(
    ([key, item]) => [typeof key === 'string' ? key : JSON.stringify(toJson(key)), toJson(item)] as const,
  )
  return Object.fromEntries(fields.sort((a, b) => compareText(a[0], b[0])))
}
