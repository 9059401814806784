import { ServiceError } from './error.ts'
import { overLimit } from './limit.ts'

/** Longest text of one value of a stream, characters. */
const VALUE_CHARS_MAX = 16_777_216

const NEWLINE = 10
const SPACES = new Set([9, NEWLINE, 13, 32])
const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92
const [ARRAY_OPEN, ARRAY_CLOSE, OBJECT_OPEN, OBJECT_CLOSE] = [91, 93, 123, 125] as const

/** One object of a stream, and the line it begins on. */
export type JsonObjectText = { readonly text: string; readonly line: number }

/**
 * Cuts a stream of text into its JSON objects, one in memory at a time: JSON lines, objects one after the other, or one array of
 * them. Only finds where each begins and ends. Throws `bad_request` with the line for what is none of these, or ends too early.
 */
export async function* jsonObjects(chunks: AsyncIterable<string>, file: string): AsyncGenerator<JsonObjectText> {
  const cutter: Cutter = { file, line: 1, beganAt: 1, depth: 0, inString: false, escaped: false, around: 'start', held: '' }
  for await (const chunk of chunks) yield* objectsIn(cutter, chunk)
  refuseOpenEnd(cutter)
}

/** Where in the stream we are. */
type Cutter = {
  readonly file: string
  line: number
  /** The line on which the present object began. */
  beganAt: number
  /** Containers that are open within the present object; 0: between objects. */
  depth: number
  inString: boolean
  escaped: boolean
  /** What stands around the objects: nothing yet, one after the other, an array with or without a comma due, or its end. */
  around: 'start' | 'lines' | 'first' | 'comma' | 'value' | 'end'
  /** The beginning of an object that earlier chunks held. */
  held: string
}

/** The objects that end in this chunk. */
function* objectsIn(cutter: Cutter, chunk: string): Generator<JsonObjectText> {
  let begin = 0
  for (let index = 0; index < chunk.length; index += 1) {
    const unit = chunk.charCodeAt(index)
    if (cutter.depth === 0) {
      stepBetween(cutter, unit)
      begin = index
    } else {
      stepInside(cutter, unit)
      if (cutter.depth === 0) {
        yield { text: cutter.held + chunk.slice(begin, index + 1), line: cutter.beganAt }
        cutter.held = ''
        if (cutter.around !== 'lines') cutter.around = 'comma'
      }
    }
    if (unit === NEWLINE) cutter.line += 1
  }
  if (cutter.depth > 0) cutter.held += chunk.slice(begin)
  if (cutter.held.length > VALUE_CHARS_MAX)
    fail(cutter, overLimit('an entry has', 'log.entry_chars_max', { max: VALUE_CHARS_MAX }), cutter.beganAt)
}

function stepBetween(cutter: Cutter, unit: number): void {
  const { around } = cutter
  if (unit === OBJECT_OPEN && around !== 'comma' && around !== 'end') {
    if (around === 'start') cutter.around = 'lines'
    cutter.depth = 1
    cutter.beganAt = cutter.line
  } else if (unit === ARRAY_OPEN && around === 'start') cutter.around = 'first'
  else if (unit === COMMA && around === 'comma') cutter.around = 'value'
  else if (unit === ARRAY_CLOSE && (around === 'comma' || around === 'first')) cutter.around = 'end'
  else if (!SPACES.has(unit)) fail(cutter, `there is ${JSON.stringify(String.fromCharCode(unit))} where an entry should begin`)
}

function stepInside(cutter: Cutter, unit: number): void {
  if (cutter.escaped) cutter.escaped = false
  else if (cutter.inString) {
    if (unit === BACKSLASH) cutter.escaped = true
    else if (unit === QUOTE) cutter.inString = false
  } else if (unit === QUOTE) cutter.inString = true
  else if (unit === OBJECT_OPEN || unit === ARRAY_OPEN) cutter.depth += 1
  else if (unit === OBJECT_CLOSE || unit === ARRAY_CLOSE) cutter.depth -= 1
}

function refuseOpenEnd(cutter: Cutter): void {
  if (cutter.depth > 0) fail(cutter, 'the last entry does not end', cutter.beganAt)
  if (cutter.around === 'first' || cutter.around === 'comma' || cutter.around === 'value') fail(cutter, 'the array does not end')
}

function fail({ file, line: here }: Cutter, message: string, line = here): never {
  throw new ServiceError('bad_request', message, {
    place: { file, line },
    fix: 'give JSON lines, or one JSON array of decision log entries',
  })
}
