import { ServiceError } from '../../format/error.ts'
import { type LimitName, overLimit, type LimitCount } from '../../format/limit.ts'
import { parseStrictJson } from '../../format/strict-json.ts'
import { EVENT_SKEW_MS_MAX } from '../rules/event-time.ts'
import { ImportLine } from '../signals/wire.ts'

/** Most lines of one file. */
export const IMPORT_LINES_MAX = 50_000
/** Wrong lines that a refusal names. */
const NAMED_MAX = 20

/** A line with its place. */
export type Placed = ImportLine & { readonly line: number; readonly atMs: number }
/** A line that is wrong. */
export type Wrong = { readonly line: number; readonly message: string }

/** Refuses a history that is over a limit. */
export function historyOverLimit(beginning: string, limit: LimitName, count: LimitCount): ServiceError {
  return new ServiceError('too_large', overLimit(beginning, limit, count), { fix: 'split it by agents, and sign each part' })
}

/** Reads a history line by line. Throws `bad_request` with every wrong line, and `too_large`. */
export function linesOf(bytes: Uint8Array, nowMs: number): readonly Placed[] {
  const lines: Placed[] = []
  const wrong: Wrong[] = []
  const ids = new Set<string>()
  let line = 0
  for (const text of textLines(bytes)) {
    line += 1
    if (text.trim() === '') continue
    if (lines.length + wrong.length >= IMPORT_LINES_MAX)
      throw historyOverLimit('the history has', 'import.lines_max', { max: IMPORT_LINES_MAX })
    const parsed = parseLine(text, nowMs)
    if (typeof parsed === 'string') wrong.push({ line, message: parsed })
    else if (parsed.id !== undefined && ids.has(parsed.id)) wrong.push({ line, message: `the id "${parsed.id}" is there twice` })
    else lines.push({ ...parsed, line, atMs: Math.min(Date.parse(parsed.event_time), nowMs) })
    if (typeof parsed !== 'string' && parsed.id !== undefined) ids.add(parsed.id)
  }
  refuseWrong(wrong)
  if (lines.length > 0) return lines
  throw new ServiceError('bad_request', 'the history is empty', { fix: 'one JSON object on each line (docs/signals.md)' })
}

/** The lines of a text in UTF-8, one at a time. */
function* textLines(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for (let from = 0; from < bytes.byteLength;) {
    const end = bytes.indexOf(0x0a, from)
    const to = end === -1 ? bytes.byteLength : end
    try {
      yield decoder.decode(bytes.subarray(from, to))
    } catch {
      yield '\u0000'
    }
    from = to + 1
  }
}

function parseLine(text: string, nowMs: number): ImportLine | string {
  const reading = parseStrictJson(text)
  if (!reading.ok) return reading.error.message
  const parsed = ImportLine.safeParse(reading.value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return `${(issue?.path ?? []).map(String).join('.') || 'the line'}: ${issue?.message ?? 'not valid'}`
  }
  const atMs = Date.parse(parsed.data.event_time)
  if (atMs > nowMs + EVENT_SKEW_MS_MAX) return 'event_time is in the future'
  return atMs < 0 ? 'event_time is before 1970' : parsed.data
}

/** Refuses wrong lines, naming them. Throws `bad_request`. */
export function refuseWrong(wrong: readonly Wrong[]): void {
  const [first] = wrong
  if (first === undefined) return
  const named = wrong.slice(0, NAMED_MAX).map(({ line, message }) => `line ${line}: ${message}`)
  const more = wrong.length > NAMED_MAX ? [`and ${wrong.length - NAMED_MAX} more`] : []
  throw new ServiceError('bad_request', [...named, ...more].join('; '), {
    place: { line: first.line },
    fix: 'nothing was taken; mend the lines and sign the file again',
  })
}
