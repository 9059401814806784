import { VALUE_DEPTH_MAX } from './value.ts'
import { overLimit } from '../format/limit.ts'

/** An input that is not plain JSON; names the place as a JSON Pointer. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** Most bytes of one input, as JSON. */
export const INPUT_BYTES_MAX = 16 * 1024 * 1024

function pointer(path: string, key: string | number): string {
  return `${path}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Throws for what `JSON.stringify` would silently change: NaN, functions, class instances with `toJSON`. */
function assertPlain(value: unknown, path: string, depth: number): void {
  if (depth > VALUE_DEPTH_MAX)
    throw new InputError(overLimit('the input is nested', 'rego.value_depth_max', { max: VALUE_DEPTH_MAX }))
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new InputError(`the number at "${path}" is not finite`)
    return
  }
  if (typeof value !== 'object') throw new InputError(`the value at "${path}" is a ${typeof value}, not JSON`)
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) assertPlain(item, pointer(path, index), depth + 1)
    return
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    throw new InputError(`the value at "${path}" is not a plain object`)
  }
  for (const [key, item] of Object.entries(value)) if (item !== undefined) assertPlain(item, pointer(path, key), depth + 1)
}

/** `JSON.stringify` writes lone surrogates as escapes; the guest aborts on them and Go reads U+FFFD, so they become that. */
function replaceLoneSurrogates(json: string): string {
  if (!json.includes('\\ud')) return json
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'))
}

/** The JSON text of an input that reaches the guest; `undefined` means no input. Throws `InputError`. */
export function inputText(input: unknown): string | undefined {
  if (input === undefined) return undefined
  assertPlain(input, '', 0)
  return replaceLoneSurrogates(JSON.stringify(input))
}
