import { answerText, connectionFailure } from '../format/connection.ts'
import { overLimit } from '../format/limit.ts'
import { cosignatures, type WitnessKey } from '../audit/cosignature.ts'
import { splitNote } from '../audit/note.ts'

/** Most bytes of an answer of a witness. */
export const WITNESS_ANSWER_BYTES_MAX = 16_384

const DECIMAL_LINE = /^(0|[1-9]\d{0,15})\n?$/u

/** A witness as it is asked: where it is, and by what key it signs. */
export type WitnessAt = { readonly url: string; readonly key: WitnessKey; readonly timeoutMs: number }

/** A checkpoint that continues the one of `old` leaves: the proof of that in Base 64, and the note as the log signed it. */
export type Continuation = { readonly old: number; readonly path: readonly string[]; readonly checkpoint: string }

/**
 * What a witness says. `cosigned`: it vouches for this checkpoint. `knows`: the newest it vouched for has another size than `old`.
 * `refuses`: the proof does not continue what it vouched for. `failed`: anything else; `why` holds no text of the witness.
 */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly line: string; readonly atSeconds: number }
  | { readonly kind: 'knows'; readonly size: number }
  | { readonly kind: 'refuses' }
  | { readonly kind: 'failed'; readonly why: string }

/** What asking needs. */
export type AskDeps = { readonly fetch: typeof fetch; readonly signal: AbortSignal }

/** Asks a witness to sign a checkpoint (C2SP tlog-witness, `add-checkpoint`). Redirects are not followed. Never rejects. */
export async function addCheckpoint(
  { url, key, timeoutMs }: WitnessAt,
  { old, path, checkpoint }: Continuation,
  deps: AskDeps,
): Promise<WitnessAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await deps.fetch(`${url.replace(/\/+$/u, '')}/add-checkpoint`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'gradus' },
      body: [`old ${old}`, ...path, '', checkpoint].join('\n'),
      signal: AbortSignal.any([deps.signal, timeout]),
    })
    const text = await answerText(response, WITNESS_ANSWER_BYTES_MAX)
    if (text === undefined)
      return failed(overLimit('its answer has', 'audit.witness_answer_bytes_max', { max: WITNESS_ANSWER_BYTES_MAX }))
    return read(response.status, text, { checkpoint, key })
  } catch (error) {
    return failed(timeout.aborted ? `no answer within ${timeoutMs} ms` : connectionFailure(error))
  }
}

function read(
  status: number,
  text: string,
  { checkpoint, key }: Pick<Continuation, 'checkpoint'> & Pick<WitnessAt, 'key'>,
): WitnessAnswer {
  if (status === 409) {
    const size = Number(DECIMAL_LINE.exec(text)?.[1] ?? NaN)
    return Number.isSafeInteger(size) ? { kind: 'knows', size } : failed('it answered 409 without a size')
  }
  if (status === 422) return { kind: 'refuses' }
  if (status === 404) return failed('it does not know this log (404): register its origin and key there')
  if (status === 403) return failed('it does not trust the key of this log (403): register audit.vkey there')
  if (status !== 200) return failed(`it answered ${status}`)
  const signed = cosignatures(splitNote(checkpoint)?.text ?? '', text.split('\n'), [key])
  const [first] = signed.ok ? signed.found : []
  if (first === undefined) return failed('what it answered is no cosignature of its key over this checkpoint')
  return { kind: 'cosigned', line: first.line, atSeconds: first.atSeconds }
}

function failed(why: string): WitnessAnswer {
  return { kind: 'failed', why }
}
