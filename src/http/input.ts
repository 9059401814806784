import type { IncomingMessage } from 'node:http'

import type { z } from 'zod'

import { identifier } from '../format/identifier.ts'
import { jsonPointer } from '../format/source-place.ts'
import { type JsonValue } from '../format/json-value.ts'
import { overLimit, type LimitCount } from '../format/limit.ts'
import { parseStrictJson, PATH_CHARS_MAX, STRICT_JSON_LIMITS, VALUES_MAX } from '../format/strict-json.ts'
import { ID_CHARS_MAX } from '../model/request.ts'
import { type Exchange, type Fault, type Handler, type Parsed, refuseRequest, type Reply } from './exchange.ts'

/** A body over the limit is read and thrown away up to this multiple of the limit, so that its sender can read the refusal. */
const DISCARD_FACTOR = 4

const EMPTY = new Uint8Array(0)

/** What limits a body: the setting, or what is fixed for the page's forms. */
type BodyLimit = 'http.body_bytes_max' | 'page.form_bytes_max'

/** How a body may be read. */
export type BodyReading = {
  readonly bytesMax: number
  /** Takes memory for so many bytes more; false: there is none left. */
  readonly hold: (bytes: number) => boolean
  readonly gzip?: boolean
  /** The name of the limit `bytesMax`. */
  readonly limit?: BodyLimit
}

/**
 * Reads a whole body of at most `bytesMax` bytes, whether its length is declared or not. Refuses compressed bodies unless they may be
 * `gzip` (they stay as they came), larger ones without keeping them, and those for which there is no memory now. Rejects when the
 * connection breaks.
 */
export function readBody(request: IncomingMessage, reading: BodyReading): Promise<Parsed<Uint8Array>> {
  const { bytesMax, gzip = false, limit = 'http.body_bytes_max' } = reading
  const encoding = request.headers['content-encoding']?.toLowerCase()
  if (encoding !== undefined && encoding !== 'identity' && !(gzip && encoding === 'gzip')) {
    return Promise.resolve(
      refuseRequest('unsupported_media_type', 'The body is compressed.', { fix: 'Send it without Content-Encoding.' }),
    )
  }
  const declared = Number(request.headers['content-length'] ?? 0)
  const refusal = tooLarge({ max: bytesMax, came: declared > bytesMax ? declared : undefined }, limit)
  if (declared > bytesMax * DISCARD_FACTOR) return Promise.resolve(refusal)
  return collect(request, reading, refusal)
}

function tooLarge(count: LimitCount, limit: BodyLimit): { readonly ok: false } & Parsed<never> {
  return refuseRequest('too_large', `${overLimit('The body has', limit, count)}.`, {
    fix: limit === 'http.body_bytes_max' ? `Send less, or raise \`${limit}\`.` : 'Send less: this limit is fixed.',
    headers: { Connection: 'close' },
  })
}

/** What is answered where the memory for bodies is taken by others, or by the same sender. */
const NO_MEMORY = refuseRequest('not_ready', 'There is no memory left for this body (`http.bodies_bytes_max`).', {
  fix: 'Send it again in a moment, and fewer at a time.',
  headers: { Connection: 'close', 'Retry-After': '1' },
})

function collect(request: IncomingMessage, { bytesMax, hold }: BodyReading, refusal: Parsed<never>): Promise<Parsed<Uint8Array>> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax && hold(chunk.length)) chunks.push(chunk)
      else {
        chunks = []
        if (bytes <= bytesMax) {
          request.pause()
          resolve(NO_MEMORY)
        }
      }
      if (bytes > bytesMax * DISCARD_FACTOR) {
        request.pause()
        resolve(refusal)
      }
    })
    request.on('end', () => {
      if (bytes > bytesMax) resolve(refusal)
      else resolve({ ok: true, value: chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks) })
    })
    request.on('error', reject)
    request.on('aborted', () => reject(new Error('The connection closed before the body was complete')))
  })
}

