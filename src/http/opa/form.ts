import { type Fault, JSON_TYPE, type Reply } from '../exchange.ts'
import { PROBLEMS, publicMessage, withHeaders } from '../problems.ts'
import { byCodeUnit } from '../../format/order.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** JSON as OPA writes it: `<`, `>`, `&` escaped so that it is safe inside HTML, a newline at the end. */
function opaJson(value: unknown, pretty = false): string {
  const written = JSON.stringify(value, undefined, pretty ? 2 : undefined)
  return `${written.replace(/[<>&\u2028\u2029]/gu, (char) => ESCAPES[char] ?? char)}\n`
}

/** A JSON answer as OPA writes it. */
export function opaReply(value: unknown, options: { readonly status?: number; readonly pretty?: boolean } = {}): Reply {
  return { status: options.status ?? 200, type: JSON_TYPE, body: opaJson(value, options.pretty) }
}

/** Keys in the order of their UTF-16 code units at every depth, as OPA answers results. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => byCodeUnit(a, b)).map(([key, member]) => [key, sortKeys(member)]))
}

/** A refusal in OPA's form; a wrong method has no body there. */
export function opaErrorReply(fault: Fault): Reply {
  const row = PROBLEMS[fault.code]
  const { headers = {} } = withHeaders(fault)
  if (fault.code === 'method_not_allowed') return { status: row.status, type: 'text/plain', body: '', headers }
  const errors = row.disclosable
    ? fault.errors?.map(({ pointer, message }) => ({ code: row.opa, message, location: { pointer } }))
    : undefined
  const body = {
    code: row.opa,
    message: publicMessage(fault),
    ...(errors === undefined || errors.length === 0 ? {} : { errors }),
  }
  return { ...opaReply(body, { status: row.status, pretty: true }), headers }
}
