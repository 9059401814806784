import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

import type { Caller } from '../access/caller.ts'
import type { Fault } from './exchange.ts'
import { isLoopback } from './listen.ts'

/** Refuses what a page in a browser sends without its user knowing; undefined where the request may go on. */
export type CheckOrigin = (request: IncomingMessage, caller: Caller) => Fault | undefined

/**
 * Keeps web pages from using what the listener vouches for: without a credential, a request may name no other origin than ours
 * (a page elsewhere can post plain text to loopback), and on a loopback listener no other host (a name that is rebound to
 * loopback makes the page's origin look like ours). Programs send neither. `public_url` is ours too.
 */
export function createCheckOrigin(options: { readonly loopback: boolean; readonly publicUrl: string | undefined }): CheckOrigin {
  const ours = options.publicUrl === undefined ? undefined : new URL(options.publicUrl)
  return (request, caller) => {
    const { host, origin, authorization } = request.headers
    // A browser shows a client certificate by itself, as it does a cookie; a token it does not.
    if (caller.credential !== null && authorization !== undefined) return undefined
    if (options.loopback && host !== undefined && host !== ours?.host && !isLoopback(hostName(host)))
      return {
        code: 'forbidden',
        message: `Without a credential the Host ${JSON.stringify(host)} is not served here.`,
        fix: FIX_HOST,
      }
    const scheme = request.socket instanceof TLSSocket ? 'https' : 'http'
    const own = host !== undefined && host === ours?.host ? ours.origin : `${scheme}://${host ?? ''}`
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

/** A `Host` without its port and the brackets of IPv6. */
export function hostName(host: string): string {
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/u.exec(host)
  return found?.[1] ?? found?.[2] ?? ''
}
