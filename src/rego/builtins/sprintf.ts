import { Decimal, type RegoValue } from '../value.ts'
import { overLimit } from '../../format/limit.ts'
import { BuiltinError, list, textOperand, type HostBuiltin } from './builtin.ts'
import { formatFloat } from './go-float.ts'
import { quote, regoText } from './rego-text.ts'

/** An argument as OPA hands it to Go's `fmt`: integers, floats, and text for everything else. */
type Operand =
  | { readonly type: 'int64' | 'big.Int'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }

type Spec = {
  readonly flags: ReadonlySet<string>
  readonly width: number | undefined
  readonly precision: number | undefined
  readonly verb: string
}

/** Widest padding: Go refuses more with `%!(BADWIDTH)`. */
const WIDTH_MAX = 1_000_000

function operandOf(value: RegoValue): Operand {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'bigint') return { type: BigInt.asIntN(64, value) === value ? 'int64' : 'big.Int', value }
  if (typeof value === 'number')
    return Number.isInteger(value) ? { type: 'int64', value: BigInt(value) } : { type: 'float64', value }
  if (!(value instanceof Decimal)) return { type: 'string', value: regoText(value) }
  const double = Number(value.text)
  return Number.isFinite(double) ? { type: 'float64', value: double } : { type: 'string', value: value.text }
}

function pad(content: string, { width = 0, flags }: Spec): string {
  const missing = width - Array.from(content).length
  if (missing <= 0) return content
  return flags.has('-') ? content + ' '.repeat(missing) : ' '.repeat(missing) + content
}

function signOf(negative: boolean, flags: ReadonlySet<string>): string {
  if (negative) return '-'
  return flags.has('+') ? '+' : flags.has(' ') ? ' ' : ''
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }
const PREFIX: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' }

function formatInteger(value: bigint, spec: Spec): string {
  const { flags, verb, precision, width } = spec
  if (precision === 0 && value === 0n) return ' '.repeat(width ?? 0)
  const sign = signOf(value < 0n, flags)
  let digits = (value < 0n ? -value : value).toString(RADIX[verb] ?? 10)
  if (verb === 'X') digits = digits.toUpperCase()
  const zeros = flags.has('0') && !flags.has('-') && precision === undefined ? (width ?? 0) - sign.length : (precision ?? 0)
  digits = digits.padStart(zeros, '0')
  if (verb === 'O') digits = `0o${digits}`
  else if (flags.has('#') && !(verb === 'o' && digits.startsWith('0'))) digits = `${PREFIX[verb] ?? ''}${digits}`
  return pad(sign + digits, spec)
}

function codePoint(value: bigint): string {
  return value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn)
    ? String.fromCodePoint(Number(value))
    : '\ufffd'
}

function integerVerb(operand: { readonly type: string; readonly value: bigint }, spec: Spec): string | undefined {
  const { verb } = spec
  if (RADIX[verb] !== undefined) return formatInteger(operand.value, spec)
  if (operand.type === 'big.Int') return verb === 's' ? formatInteger(operand.value, { ...spec, verb: 'd' }) : undefined
  if (verb === 'c') return pad(codePoint(operand.value), spec)
  if (verb === 'U' && spec.flags.size === 0 && spec.precision === undefined) {
    return pad(`U+${operand.value.toString(16).toUpperCase().padStart(4, '0')}`, spec)
  }
  if (verb === 'q' || verb === 'U') throw new BuiltinError(`%${verb} of an integer is not supported`)
  return undefined
}

function floatVerb(value: number, spec: Spec): string | undefined {
  const { verb, flags, width } = spec
  if ('bxX'.includes(verb) || flags.has('#')) throw new BuiltinError(`%${verb} of a float is not supported so`)
  if (!'eEfFgGv'.includes(verb)) return undefined
  const kind = verb === 'v' ? 'g' : (verb.toLowerCase() as 'e' | 'f' | 'g')
  const precision = spec.precision ?? (kind === 'g' ? undefined : 6)
  const digits = formatFloat(Math.abs(value), kind, precision)
  const sign = signOf(value < 0 || Object.is(value, -0), flags)
  const zeros = flags.has('0') && !flags.has('-') ? (width ?? 0) - sign.length : 0
  const padded = digits.padStart(zeros, '0')
  return pad(sign + (verb === verb.toLowerCase() ? padded : padded.toUpperCase()), spec)
}

