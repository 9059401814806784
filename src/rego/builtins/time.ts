import { isArray, type RegoValue } from '../value.ts'
import { BuiltinError, integer, integerValue, textOperand, type HostBuiltin } from './builtin.ts'

const SECOND_NS = 1_000_000_000n
const NS_MIN = -(2n ** 63n)
const NS_MAX = 2n ** 63n - 1n
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const ZONE = /^(?:UTC|[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)+)$/

/** An instant and the zone whose wall clock shows it. */
type Instant = { readonly ns: bigint; readonly zone: string }
/** A wall clock; the month starts at 1 and all fields may overflow before they are normalised. */
type Wall = readonly [year: number, month: number, day: number, hour: number, minute: number, second: number]

function inRange(ns: bigint): bigint {
  if (ns < NS_MIN || ns > NS_MAX) throw new BuiltinError('time outside of valid range')
  return ns
}

function instant(value: RegoValue | undefined): Instant {
  if (value === undefined || !isArray(value)) return { ns: inRange(integer(value)), zone: 'UTC' }
  const zone = textOperand(value[1] ?? null)
  if (value.length !== 2 && value.length !== 3) throw new BuiltinError('operand must be [ns, zone]')
  if (zone !== '' && !ZONE.test(zone)) throw new BuiltinError(`unknown time zone ${zone}`)
  return { ns: inRange(integer(value[0])), zone: zone === '' ? 'UTC' : zone }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', hourCycle: 'h23', ...fields })
    formats.set(zone, format)
    return format
  } catch {
    throw new BuiltinError(`unknown time zone ${zone}`)
  }
}

function floorSeconds(ns: bigint): number {
  return Number((ns - (((ns % SECOND_NS) + SECOND_NS) % SECOND_NS)) / SECOND_NS)
}

/** The wall clock as seconds since 1970, as if it were UTC. */
function wallSeconds(seconds: number, zone: string): number {
  if (zone === 'UTC') return seconds
  const parts = new Map(
    formatOf(zone)
      .formatToParts(seconds * 1000)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) / 1000
}

function wall({ ns, zone }: Instant): Wall {
  const date = new Date(wallSeconds(floorSeconds(ns), zone) * 1000)
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ]
}

/** Adds calendar fields in UTC, as Go's `Time.AddDate`: an overflowing day runs into the next month. */
function addDate(ns: bigint, years: number, months: number, days: number): RegoValue {
  const seconds = floorSeconds(inRange(ns))
  const date = new Date(seconds * 1000)
  date.setUTCFullYear(date.getUTCFullYear() + years, date.getUTCMonth() + months, date.getUTCDate() + days)
  if (Number.isNaN(date.getTime())) throw new BuiltinError('time outside of valid range')
  return integerValue(inRange(BigInt(date.getTime()) * 1_000_000n + ns - BigInt(seconds) * SECOND_NS))
}

/** Years, months, days, hours, minutes and seconds between two instants, on the first one's wall clock. */
function difference(a: Instant, b: Instant): RegoValue {
  const other = { ns: b.ns, zone: a.zone }
  const [from, to] = a.ns > b.ns ? [wall(other), wall(a)] : [wall(a), wall(other)]
  let [year, month, day, hour, minute, second] = to.map((value, i) => value - (from[i] ?? 0)) as unknown as Wall
  if (second < 0) [second, minute] = [second + 60, minute - 1]
  if (minute < 0) [minute, hour] = [minute + 60, hour - 1]
  if (hour < 0) [hour, day] = [hour + 24, day - 1]
  if (day < 0) [day, month] = [day + new Date(Date.UTC(from[0], from[1], 0)).getUTCDate(), month - 1]
  if (month < 0) [month, year] = [month + 12, year - 1]
  return [year, month, day, hour, minute, second]
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/

function parseRfc3339(value: string): RegoValue {
  const match = RFC3339.exec(value)
  if (match === null) throw new BuiltinError('not an RFC 3339 time')
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const offset = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const real = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!real || hour > 23 || minute > 59 || second > 59 || Number(match[9] ?? 0) > 24 || Number(match[10] ?? 0) > 60) {
    throw new BuiltinError('a field of the time is out of range')
  }
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - (match[8] === '-' ? -offset : offset) * 60
  return integerValue(inRange(BigInt(seconds) * SECOND_NS + BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'))))
}

const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND_NS,
  m: 60n * SECOND_NS,
  h: 3600n * SECOND_NS,
  d: 86_400n * SECOND_NS,
  w: 604_800n * SECOND_NS,
  y: 31_536_000n * SECOND_NS,
}

/** As Go's `time.ParseDuration`, with OPA's days, weeks and years of 365 days. */
function parseDuration(value: string): RegoValue {
  const match = /^([-+]?)(?:0|((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w|y))+))$/.exec(value)
  if (match === null) throw new BuiltinError('not a duration')
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(
    /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h|d|w|y)/g,
  )) {
    const scale = UNITS_NS[unit] ?? 0n
    total +=
      BigInt(whole === '' ? 0 : whole) * scale + (BigInt(fraction === '' ? 0 : fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return integerValue(inRange(match[1] === '-' ? -total : total))
}

function small(value: RegoValue | undefined): number {
  const number = Number(integer(value))
  if (Math.abs(number) > 1_000_000_000) throw new BuiltinError('number out of range')
  return number
}

/** Built-ins on time; the clock stands still within one evaluation. */
export const TIME_BUILTINS: Readonly<Record<string, HostBuiltin>> = {
  'time.now_ns': (_, { nowNs }) => integerValue(nowNs()),
  'time.clock': ([at]) => wall(instant(at)).slice(3),
  'time.date': ([at]) => wall(instant(at)).slice(0, 3),
  'time.weekday': ([at]) => {
    const { ns, zone } = instant(at)
    return WEEKDAYS[new Date(wallSeconds(floorSeconds(ns), zone) * 1000).getUTCDay()]
  },
  'time.add_date': ([at, years, months, days]) => addDate(integer(at), small(years), small(months), small(days)),
  'time.diff': ([a, b]) => difference(instant(a), instant(b)),
  'time.parse_rfc3339_ns': ([value]) => parseRfc3339(textOperand(value)),
  'time.parse_duration_ns': ([value]) => parseDuration(textOperand(value)),
}
