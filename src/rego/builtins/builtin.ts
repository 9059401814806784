import { Decimal, RegoSet, isArray, type RegoValue } from '../value.ts'

/** What a built-in may know besides its arguments; the time is the same all through one evaluation. */
export type BuiltinContext = { readonly nowNs: () => bigint; readonly print: (line: string) => void }

/** A built-in function that the host gives to policies; undefined is Rego's undefined. */
export type HostBuiltin = (args: readonly RegoValue[], context: BuiltinContext) => RegoValue | undefined

/** A Rego error of a built-in: the call is undefined, and the message is kept beside the answer. */
export class BuiltinError extends Error {
  override readonly name = 'BuiltinError'
}

/** The argument as a string, or a `BuiltinError`. */
export function textOperand(value: RegoValue | undefined): string {
  if (typeof value !== 'string') throw new BuiltinError('operand must be string')
  return value
}

/** The argument as an integer, or a `BuiltinError`. */
export function integer(value: RegoValue | undefined): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (value instanceof Decimal && /^-?\d+(?:\.0+)?$/.test(value.text)) return BigInt(value.text.split('.')[0] ?? '0')
  throw new BuiltinError('operand must be integer number')
}

/** The argument as an array, or a `BuiltinError`. */
export function list(value: RegoValue | undefined): readonly RegoValue[] {
  if (value === undefined || !isArray(value)) throw new BuiltinError('operand must be array')
  return value
}

/** The elements of an array or set, or a `BuiltinError`. */
export function elements(value: RegoValue | undefined): readonly RegoValue[] {
  if (value instanceof RegoSet) return value.elements
  return list(value)
}

/** The strings of a string, array or set, or a `BuiltinError`. */
export function texts(value: RegoValue | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : elements(value).map(textOperand)
}

/** A number as Rego writes it. */
export function integerValue(value: bigint): RegoValue {
  const double = Number(value)
  return Number.isSafeInteger(double) ? double : value
}
