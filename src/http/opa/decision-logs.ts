import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

import { VERB_ROLES } from '../../access/authority.ts'
import { FairQueue } from '../../access/fair-queue.ts'
import type { LogLine } from '../../decisions/opa-log/wire.ts'
import { ServiceError } from '../../format/error.ts'
import { jsonObjects } from '../../format/json-objects.ts'
import { overLimit } from '../../format/limit.ts'
import { parseStrictJson } from '../../format/strict-json.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Handler, jsonReply } from '../exchange.ts'
import type { Log } from '../log.ts'

/** What an upload may be when it is unpacked, bytes. */
export const UNPACKED_BYTES_MAX = 33_554_432
/** Entries of one upload. */
export const ENTRIES_MAX = 50_000
/** Uploads of one credential that may wait for the one of its tenant that is being taken; a further one is sent away. */
export const WAITING_MAX = 16
/** Uploads that are taken at a time, each of another tenant; their entries alternate. */
const TENANTS_AT_A_TIME_MAX = 4
/** What is unpacked at a time, bytes. */
const CHUNK_BYTES = 65_536
/** First bytes of gzip (RFC 1952). */
const GZIP = [0x1f, 0x8b]

/** Uploads of OPA's decision logs. */
export const LOG_ENDPOINTS = {
  uploadLog: {
    method: 'post',
    path: '/logs',
    convention: 'opa',
    summary:
      "Decision logs as OPA's `decision_logs` plugin uploads them, plain or gzip; each entry becomes an observed decision.",
    roles: VERB_ROLES.upload_log,
    body: 'DecisionLog',
    gzip: true,
    rated: 'decisions',
    answer: { status: 200, schema: 'LogAnswer' },
    refusals: ['not_ready'],
  },
} as const satisfies Record<string, Endpoint>

/** What ingesting decision logs needs. */
export type LogOptions = {
  readonly service: Service
  readonly log: Log
  /** How long one upload may take, ms; what is left then is taken when it is sent again. */
  readonly timeMsMax: number
}

/** `POST /logs`: one upload of a tenant after the other, entry by entry, so that live decisions are not held up. */
export function createLogHandlers({ service, log, timeMsMax }: LogOptions): Record<keyof typeof LOG_ENDPOINTS, Handler> {
  const queue = new FairQueue({ atATimeMax: TENANTS_AT_A_TIME_MAX, ofTenantMax: 1, waitingMax: WAITING_MAX }, (waiting) =>
    tooMuch(overLimit('for this credential there wait', 'log.uploads_waiting_max', { max: WAITING_MAX, came: waiting + 1 })),
  )
  const take = async (exchange: Exchange, startedMs: number) => {
    const mayGoOn = (): void => {
      if (performance.now() - startedMs > timeMsMax) throw tooMuch('not all of it could be taken in time')
      const fault = exchange.charge(1)
      if (fault !== undefined)
        throw new ServiceError('rate_limited', fault.message, fault.fix === undefined ? {} : { fix: fault.fix })
    }
    const answer = await service.ingestLog(exchange.caller, logLinesOf(exchange.body), mayGoOn)
    if (answer.rejected > 0) {
      const [first] = answer.problems
      log({
        level: 'warn',
        event: 'log_entries_rejected',
        credential: exchange.caller.credential ?? 'anonymous',
        rejected: answer.rejected,
        received: answer.received,
        ...(first === undefined ? {} : { first: `${first.reason}: ${first.message}` }),
      })
    }
    return jsonReply(answer)
  }
  return {
    uploadLog: (exchange) => {
      const startedMs = performance.now()
      return queue.run(exchange.caller, () => take(exchange, startedMs))
    },
  }
}

const FIX_SIZE = 'Lower decision_logs.reporting.upload_size_limit_bytes of OPA.'

function tooMuch(why: string): ServiceError {
  return new ServiceError('not_ready', `${why}; what was taken is kept`, { fix: 'Send it again, as OPA does by itself.' })
}

/** The entries of an upload, plain or gzip, one in memory at a time. Throws `bad_request` for what is neither, `too_large` beyond the limit. */
export async function* logLinesOf(body: Uint8Array): AsyncGenerator<LogLine> {
  let entries = 0
  for await (const { text } of jsonObjects(textOf(body), 'the body')) {
    entries += 1
    if (entries > ENTRIES_MAX)
      throw new ServiceError('too_large', `${overLimit('The upload has', 'log.entries_max', { max: ENTRIES_MAX })}.`, {
        fix: FIX_SIZE,
      })
    const reading = parseStrictJson(text)
    yield reading.ok ? reading : { ok: false, message: `${reading.error.pointer}: ${reading.error.message}` }
  }
}

/** The text of a body, unpacked piece by piece up to the limit. */
async function* textOf(body: Uint8Array): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  try {
    for await (const piece of unpacked(body)) {
      bytes += piece.length
      if (bytes > UNPACKED_BYTES_MAX) break
      yield decoder.decode(piece, { stream: true })
    }
    if (bytes <= UNPACKED_BYTES_MAX) yield decoder.decode()
  } catch (cause) {
    throw new ServiceError('bad_request', `The body cannot be unpacked: ${(cause as Error).message}.`, {
      fix: 'Send JSON in UTF-8, plain or gzip.',
      cause,
    })
  }
  if (bytes > UNPACKED_BYTES_MAX)
    throw new ServiceError(
      'too_large',
      `${overLimit('Unpacked the body has', 'log.unpacked_bytes_max', { max: UNPACKED_BYTES_MAX })}.`,
      { fix: FIX_SIZE },
    )
}

function unpacked(body: Uint8Array): AsyncIterable<Uint8Array> {
  const source = Readable.from(piecesOf(body), { objectMode: false })
  if (!GZIP.every((byte, at) => body[at] === byte)) return source
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  source.on('error', (error) => gunzip.destroy(error))
  return source.pipe(gunzip)
}

function* piecesOf(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES)
}
