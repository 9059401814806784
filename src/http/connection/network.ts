import { isIPv6 } from 'node:net'

/** Parts of an IPv6 address that belong to one network. */
const NETWORK_PARTS = 4

/** Who an address stands for: itself, or the first half of an IPv6 address, which one sender has to itself. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, NETWORK_PARTS).join(':')
}
