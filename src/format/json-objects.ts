import { ServiceError } from './error.ts'

/** Longest text of one value of a stream, characters. */
export const VALUE_CHARS_MAX = 16_777_216

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
  const cutter = createCutter(file)
  for await (const chunk of chunks) yield* cutter.push(chunk)
  cutter.end()
}

type Cutter = { readonly push: (chunk: string) => Iterable<JsonObjectText>; readonly end: () => void }

function createCutter(file: string): Cutter {
  const at = { line: 1, beganAt: 1, depth: 0, inString: false, escaped: false }
  /** What stands around the objects: nothing yet, one after the other, an array with or without a comma due, or its end. */
  let around: 'start' | 'lines' | 'first' | 'comma' | 'value' | 'end' = 'start'
  let held = ''

  const fail = (message: string, line = at.line): never => {
    throw new ServiceError('bad_request', message, {
      place: { file, line },
      fix: 'give JSON lines, or one JSON array of decision log entries',
    })
  }
  const between = (unit: number): void => {
    if (unit === OBJECT_OPEN && around !== 'comma' && around !== 'end') {
      if (around === 'start') around = 'lines'
      at.depth = 1
      at.beganAt = at.line
    } else if (unit === ARRAY_OPEN && around === 'start') around = 'first'
    else if (unit === COMMA && around === 'comma') around = 'value'
    else if (unit === ARRAY_CLOSE && (around === 'comma' || around === 'first')) around = 'end'
    else if (!SPACES.has(unit)) fail(`there is ${JSON.stringify(String.fromCharCode(unit))} where an entry should begin`)
  }
  const inside = (unit: number): void => {
    if (at.escaped) at.escaped = false
    else if (at.inString) {
      if (unit === BACKSLASH) at.escaped = true
      else if (unit === QUOTE) at.inString = false
    } else if (unit === QUOTE) at.inString = true
    else if (unit === OBJECT_OPEN || unit === ARRAY_OPEN) at.depth += 1
    else if (unit === OBJECT_CLOSE || unit === ARRAY_CLOSE) at.depth -= 1
  }
  return {
    push: function* (chunk) {
      let begin = 0
      for (let index = 0; index < chunk.length; index += 1) {
        const unit = chunk.charCodeAt(index)
        if (at.depth === 0) {
          between(unit)
          begin = index
        } else {
          inside(unit)
          if (at.depth === 0) {
            yield { text: held + chunk.slice(begin, index + 1), line: at.beganAt }
            held = ''
            if (around !== 'lines') around = 'comma'
          }
        }
        if (unit === NEWLINE) at.line += 1
      }
      if (at.depth > 0) held += chunk.slice(begin)
      if (held.length > VALUE_CHARS_MAX) fail(`an entry has more than ${VALUE_CHARS_MAX} characters`, at.beganAt)
    },
    end: () => {
      if (at.depth > 0) fail('the last entry does not end', at.beganAt)
      if (around === 'first' || around === 'comma' || around === 'value') fail('the array does not end')
    },
  }
}
