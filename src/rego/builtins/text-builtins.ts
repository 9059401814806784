import { RegoSet, type RegoValue } from '../value.ts'
import { overLimit } from '../../format/limit.ts'
import { BuiltinError, elements, integer, integerValue, textOperand, texts, type HostBuiltin } from './builtin.ts'
import { regoText } from './rego-text.ts'
import { sprintf } from './sprintf.ts'

/** Most elements that one call may make. */
const ELEMENTS_MAX = 1_000_000

function occurrences(haystack: string, needle: string): number {
  if (needle === '') return Array.from(haystack).length + 1
  return haystack.split(needle).length - 1
}

/** Rune positions of every occurrence, overlapping ones too. */
function positions(haystack: string, needle: string): RegoValue {
  if (needle === '') throw new BuiltinError('empty search string')
  const runes = Array.from(haystack)
  const wanted = Array.from(needle)
  return runes.flatMap((_, at) => (wanted.every((rune, i) => runes[at + i] === rune) ? [at] : []))
}

function rangeStep(from: bigint, to: bigint, step: bigint): RegoValue {
  if (step <= 0n) throw new BuiltinError('step must be a positive integer')
  const distance = to > from ? to - from : from - to
  const count = distance / step + 1n
  if (count > BigInt(ELEMENTS_MAX))
    throw new BuiltinError(overLimit('the range has', 'rego.range_numbers_max', { max: ELEMENTS_MAX }))
  return Array.from({ length: Number(count) }, (_, i) =>
    integerValue(to >= from ? from + BigInt(i) * step : from - BigInt(i) * step),
  )
}

function cast(fits: (value: RegoValue) => boolean): HostBuiltin {
  return ([value]) => {
    if (value === undefined || !fits(value)) throw new BuiltinError('operand has another type')
    return value
  }
}

/** Every combination of the values that the parts of a `print` call have, as lines. */
function printLines(parts: readonly RegoValue[]): readonly string[] {
  return parts
    .reduce<readonly string[][]>(
      (lines, part) => {
        const found = elements(part)
        const shown =
          found.length === 0 ? ['<undefined>'] : found.map((value) => (typeof value === 'string' ? value : regoText(value)))
        return lines.flatMap((line) => shown.map((value) => [...line, value])).slice(0, 1_000)
      },
      [[]],
    )
    .map((line) => line.join(' '))
}

/** Built-ins on strings, numbers and types. */
export const TEXT_BUILTINS: Readonly<Record<string, HostBuiltin>> = {
  sprintf,
  'strings.any_prefix_match': ([search, base]) =>
    texts(search).some((word) => texts(base).some((prefix) => word.startsWith(prefix))),
  'strings.any_suffix_match': ([search, base]) =>
    texts(search).some((word) => texts(base).some((suffix) => word.endsWith(suffix))),
  'strings.count': ([haystack, needle]) => occurrences(textOperand(haystack), textOperand(needle)),
  indexof_n: ([haystack, needle]) => positions(textOperand(haystack), textOperand(needle)),
  'glob.quote_meta': ([pattern]) => textOperand(pattern).replace(/[*?\\[\]{}]/g, '\\$&'),
  'numbers.range_step': ([from, to, step]) => rangeStep(integer(from), integer(to), integer(step)),
  cast_array: ([value]) => elements(value),
  cast_set: ([value]) => (value instanceof RegoSet ? value : new RegoSet(elements(value))),
  cast_string: cast((value) => typeof value === 'string'),
  cast_boolean: cast((value) => typeof value === 'boolean'),
  cast_null: cast((value) => value === null),
  trace: () => true,
  'internal.print': ([parts], { print }) => {
    for (const line of printLines(elements(parts))) print(line)
    return true
  },
}
