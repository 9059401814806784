import type { z } from 'zod'

import type { JsonValue } from '../format/json-value.ts'
import { jsonPointer } from '../format/source-place.ts'
import { parseStrictJson, STRICT_JSON_LIMITS } from '../format/strict-json.ts'
import { type Parsed, refuseRequest } from './exchange.ts'

/** Most places named in one refusal. */
export const ERRORS_MAX = 32

/** Bytes are limited where the body is read, by the configuration; here only its inside is. */
const INSIDE_LIMITS = { ...STRICT_JSON_LIMITS, bodyBytesMax: Number.MAX_SAFE_INTEGER }

/** Where a body may deviate from the limits of every body. */
export type BodyLimits = { readonly valuesMax?: number }

/** Parses a body strictly; the refusal names the place. */
export function parseBody(body: Uint8Array, limits: BodyLimits = {}): Parsed<JsonValue> {
  const reading = parseStrictJson(body, { ...INSIDE_LIMITS, ...limits })
  if (reading.ok) return reading
  const { message, pointer, line, column } = reading.error
  const place = `line ${line}, column ${column}`
  return refuseRequest('bad_request', `${message} (${place})`, {
    errors: [{ pointer, message }],
  })
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }

/** Every place a schema refuses, as JSON Pointers below `prefix`. */
export function issuesOf(issues: readonly Issue[], prefix = ''): { readonly pointer: string; readonly message: string }[] {
  return issues.slice(0, ERRORS_MAX).map(({ path, message }) => ({ pointer: prefix + jsonPointer(path.map(String)), message }))
}

/** Checks a value against a schema; the refusal names every place. */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, prefix = ''): Parsed<T> {
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  const errors = issuesOf(result.error.issues, prefix)
  const first = errors[0]
  const place = first === undefined || first.pointer === '' ? 'The value' : first.pointer
  return refuseRequest('bad_request', `${place}: ${first?.message ?? 'not valid'}`, { errors })
}

/** A body parsed strictly and checked against its schema. */
export function parseAs<T>(schema: z.ZodType<T>, body: Uint8Array, limits?: BodyLimits): Parsed<T> {
  const parsed = parseBody(body, limits)
  return parsed.ok ? checkShape(schema, parsed.value) : parsed
}

/** Query parameters checked against a strict schema: an unknown name is refused, and one given twice unless it is a list. */
export function parseQuery<T>(schema: z.ZodType<T>, query: URLSearchParams, lists: readonly string[] = []): Parsed<T> {
  const given: Record<string, string | readonly string[]> = {}
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name)
    if (values.length > 1 && !lists.includes(name))
      return refuseRequest('bad_request', `The query parameter ${name} is there ${values.length} times.`)
    given[name] = lists.includes(name) ? values : (values[0] ?? '')
  }
  return checkShape(schema, given)
}
