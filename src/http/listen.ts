import { isIPv6 } from 'node:net'

import type { Credential } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { isLoopback } from '../format/loopback.ts'
import type { HttpSettings } from './settings.ts'

/** Where to listen. */
export type ListenAddress = { readonly host: string; readonly port: number; readonly loopback: boolean }

const PORT_MAX = 65_535

/** Reads `HOST:PORT` (`[::1]:8181` for IPv6; port 0 takes a free one). Throws `bad_config`. */
export function parseListen(listen: string): ListenAddress {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/u.exec(listen)
  const host = found?.[1] ?? found?.[2]
  const port = Number(found?.[3])
  if (host === undefined || !(port >= 0 && port <= PORT_MAX) || (found?.[1] !== undefined && !isIPv6(host))) {
    throw new ServiceError('bad_config', `"${listen}" is not an address to listen on.`, {
      place: { pointer: '/http/listen' },
      fix: 'Write HOST:PORT, such as 127.0.0.1:8181 or [::1]:8181; port 0 takes a free one.',
    })
  }
  return { host, port, loopback: isLoopback(host) }
}

/**
 * The address to listen on, if it may be: beyond loopback only with credentials and TLS, because there everyone who reaches the
 * port could decide, and read tokens off the wire. Throws `bad_config` with the reason.
 */
export function checkListen(config: {
  readonly http: Pick<HttpSettings, 'listen' | 'tls'> & Partial<Pick<HttpSettings, 'anonymous'>>
  readonly credentials: readonly Credential[]
  /** True: tokens of issuers or client certificates are accepted besides. */
  readonly hasIdentity?: boolean
}): ListenAddress {
  const address = parseListen(config.http.listen)
  if (address.loopback) return address
  refuseVouchedBeyond(config.http)
  const missing = [
    ...(config.credentials.length === 0 && config.hasIdentity !== true
      ? ['`credentials` is empty, so nobody could be told apart']
      : []),
    ...(config.http.tls === undefined ? ['`http.tls` is not set, so tokens would travel in the clear'] : []),
  ]
  if (missing.length === 0) return address
  throw new ServiceError(
    'bad_config',
    `Listening on ${config.http.listen} is refused, because others than this machine can reach it: ${missing.join('; ')}.`,
    {
      place: { pointer: '/http/listen' },
      fix: 'Configure credentials and http.tls, or listen on 127.0.0.1 and put a proxy with both in front.',
    },
  )
}

/** Nobody can vouch for whatever reaches a port that other machines reach. */
function refuseVouchedBeyond({
  listen,
  anonymous,
}: Pick<HttpSettings, 'listen'> & Partial<Pick<HttpSettings, 'anonymous'>>): void {
  if (anonymous === undefined || anonymous === 'deny' || !anonymous.vouched) return
  throw new ServiceError(
    'bad_config',
    `\`http.anonymous.vouched\` is refused on ${listen}, because others than this machine can reach it: nobody can vouch for who they are.`,
    {
      place: { pointer: '/http/anonymous/vouched' },
      fix: 'Remove it and give each caller a credential, or listen on 127.0.0.1.',
    },
  )
}
