import { type TextPlace, textPlace } from './source-place.ts'

/** A JSON value as it comes out of a strict parser: no undefined, no lone surrogates, no duplicate keys. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** The named limits of one JSON document; strict-json.ts holds the defaults. Characters are UTF-16 code units. */
export type JsonLimits = {
  readonly bodyBytesMax: number
  /** Containers nested in each other: `{}` is 1, `[[]]` is 2, a scalar is 0. */
  readonly depthMax: number
  readonly stringCharsMax: number
  readonly keyCharsMax: number
  readonly arrayItemsMax: number
  readonly objectKeysMax: number
  /** Values of the whole document: objects, arrays, strings, numbers and literals, at all depths; keys do not count. */
  readonly valuesMax: number
  /** Characters of the names on the way to each object and array of the document, all together: what a pointer to each of them takes. */
  readonly pathCharsMax: number
  /** True: a number that is not exact in every reader is read as the text of its digits; otherwise it is refused. */
  readonly largeNumbersAsText?: boolean
}

/** Why a document was refused; one word per refused class. */
export type JsonFaultCode =
  | 'body_empty'
  | 'body_too_large'
  | 'byte_order_mark'
  | 'invalid_utf8'
  | 'syntax'
  | 'trailing_bytes'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'lone_surrogate'
  | 'number_out_of_range'
  | 'too_deep'
  | 'string_too_long'
  | 'key_too_long'
  | 'array_too_long'
  | 'object_too_large'
  | 'too_many_values'
  | 'paths_too_long'

/** A refusal with its place: JSON Pointer (RFC 6901), offset in UTF-16 code units from 0, line and column from 1. */
export type JsonFault = {
  readonly code: JsonFaultCode
  readonly message: string
  readonly pointer: string
  readonly offset: number
} & TextPlace

/** What a strict parser answers. */
export type JsonReading<Value = JsonValue> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: JsonFault }

/** A refusal of a text, with the line and column of its offset. */
export function faultIn(text: string, { code, message, pointer, offset }: Omit<JsonFault, keyof TextPlace>): JsonFault {
  return { code, message, pointer, offset, ...textPlace(text, offset) }
}
