import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { connectionFailure } from '../format/connection.ts'

const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o600
/** Digits of the size in a file's name, so that names sort as sizes do. */
const SIZE_DIGITS = 16

/** What became of one checkpoint. `differs`: the place holds another checkpoint of the same size. */
export type Posted = { readonly kind: 'kept' } | { readonly kind: 'differs' } | { readonly kind: 'failed'; readonly why: string }

/** A checkpoint as it is kept outside: how many records it covers, its text, and the whole note with all signatures. */
export type SignedCheckpoint = { readonly size: number; readonly text: string; readonly note: string }

/** Where a checkpoint is posted, with what is sent besides. */
export type PlaceAt = { readonly url: string; readonly token: string | undefined; readonly timeoutMs: number }

/** Posts the note as text. Any 2xx is kept; redirects are not followed, and of the answer only the status is read. Never rejects. */
export async function postTo(
  { url, token, timeoutMs }: PlaceAt,
  { note }: SignedCheckpoint,
  deps: { readonly fetch: typeof fetch; readonly signal: AbortSignal },
): Promise<Posted> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await deps.fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'user-agent': 'gradus',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: note,
      signal: AbortSignal.any([deps.signal, timeout]),
    })
    void response.body?.cancel().catch(() => undefined)
    return response.ok ? { kind: 'kept' } : { kind: 'failed', why: `it answered ${response.status}` }
  } catch (error) {
    return { kind: 'failed', why: timeout.aborted ? `no answer within ${timeoutMs} ms` : connectionFailure(error) }
  }
}

/** Writes the note to a file of its size, once: what is there already is never replaced. Never rejects. */
export async function writeInto(folder: string, { size, text, note }: SignedCheckpoint): Promise<Posted> {
  const file = join(folder, `${String(size).padStart(SIZE_DIGITS, '0')}.checkpoint`)
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await mkdir(folder, { recursive: true, mode: DIRECTORY_MODE })
    await writeFile(temporary, note, { mode: FILE_MODE, flush: true })
    await link(temporary, file).finally(() => rm(temporary, { force: true }))
    await syncFolder(folder)
    return { kind: 'kept' }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return { kind: 'failed', why: connectionFailure(error) }
    return (await readFile(file, 'utf8')).startsWith(`${text}\n`) ? { kind: 'kept' } : { kind: 'differs' }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r')
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}
