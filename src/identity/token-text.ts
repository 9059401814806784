import type { JsonLimits, JsonValue } from '../format/json-value.ts'
import { pointerSteps } from '../format/source-place.ts'
import { parseStrictJson, STRICT_JSON_LIMITS } from '../format/strict-json.ts'

/** Longest token that is read, in characters. */
const TOKEN_CHARS_MAX = 8_192

/** Limits of the header and of the claims; a chain of actors nests one level for each. */
const TOKEN_JSON_LIMITS: JsonLimits = {
  ...STRICT_JSON_LIMITS,
  bodyBytesMax: TOKEN_CHARS_MAX,
  depthMax: 16,
  arrayItemsMax: 512,
  objectKeysMax: 256,
  valuesMax: 2_048,
}
const BASE64URL = /^[A-Za-z0-9_-]+$/u

/** A JSON object that was read strictly. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** Header and claims of a token that is not verified yet. */
export type TokenText = { readonly header: JsonObject; readonly claims: JsonObject }

/** Reads a JWS in compact form; undefined if any part is malformed or could be read in two ways. */
export function readToken(token: string): TokenText | undefined {
  if (token.length > TOKEN_CHARS_MAX) return undefined
  const parts = token.split('.')
  const [header, claims, signature] = parts.map(bytesOf)
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined) return undefined
  const read = [header, claims].map(objectOf)
  return read[0] === undefined || read[1] === undefined ? undefined : { header: read[0], claims: read[1] }
}

/** Bytes of base64url without padding; undefined for a non-canonical spelling, by which one token could have two texts. */
function bytesOf(text: string): Buffer | undefined {
  if (!BASE64URL.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function objectOf(bytes: Uint8Array): JsonObject | undefined {
  const reading = parseStrictJson(bytes, TOKEN_JSON_LIMITS)
  return reading.ok && isObject(reading.value) ? reading.value : undefined
}

/** Whether a JSON value is an object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a JSON Pointer into the claims; undefined where there is none. */
export function claimAt(claims: JsonObject, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = claims
  for (const key of pointerSteps(pointer)) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}
