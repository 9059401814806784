import type { ClaimReading } from './readings.ts'
import type { NUMBER_OPERATORS, OPERATORS } from './rule-document.ts'

/** The value of a fact that is malformed or could not be known. */
export const UNAVAILABLE = Symbol('unavailable')
/** The value of a fact that the tool does not have. */
export const NOT_APPLICABLE = Symbol('not_applicable')

/** An operator of risk rules. */
export type Operator = (typeof OPERATORS)[number]
/**
 * Whether a comparison holds; `unknown` where the fact is missing or of a type that cannot be compared with the value, `either` where it
 * depends on whether what is only claimed is so.
 */
export type Comparison = boolean | 'unknown' | 'either'

const READING = Symbol('reading')

/** A member of a fact that is only claimed, as it is compared. */
export function claimedValue(reading: ClaimReading): unknown {
  return { [READING]: reading }
}

/** What a member may be; undefined where nothing of it is claimed. */
export function readingIn(value: unknown): ClaimReading | undefined {
  return typeof value === 'object' && value !== null ? (value as { readonly [READING]?: ClaimReading })[READING] : undefined
}

/** Compares a member of a fact with the constant of a rule. Nothing is converted: `"1000000"` is no number. */
export function compare(operator: Operator, fact: unknown, value: unknown): Comparison {
  if (fact === NOT_APPLICABLE) return false
  if (fact === undefined || fact === UNAVAILABLE) return 'unknown'
  const reading = readingIn(fact)
  if (reading !== undefined) return compareReading(operator, reading, value)
  switch (operator) {
    case 'equal':
      return sameKind(fact, [value]) ? fact === value : 'unknown'
    case 'notEqual':
      return negate(compare('equal', fact, value))
    case 'in':
      return Array.isArray(value) && sameKind(fact, value) ? value.includes(fact) : 'unknown'
    case 'notIn':
      return negate(compare('in', fact, value))
    case 'contains':
      return Array.isArray(fact) ? fact.includes(value) : 'unknown'
    case 'doesNotContain':
      return negate(compare('contains', fact, value))
    case 'lessThan':
    case 'lessThanInclusive':
    case 'greaterThan':
    case 'greaterThanInclusive':
      return isNumber(fact) && isNumber(value) ? compareNumbers(operator, fact, value) : 'unknown'
  }
}

function compareReading(operator: Operator, reading: ClaimReading, value: unknown): Comparison {
  const found = new Set(valuesOf(reading, value).map((each) => compare(operator, each, value)))
  if (found.has('unknown')) return 'unknown'
  return found.size > 1 ? 'either' : found.has(true)
}

/** The values that show everything a comparison with this constant can come to. */
function valuesOf(reading: ClaimReading, constant: unknown): readonly unknown[] {
  switch (reading.kind) {
    case 'one_of':
      return reading.values
    case 'with':
      return [reading.known, [...reading.known, ...reading.claimed]]
    case 'between': {
      const { least, most } = reading
      const inside = [constant].flat().filter((each): each is number => isNumber(each) && each > least && each < most)
      const marks = [least, ...inside.sort((a, b) => a - b), most]
      // Between two marks it may be what no constant names.
      return marks.flatMap((mark, index) => [mark, (mark + (marks[index + 1] ?? mark)) / 2])
    }
  }
}

function compareNumbers(operator: (typeof NUMBER_OPERATORS)[number], fact: number, value: number): boolean {
  switch (operator) {
    case 'lessThan':
      return fact < value
    case 'lessThanInclusive':
      return fact <= value
    case 'greaterThan':
      return fact > value
    case 'greaterThanInclusive':
      return fact >= value
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function negate(comparison: Comparison): Comparison {
  return typeof comparison === 'string' ? comparison : !comparison
}

/** A fact can be compared with values of its own type. Null is a known absence, which only a number cannot be compared with. */
function sameKind(fact: unknown, values: readonly unknown[]): boolean {
  if (fact === null) return values.some((value) => typeof value !== 'number')
  if (typeof fact === 'object' || typeof fact === 'symbol') return false
  return values.some((value) => value === null || typeof value === typeof fact)
}