/** Whether a `Content-Type` says JSON: `application/json` or one of `further`, with or without parameters; other charsets than UTF-8 are not JSON. */
export function isJsonType(contentType: string | undefined, further: readonly string[] = []): boolean {
  if (contentType === undefined) return false
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase())
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  return (
    (type === 'application/json' || further.includes(type)) && (charset === undefined || /^charset="?utf-8"?$/u.test(charset))
  )
}

/** Most places named in one refusal. */
export const ERRORS_MAX = 32

/** Bytes are limited where the body is read, by the configuration; here only its inside is. */
const INSIDE_LIMITS = { ...STRICT_JSON_LIMITS, bodyBytesMax: Number.MAX_SAFE_INTEGER }

/** Where a body may deviate from the limits of every body. */
export type BodyLimits = { readonly valuesMax?: number; readonly largeNumbersAsText?: boolean }

/** Parses a body strictly; the refusal names the place. */
export function parseBody(body: Uint8Array, limits: BodyLimits = {}): Parsed<JsonValue> {
  // What holds several requests may hold as much more of the names on the way to them.
  const pathCharsMax = (PATH_CHARS_MAX * (limits.valuesMax ?? VALUES_MAX)) / VALUES_MAX
  const reading = parseStrictJson(body, { ...INSIDE_LIMITS, pathCharsMax, ...limits })
  if (reading.ok) return reading
  const { message, pointer, line, column } = reading.error
  const place = `line ${line}, column ${column}`
  return refuseRequest('bad_request', `${message} (${place})`, {
    errors: [{ pointer, message }],
  })
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }

/** Every place a schema refuses, as JSON Pointers below `prefix`. */
function issuesOf(issues: readonly Issue[], prefix = ''): { readonly pointer: string; readonly message: string }[] {
  return issues.slice(0, ERRORS_MAX).map(({ path, message }) => ({ pointer: prefix + jsonPointer(path.map(String)), message }))
}

/** Checks a value against a schema; the refusal names every place. */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, prefix = ''): Parsed<T> {
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  const errors = issuesOf(result.error.issues, prefix)
  const first = errors[0]
  const place = first === undefined || first.pointer === '' ? 'The value' : first.pointer
  return refuseRequest('bad_request', `${place}: ${first?.message ?? 'not valid'}`, { errors })
}

/** A body parsed strictly and checked against its schema. */
export function parseAs<T>(schema: z.ZodType<T>, body: Uint8Array, limits?: BodyLimits): Parsed<T> {
  const parsed = parseBody(body, limits)
  return parsed.ok ? checkShape(schema, parsed.value) : parsed
}

/** Query parameters checked against a strict schema: an unknown name is refused, and one given twice unless it is a list. */
export function parseQuery<T>(schema: z.ZodType<T>, query: URLSearchParams, lists: readonly string[] = []): Parsed<T> {
  const given: Record<string, string | readonly string[]> = {}
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    if (values.length > 1 && !lists.includes(name))
      return refuseRequest('bad_request', `The query parameter ${name} is there ${values.length} times.`)
    given[name] = lists.includes(name) ? values : (values[0] ?? '')
  }
  return checkShape(schema, given)
}

/** An id in a path. */
export const Id = identifier(ID_CHARS_MAX)

/** A handler of a body of this shape. `empty`: what no body at all stands for, where that is accepted. */
export function withBody<T>(
  schema: z.ZodType<T>,
  handle: (body: T, exchange: Exchange) => Promise<Reply | Fault>,
  empty?: object,
): Handler {
  return (exchange) => {
    const parsed =
      empty !== undefined && exchange.body.byteLength === 0 ? checkShape(schema, empty) : parseAs(schema, exchange.body)
    return parsed.ok ? handle(parsed.value, exchange) : parsed.fault
  }
}

/** Handles a parameter of the path of this shape; the refusal names the parameter. */
export async function withParam<T>(
  schema: z.ZodType<T>,
  params: Exchange['params'],
  name: string,
  handle: (value: T) => Promise<Reply | Fault>,
): Promise<Reply | Fault> {
  const parsed: Parsed<T> = checkShape(schema, params[name])
  if (parsed.ok) return handle(parsed.value)
  return { ...parsed.fault, message: `{${name}} in the path: ${parsed.fault.message}`, errors: undefined }
}
