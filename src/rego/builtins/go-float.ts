/** Sign-less digits of a finite double times 10^scale, rounded half to even on the exact binary value. */
function scaled(value: number, scale: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  let numerator = exponent === 0 ? fraction : fraction | 0x10000000000000n
  let denominator = 1n
  const power = (exponent === 0 ? 1 : exponent) - 1075
  if (power >= 0) numerator <<= BigInt(power)
  else denominator <<= BigInt(-power)
  if (scale >= 0) numerator *= 10n ** BigInt(scale)
  else denominator *= 10n ** BigInt(-scale)
  const whole = numerator / denominator
  const twice = (numerator % denominator) * 2n
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole
}

function fixed(value: number, precision: number): string {
  const digits = scaled(value, precision)
    .toString()
    .padStart(precision + 1, '0')
  return precision === 0 ? digits : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** Significant digits and decimal exponent (value = d.ddd × 10^exponent); undefined precision is the shortest that reads back. */
function significant(value: number, count: number | undefined): { readonly digits: string; readonly exponent: number } {
  if (value === 0) return { digits: '0', exponent: 0 }
  const [mantissa = '0', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (count === undefined) return { digits: mantissa.replace('.', ''), exponent }
  const digits = scaled(value, count - 1 - exponent).toString()
  // Of a subnormal the shortest digits may round up to the next power of ten, which the exact digits do not reach.
  if (digits.length < count) return { digits: scaled(value, count - exponent).toString(), exponent: exponent - 1 }
  return digits.length > count ? { digits: digits.slice(0, count), exponent: exponent + 1 } : { digits, exponent }
}

function scientific(value: number, precision: number | undefined): string {
  const { digits, exponent } = significant(value, precision === undefined ? undefined : precision + 1)
  const padded = precision === undefined ? digits : digits.padEnd(precision + 1, '0')
  return `${padded.slice(0, 1)}${padded.length > 1 ? `.${padded.slice(1)}` : ''}${exponentText(exponent)}`
}

function general(value: number, precision: number | undefined): string {
  const found = significant(value, precision === undefined ? undefined : Math.max(precision, 1))
  const digits = found.digits.replace(/0+$/, '') || '0'
  const point = found.exponent + 1
  let limit = precision === undefined ? 6 : Math.max(precision, 1)
  if (limit > digits.length && digits.length >= point) limit = digits.length
  if (precision === undefined) limit = 6
  if (found.exponent < -4 || found.exponent >= limit) {
    return `${digits.slice(0, 1)}${digits.length > 1 ? `.${digits.slice(1)}` : ''}${exponentText(found.exponent)}`
  }
  if (point <= 0) return value === 0 ? '0' : `0.${'0'.repeat(-point)}${digits}`
  return digits.length <= point ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`
}

/** The magnitude of a finite double as Go's `strconv.FormatFloat` writes it for `e`, `f` or `g`. */
export function formatFloat(magnitude: number, verb: 'e' | 'f' | 'g', precision: number | undefined): string {
  if (verb === 'e') return scientific(magnitude, precision)
  return verb === 'f' ? fixed(magnitude, precision ?? 6) : general(magnitude, precision)
}
