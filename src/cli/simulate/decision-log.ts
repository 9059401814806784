import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

import { isDecisionEntry, OpaEntry } from '../../decisions/opa-log/opa-entry.ts'
import { ServiceError } from '../../format/error.ts'
import { jsonObjects } from '../../format/json-objects.ts'
import { unreadable } from '../../format/read-text.ts'

/** First bytes of a gzip file (RFC 1952). */
const GZIP = [0x1f, 0x8b]

/** An OPA decision log on disk: JSON lines or an array, plain or gzip. */
export type DecisionLogFile = {
  readonly entries: AsyncIterable<OpaEntry>
  /** Bytes of the file. */
  readonly bytes: number
  /** Bytes read so far. */
  readonly bytesRead: () => number
  /** Values that are no decisions, such as other lines of a console log. */
  readonly skipped: () => number
}

/** Opens a decision log; it is read entry by entry. Throws `not_found`, `io`, or, at an entry that is wrong, `bad_request` with its line. */
export async function openDecisionLog(path: string, file: string): Promise<DecisionLogFile> {
  const { bytes, isGzip } = await firstLook(path, file)
  const source = createReadStream(path)
  const progress = { skipped: 0 }
  return {
    entries: entriesOf(isGzip ? unzipped(source) : source, file, () => (progress.skipped += 1)),
    bytes,
    bytesRead: () => source.bytesRead,
    skipped: () => progress.skipped,
  }
}

async function firstLook(path: string, file: string): Promise<{ readonly bytes: number; readonly isGzip: boolean }> {
  try {
    const handle = await open(path)
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0)
      return {
        bytes: (await handle.stat()).size,
        isGzip: bytesRead === GZIP.length && GZIP.every((byte, at) => buffer[at] === byte),
      }
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw unreadable(cause, { file, fix: 'name a decision log file, or "audit" for the log of the data directory' })
  }
}

/** Errors of either end reach whoever reads. */
function unzipped(source: Readable): Readable {
  return pipeline(source, createGunzip(), () => undefined)
}

async function* entriesOf(stream: Readable, file: string, skip: () => void): AsyncGenerator<OpaEntry> {
  for await (const { text, line } of jsonObjects(textOf(stream, file), file)) {
    const value = parse(text, file, line)
    if (!isDecisionEntry(value)) {
      skip()
      continue
    }
    const parsed = OpaEntry.safeParse(value)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const pointer = `/${(issue?.path ?? []).map(String).join('/')}`
      throw new ServiceError('bad_request', `${pointer}: ${issue?.message ?? 'is not a decision log entry'}`, {
        place: { file, line, pointer },
        fix: 'give entries as OPA writes them: decision_id, path, input, result, timestamp',
      })
    }
    yield parsed.data
  }
}

function parse(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new ServiceError('bad_request', (cause as Error).message, { place: { file, line }, fix: 'mend the JSON syntax', cause })
  }
}

async function* textOf(stream: Readable, file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of stream) yield decoder.decode(chunk as Buffer, { stream: true })
    yield decoder.decode()
  } catch (cause) {
    // What the reader of this text throws is not caught here: it does not come through the generator.
    throw new ServiceError('bad_request', `cannot be read to its end: ${(cause as Error).message}`, {
      place: { file },
      fix: 'give a whole file in UTF-8, plain or gzip',
      cause,
    })
  }
}
