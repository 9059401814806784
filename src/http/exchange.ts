import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

import type { Caller } from '../access/caller.ts'
import type { CallerNetwork } from '../decisions/decision-request.ts'
import type { ErrorCode } from '../format/error.ts'
import type { Problem } from '../model/problem.ts'

/** Refusals that only HTTP knows. */
export const HTTP_CODES = ['unsupported_media_type', 'method_not_allowed', 'request_timeout', 'deadline', 'internal'] as const

/** Every code a problem can carry. */
export type ProblemCode = ErrorCode | (typeof HTTP_CODES)[number]

/** One HTTP request as a handler sees it: authenticated, its body read within the limits, nothing parsed yet. */
export type Exchange = {
  readonly caller: Caller
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** The path as it came, still percent-encoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** All headers but the credential's. */
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  /** The caller's `X-Request-ID` where it may be recorded, otherwise one made here. */
  readonly requestId: string
  readonly traceparent: string | undefined
  /** Where the request came from. */
  readonly network: CallerNetwork
  /** Where a reader of a stream of events was cut off, as it says itself. */
  readonly lastEventId: string | undefined
  /** Charges the caller for more than the one decision or report that the endpoint stands for. */
  readonly charge: (more: number) => Fault | undefined
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal
  /** Runs what turned out to be a batch in its lane: it waits in turns, and lets decisions pass. */
  readonly asBatch: <T>(work: () => Promise<T>) => T | Promise<T>
}

/** A finished answer, ready to be written. */
export type Reply = {
  readonly status: number
  readonly type: string
  readonly body: string
  /** What is the same for every caller, made once and written instead of `body`. */
  readonly bytes?: Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** What goes on being written after the headers, instead of `body`. */
  readonly stream?: Stream
}

/** An answer without an end of its own. One of the two is called, once. */
export type Stream = {
  /** Writes until one side ends it, and ends the response. Never rejects. */
  readonly send: (response: ServerResponse) => Promise<void>
  /** Nobody is there to read it. */
  readonly abandon: () => void
}

/** A refusal before it has its protocol's form. */
export type Fault = {
  readonly code: ProblemCode
  /** What is wrong, in one sentence for the caller. */
  readonly message: string
  readonly fix?: string | undefined
  /** Each place in the input that is wrong. */
  readonly errors?: Problem['errors']
  readonly headers?: Readonly<Record<string, string>>
}

/** What a handler answers; expected refusals are data, a rejection is a `ServiceError` or a bug. */
export type Handler = (exchange: Exchange) => Promise<Reply | Fault> | Reply | Fault

/** A parsed part of a request, or why it is refused. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault }

/** Media type of JSON answers. */
export const JSON_TYPE = 'application/json'
/** Media type of plain text answers. */
export const TEXT_TYPE = 'text/plain; charset=utf-8'
/** Media type of server-sent events. */
export const EVENT_STREAM_TYPE = 'text/event-stream'

/** Whether a handler refused. */
export function isFault(answer: Reply | Fault): answer is Fault {
  return 'code' in answer
}

/** A JSON answer. */
export function jsonReply(value: unknown, status = 200): Reply {
  return { status, type: JSON_TYPE, body: JSON.stringify(value) }
}

/** A plain text answer. */
export function textReply(body: string, status = 200): Reply {
  return { status, type: TEXT_TYPE, body }
}

/** A refusal of what the caller sent. */
export function refuseRequest(
  code: ProblemCode,
  message: string,
  more: Omit<Fault, 'code' | 'message'> = {},
): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: { code, message, ...more } }
}

/** Longest request id that is recorded, in characters. */
const REQUEST_ID_CHARS_MAX = 128

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
