import { isIPv4, isIPv6 } from 'node:net'

/** Whether a host, without brackets, can only be reached from this machine: `localhost`, 127.0.0.0/8, `::1` in any spelling. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase()
  if (name === 'localhost') return true
  if (isIPv4(name)) return name.startsWith('127.')
  if (!isIPv6(name)) return false
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/u.exec(name)?.[1]
  return mapped === undefined ? /^(?:0{1,4}:){7}0{0,3}1$|^::0{0,3}1$/u.test(name) : mapped.startsWith('127.')
}

/** Whether a URL leads to this machine by its own name or address. */
export function isLoopbackUrl({ hostname }: URL): boolean {
  return isLoopback(hostname.replace(/^\[(.*)\]$/u, '$1'))
}
