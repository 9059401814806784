import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

import type { Caller } from '../access/caller.ts'
import { isLoopback } from '../format/loopback.ts'
import type { Fault } from './exchange.ts'

/** What requests of browsers are checked against. */
export type Site = {
  /** True: only this machine can reach the listener, so a name that is not loopback's has been rebound to it. */
  readonly loopback: boolean
  readonly publicUrl: string | undefined
}

/** Refuses what a page in a browser sends without its user knowing; undefined where the request may go on. */
export type CheckOrigin = (request: IncomingMessage, caller: Caller) => Fault | undefined

/**
 * Keeps web pages from using what the listener vouches for: without a credential, a request may name no other origin than ours
 * (a page elsewhere can post plain text to loopback), and on a loopback listener no other host (a name that is rebound to
 * loopback makes the page's origin look like ours). Programs send neither. `public_url` is ours too.
 */
export function createCheckOrigin(site: Site): CheckOrigin {
  const ours = site.publicUrl === undefined ? undefined : new URL(site.publicUrl)
  return (request, caller) => {
    const { host, origin, authorization } = request.headers
    // A browser shows a client certificate by itself, as it does a cookie; a token it does not.
    if (caller.credential !== null && authorization !== undefined) return undefined
    if (host !== undefined && isForeignHost(host, site))
      return {
        code: 'forbidden',
        message: `Without a credential the Host ${JSON.stringify(host)} is not served here.`,
        fix: FIX_HOST,
      }
    const own = host !== undefined && host === ours?.host ? ours.origin : addressedOrigin(request)
    const isForeign = origin !== undefined && origin !== own
    if (!isForeign && !isCrossSite(request)) return undefined
    const message = 'This request comes from a page of another origin, without a credential.'
    return { code: 'forbidden', message, fix: 'Send a credential; a program sends no Origin.' }
  }
}

const FIX_HOST = 'Use 127.0.0.1, [::1] or localhost, send a credential, or set `http.public_url` to the URL that clients use.'

/** Browsers say it also where they send no `Origin`, as for an image. */
function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Whether a `Host` is a name that somebody rebound to loopback: neither this machine's own nor that of the public URL. */
export function isForeignHost(host: string, { loopback, publicUrl }: Site): boolean {
  const ours = publicUrl === undefined ? undefined : new URL(publicUrl).host
  return loopback && host !== ours && !isLoopback(hostName(host))
}

/** The origin of the address that a request was sent to. */
export function addressedOrigin({ socket, headers: { host = '' } }: IncomingMessage): string {
  return `${socket instanceof TLSSocket ? 'https' : 'http'}://${host}`
}

/** A `Host` without its port and the brackets of IPv6. */
function hostName(host: string): string {
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/u.exec(host)
  return found?.[1] ?? found?.[2] ?? ''
}
