import type { IncomingMessage } from 'node:http'

import { refuseRequest, type Parsed } from './exchange.ts'

/** A body over the limit is read and thrown away up to this multiple of the limit, so that its sender can read the refusal. */
const DISCARD_FACTOR = 4

const EMPTY = new Uint8Array(0)

/**
 * Reads a whole body of at most `bytesMax` bytes, whether its length is declared or not. Refuses compressed bodies unless they may be
 * `gzip` (they stay as they came), and larger ones without keeping them. Rejects when the connection breaks.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  { gzip = false }: { readonly gzip?: boolean } = {},
): Promise<Parsed<Uint8Array>> {
  const encoding = request.headers['content-encoding']?.toLowerCase()
  if (encoding !== undefined && encoding !== 'identity' && !(gzip && encoding === 'gzip')) {
    return Promise.resolve(
      refuseRequest('unsupported_media_type', 'The body is compressed.', { fix: 'Send it without Content-Encoding.' }),
    )
  }
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax * DISCARD_FACTOR) return Promise.resolve(tooLarge(bytesMax))
  return collect(request, bytesMax)
}

function tooLarge(bytesMax: number): { readonly ok: false } & Parsed<never> {
  const message = `The body is too large: at most ${bytesMax} bytes are accepted.`
  return refuseRequest('too_large', message, { fix: 'Send less.', headers: { Connection: 'close' } })
}

function collect(request: IncomingMessage, bytesMax: number): Promise<Parsed<Uint8Array>> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
      else chunks = []
      if (bytes > bytesMax * DISCARD_FACTOR) {
        request.pause()
        resolve(tooLarge(bytesMax))
      }
    })
    request.on('end', () => {
      if (bytes > bytesMax) resolve(tooLarge(bytesMax))
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
