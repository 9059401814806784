import type { IncomingHttpHeaders } from 'node:http'

/** Longest request id that is recorded, in characters. */
export const REQUEST_ID_CHARS_MAX = 128

const REQUEST_ID = new RegExp(`^[!-~]{1,${String(REQUEST_ID_CHARS_MAX)}}$`, 'u')
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/u

/** How one request is followed through systems. */
export type Trace = {
  /** What goes into records and logs: the caller's id where it is printable and short, otherwise a new one. */
  readonly requestId: string
  /** What is answered: the caller's id as it came, or the new one. */
  readonly echo: string
  readonly traceparent: string | undefined
}

/**
 * Reads `X-Request-ID` and `traceparent` (W3C Trace Context). AuthZEN wants the identical id back, whatever it is; the other
 * protocols answer the one that is recorded. A malformed `traceparent` is as none.
 */
export function readTrace(
  headers: IncomingHttpHeaders,
  options: { readonly echoAny: boolean; readonly newId: () => string },
): Trace {
  const given = headers['x-request-id']
  const asText = typeof given === 'string' && given !== '' ? given : undefined
  const requestId = asText !== undefined && REQUEST_ID.test(asText) ? asText : options.newId()
  const traceparent = headers['traceparent']
  return {
    requestId,
    echo: options.echoAny && asText !== undefined ? asText : requestId,
    traceparent: typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? traceparent : undefined,
  }
}
