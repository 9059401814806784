import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

import type { CallerNetwork } from '../decisions/decision-request.ts'
import { networkOf } from './connection/network.ts'

/** Whom a request is from as long as it shows no credential. */
export function sourceOf({ socket }: Pick<IncomingMessage, 'socket'>): string {
  return networkOf(socket.remoteAddress ?? '')
}

/** Characters of a user agent that are kept. */
const USER_AGENT_CHARS_MAX = 256

/** Where a request came from, as far as that is recorded. */
export function callerNetworkOf({ socket, headers }: IncomingMessage): CallerNetwork {
  return { address: socket.remoteAddress ?? null, user_agent: headers['user-agent']?.slice(0, USER_AGENT_CHARS_MAX) ?? null }
}

/** Where a reader of a stream of events was cut off, as it says. */
export function lastEventIdOf(request: IncomingMessage): string | undefined {
  const sent = request.headers['last-event-id']
  return typeof sent === 'string' && sent !== '' ? sent : undefined
}

/** The headers without what proves who is calling: no handler needs it. */
export function headersOf({ headers }: IncomingMessage): IncomingHttpHeaders {
  return { ...headers, authorization: undefined, cookie: undefined }
}

/** The parameters of the path, decoded by the router. */
export function paramsOf(request: IncomingMessage): Readonly<Record<string, string>> {
  return (request as IncomingMessage & { readonly params?: Readonly<Record<string, string>> }).params ?? {}
}

const NO_QUERY = new URLSearchParams()

/** The path as it came, without the query, and the query. */
export function placeOf({ url = '/' }: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const mark = url.indexOf('?')
  if (mark === -1) return { path: url, query: NO_QUERY }
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) }
}