function hexText(value: string, { flags, precision, verb }: Spec): string {
  const bytes = Buffer.from(value, 'utf8').subarray(0, precision)
  const prefix = flags.has('#') ? '0x' : ''
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  const hex = flags.has(' ') ? pairs.map((pair) => prefix + pair).join(' ') : pairs.length === 0 ? '' : prefix + pairs.join('')
  return verb === 'X' ? hex.toUpperCase() : hex
}

function stringVerb(value: string, spec: Spec): string | undefined {
  const { verb, precision, flags } = spec
  if (flags.has('0')) throw new BuiltinError('zero padding of text is not supported')
  if (verb === 'x' || verb === 'X') return pad(hexText(value, spec), spec)
  const cut = precision === undefined ? value : Array.from(value).slice(0, precision).join('')
  if (verb === 's' || (verb === 'v' && !flags.has('#'))) return pad(cut, spec)
  if (verb !== 'q' && verb !== 'v') return undefined
  if (flags.has('#') && verb === 'q') throw new BuiltinError('%#q is not supported')
  if (flags.has('+') && verb === 'q') throw new BuiltinError('%+q is not supported')
  return pad(quote(cut), spec)
}

function formatOperand(operand: Operand, spec: Spec): string {
  if (spec.verb === 'T') return pad(operand.type === 'big.Int' ? '*big.Int' : operand.type, spec)
  if (spec.verb === 'p') throw new BuiltinError('%p is not supported')
  if (spec.flags.has('#') && spec.verb === 'v' && operand.type !== 'string')
    return formatOperand(operand, { ...spec, flags: new Set() })
  const formatted =
    operand.type === 'string'
      ? stringVerb(operand.value, spec)
      : operand.type === 'float64'
        ? floatVerb(operand.value, spec)
        : integerVerb(operand, spec)
  return formatted ?? `%!${spec.verb}(${operand.type}=${formatOperand(operand, { ...spec, verb: 'v' })})`
}

const DIRECTIVE = /%([-+# 0]*)(\d+|\*)?(?:(\.)(\d+|\*)?)?([\s\S]?)/uy

/** One pass over a format: keeps which argument is next. */
class Formatter {
  private next = 0
  private readonly operands: readonly Operand[]

  constructor(operands: readonly Operand[]) {
    this.operands = operands
  }

  format(pattern: string): string {
    let out = ''
    let at = 0
    while (at < pattern.length) {
      const percent = pattern.indexOf('%', at)
      out += pattern.slice(at, percent === -1 ? undefined : percent)
      if (percent === -1) break
      DIRECTIVE.lastIndex = percent
      const match = DIRECTIVE.exec(pattern)
      if (match === null) break
      out += this.directive(match)
      at = percent + match[0].length
    }
    return out + this.extra()
  }

  private directive(match: RegExpExecArray): string {
    const [, flags = '', widthText, point, precisionText, verb = ''] = match
    if (verb === '[') throw new BuiltinError('argument indexes are not supported')
    const width = this.bound(widthText)
    const precision = point === undefined ? undefined : (this.bound(precisionText) ?? 0)
    if (verb === '') return '%!(NOVERB)'
    if (verb === '%') return '%'
    const operand = this.operands[this.next]
    if (operand === undefined) return `%!${verb}(MISSING)`
    this.next += 1
    return formatOperand(operand, { flags: new Set(flags), width, precision, verb })
  }

  private bound(bound: string | undefined): number | undefined {
    if (bound === undefined) return undefined
    if (bound === '*') throw new BuiltinError('a width or precision from an argument is not supported')
    if (Number(bound) > WIDTH_MAX)
      throw new BuiltinError(
        overLimit('the width or precision is', 'rego.format_width_max', { max: WIDTH_MAX, came: Number(bound) }),
      )
    return Number(bound)
  }

  private extra(): string {
    const rest = this.operands.slice(this.next)
    if (rest.length === 0) return ''
    const plain: Spec = { flags: new Set(), width: undefined, precision: undefined, verb: 'v' }
    return `%!(EXTRA ${rest.map((operand) => `${operand.type}=${formatOperand(operand, plain)}`).join(', ')})`
  }
}

/** `sprintf(format, values)` as Go's `fmt.Sprintf`; rare forms that are not supported are a `BuiltinError`. */
export const sprintf: HostBuiltin = ([format, values]) => new Formatter(list(values).map(operandOf)).format(textOperand(format))
