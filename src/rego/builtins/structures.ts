import { isIPv4, isIPv6 } from 'node:net'
import { RegoObject, RegoSet, compareText, compareValues, isArray, type RegoValue } from '../value.ts'
import { overLimit } from '../../format/limit.ts'
import { BuiltinError, textOperand, type HostBuiltin } from './builtin.ts'

function includes(values: readonly RegoValue[], wanted: RegoValue): boolean {
  return values.some((value) => compareValues(value, wanted) === 0)
}

/** Whether two values inside objects are in the subset relation. */
function within(superValue: RegoValue, subValue: RegoValue): boolean {
  return subsetOf(superValue, subValue) ?? compareValues(superValue, subValue) === 0
}

function contiguous(superItems: readonly RegoValue[], subItems: readonly RegoValue[]): boolean {
  if (subItems.length === 0) return true
  return superItems.some((_, at) =>
    subItems.every((item, i) => {
      const other = superItems[at + i]
      return other !== undefined && compareValues(other, item) === 0
    }),
  )
}

/** `undefined` when the types do not compare. */
function subsetOf(superValue: RegoValue, subValue: RegoValue): boolean | undefined {
  if (superValue instanceof RegoObject && subValue instanceof RegoObject) {
    return subValue.entries.every(([key, value]) => {
      const other = superValue.get(key)
      return other !== undefined && within(other, value)
    })
  }
  if (superValue instanceof RegoSet && subValue instanceof RegoSet)
    return subValue.elements.every((item) => includes(superValue.elements, item))
  if (isArray(superValue) && isArray(subValue)) return contiguous(superValue, subValue)
  return undefined
}

function subset(superValue: RegoValue | undefined, subValue: RegoValue | undefined): boolean {
  if (superValue === undefined || subValue === undefined) throw new BuiltinError('operand is missing')
  if (isArray(superValue) && subValue instanceof RegoSet) return subValue.elements.every((item) => includes(superValue, item))
  const answer = subsetOf(superValue, subValue)
  if (answer === undefined) throw new BuiltinError('both arguments must be of the same type')
  return answer
}

type Network = { readonly first: bigint; readonly bits: number; readonly size: 32 | 128 }

function ipv4(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
}

function ipv6(address: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  const low = ipv4(dotted?.[2] ?? '0.0.0.0')
  const text = dotted === null ? address : `${dotted[1] ?? ''}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n)
}

/** As Go's `net.ParseCIDR`; undefined when malformed. */
function network(cidr: string): Network | undefined {
  const [, address = '', length = ''] = /^([^/%]+)\/(\d+)$/.exec(cidr) ?? []
  const size = isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined
  if (size === undefined || Number(length) > size) return undefined
  const host = BigInt(size - Number(length))
  const value = size === 32 ? ipv4(address) : ipv6(address)
  return { first: (value >> host) << host, bits: Number(length), size }
}

/** Most addresses that one network may be expanded to. */
const ADDRESSES_MAX = 65_536

function expand(cidr: string): RegoValue {
  const found = network(cidr)
  if (found === undefined) throw new BuiltinError('invalid CIDR address')
  if (found.size === 128) throw new BuiltinError('only IPv4 networks are expanded')
  const count = 2 ** (32 - found.bits)
  if (count > ADDRESSES_MAX)
    throw new BuiltinError(overLimit('the network has', 'rego.addresses_max', { max: ADDRESSES_MAX, came: count }))
  return new RegoSet(
    Array.from({ length: count }, (_, i) => {
      const address = Number(found.first) + i
      return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
    }),
  )
}

const SEMVER =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/
const SEMVER_PART_MAX = 2n ** 63n - 1n

type Version = { readonly core: readonly bigint[]; readonly pre: readonly string[] }

function parseVersion(value: string): Version | undefined {
  const match = SEMVER.exec(value)
  if (match === null) return undefined
  const core = match.slice(1, 4).map(BigInt)
  if (core.some((part) => part > SEMVER_PART_MAX)) return undefined
  return { core, pre: match[4] === undefined ? [] : match[4].split('.') }
}

function version(value: string): Version {
  const found = parseVersion(value)
  if (found === undefined) throw new BuiltinError(`${value} is not a semantic version`)
  return found
}

function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left && right) return Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b))
  if (left !== right) return left ? -1 : 1
  return Math.sign(compareText(a, b))
}

function compareVersions(a: Version, b: Version): number {
  for (const [i, part] of a.core.entries()) {
    const other = b.core[i] ?? 0n
    if (part !== other) return part < other ? -1 : 1
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(Number(a.pre.length === 0) - Number(b.pre.length === 0))
  for (const [i, part] of a.pre.entries()) {
    const other = b.pre[i]
    if (other === undefined) return 1
    const order = compareIdentifiers(part, other)
    if (order !== 0) return order
  }
  return a.pre.length < b.pre.length ? -1 : 0
}

function isVersion(value: RegoValue | undefined): boolean {
  return typeof value === 'string' && parseVersion(value) !== undefined
}

/** Built-ins on objects, networks and versions. */
export const STRUCTURE_BUILTINS: Readonly<Record<string, HostBuiltin>> = {
  'object.subset': ([superValue, subValue]) => subset(superValue, subValue),
  cast_object: ([value]) => {
    if (value instanceof RegoObject) return value
    throw new BuiltinError('operand must be object')
  },
  'net.cidr_is_valid': ([cidr]) => typeof cidr === 'string' && network(cidr) !== undefined,
  'net.cidr_expand': ([cidr]) => expand(textOperand(cidr)),
  'semver.compare': ([a, b]) => compareVersions(version(textOperand(a)), version(textOperand(b))),
  'semver.is_valid': ([value]) => isVersion(value),
}
