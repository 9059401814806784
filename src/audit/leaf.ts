import { hash } from 'node:crypto'

import { canonicalJson } from '../format/canonical-json.ts'
import type { JsonValue } from '../format/json-value.ts'
import { pointerSteps } from '../format/source-place.ts'

/** Largest leaf, in bytes. Sealed values do not count: they are in the payload. More than a tiled log could publish (65,535). */
export const LEAF_BYTES_MAX = 2_097_152
/** Bytes of one salt. */
export const SALT_BYTES = 16
/** The member of a leaf that maps the JSON Pointer of each sealed value to its digest, null for a masked one. */
const SEALED = 'sealed'
/** The member of a leaf that says its form: 2 binds which values were masked at writing; without it that is said beside the leaf only. */
const FORM = 'form'
const FORM_NOW = 2

/** A record as it is read back. */
export type LeafRecord = { readonly [key: string]: JsonValue }

/** What is kept of one sealed value: all of it, or, beside leaves of the first form, that it was masked. What was removed later has no entry. */
export type PayloadEntry = { readonly salt: string; readonly value: JsonValue } | { readonly masked: true }

/** What is stored beside a leaf, by JSON Pointer; salts in Base 64 URL. */
export type LeafPayload = { readonly [pointer: string]: PayloadEntry }

/** Why a record could not be sealed or opened; `pointer` is the sealed value it is about, empty for the whole leaf. */
export type LeafFault = {
  readonly code: 'leaf_too_large' | 'leaf_malformed' | 'payload_mismatch' | 'payload_unknown'
  readonly message: string
  readonly pointer: string
}

type Refusal = { readonly ok: false; readonly error: LeafFault }

/** A sealed record: the canonical bytes that enter the tree, and what is stored beside them. */
export type SealedRecord = { readonly ok: true; readonly leaf: Uint8Array; readonly payload: LeafPayload }

/** Which values leave a record: `sensitive` are kept beside the leaf, `masked` nowhere. JSON Pointers. */
export type SealedPointers = { readonly sensitive: readonly string[]; readonly masked: readonly string[] }

/**
 * Seals a record: each value that a pointer names leaves the record (null stands for it in an array), and `sealed[pointer]` holds
 * SHA-256(salt ‖ canonical value) instead, null for a masked one. Pointers to nothing, or into a value already sealed, are
 * skipped. Throws a TypeError for a pointer that is none or names the whole record, a record with a member `sealed` or `form`, or salts
 * that are not `SALT_BYTES` long, or anything that is not JSON: those are bugs of the configuration or the caller.
 */
export function sealRecord(
  record: { readonly [key: string]: unknown },
  { sensitive, masked }: SealedPointers,
  salts: () => Uint8Array,
): SealedRecord | Refusal {
  const taken = [SEALED, FORM].find((name) => Object.hasOwn(record, name))
  if (taken !== undefined) throw new TypeError(`A record must not have a member "${taken}"`)
  const sealed: Record<string, string | null> = {}
  const payload: Record<string, PayloadEntry> = {}
  const hidden = new Set(masked)
  let open = record as LeafRecord
  for (const pointer of [...new Set([...sensitive, ...masked])].sort()) {
    const path = parsePointer(pointer)
    if (path === undefined) throw new TypeError(`Not a JSON Pointer into a record: ${JSON.stringify(pointer)}`)
    const value = valueAt(open, path)
    if (value === undefined) continue
    if (hidden.has(pointer)) sealed[pointer] = null
    else {
      const salt = salts()
      if (salt.length !== SALT_BYTES) throw new TypeError(`A salt has ${SALT_BYTES} bytes, got ${salt.length}`)
      sealed[pointer] = digestOf(salt, value)
      payload[pointer] = { salt: Buffer.from(salt).toString('base64url'), value }
    }
    open = replaced(open, path, undefined) as LeafRecord
  }
  const leaf = Buffer.from(canonicalJson({ ...open, [FORM]: FORM_NOW, [SEALED]: sealed }))
  if (leaf.length <= LEAF_BYTES_MAX) return { ok: true, leaf, payload }
  const fix = 'name its large fields as sensitive, so that they are kept beside the leaf'
  return refuse(
    'leaf_too_large',
    `The record has ${leaf.length} bytes in its leaf, at most ${LEAF_BYTES_MAX} are accepted: ${fix}.`,
  )
}

/**
 * A record read back. `masked` were never stored, `removed` are not there any more, each in order; both are missing from the record
 * (null in an array). `state`: `erased` where something was removed. `bindsMasks`: the leaf itself says what was masked; where it
 * does not, it was made before masks were bound, and only what stands beside it says so.
 */
export type OpenedRecord = {
  readonly ok: true
  readonly record: LeafRecord
  readonly state: 'whole' | 'masked' | 'erased'
  readonly masked: readonly string[]
  readonly removed: readonly string[]
  readonly bindsMasks: boolean
}

/** Opens a leaf with what is stored beside it; a value or salt that does not have the digest in the leaf, and a mask that the leaf does not bind, is refused. */
export function openRecord(leaf: Uint8Array, payload: LeafPayload): OpenedRecord | Refusal {
  const parsed = parseLeaf(leaf)
  if (parsed === undefined)
    return refuse('leaf_malformed', 'The leaf is not the canonical JSON of a sealed record: it was changed.')
  const { sealed, bindsMasks } = parsed
  const unknown = Object.keys(payload).find((pointer) => typeof ownEntry(sealed, pointer) !== 'string')
  if (unknown !== undefined) return refuse('payload_unknown', 'The payload holds a value that the leaf did not seal.', unknown)
  let { record } = parsed
  const [masked, removed]: [string[], string[]] = [[], []]
  for (const [pointer, digest] of Object.entries(sealed)) {
    const entry = ownEntry(payload, pointer)
    if (digest === null || isMask(entry)) {
      if (digest !== null && bindsMasks)
        return refuse('payload_mismatch', 'The value is said to be masked, but the leaf sealed it: it was taken away.', pointer)
      masked.push(pointer)
    } else if (entry === undefined) removed.push(pointer)
    else {
      const restored = restore(record, { pointer, digest, entry })
      if ('error' in restored) return restored
      record = restored.record
    }
  }
  return { ok: true, record, state: stateOf(masked, removed), masked, removed, bindsMasks }
}

/** What stands beside a leaf is not trusted, not even that it is an entry. */
function isMask(entry: PayloadEntry | undefined): boolean {
  return isObject(entry) && Object.hasOwn(entry, 'masked')
}

type SealedValue = { readonly pointer: string; readonly digest: string; readonly entry: PayloadEntry }

function restore(record: LeafRecord, { pointer, digest, entry }: SealedValue): Refusal | { readonly record: LeafRecord } {
  const { salt, value }: { readonly salt?: unknown; readonly value?: JsonValue } = isObject(entry) ? (entry as LeafRecord) : {}
  const path = parsePointer(pointer)
  const restored = path === undefined ? undefined : replaced(record, path, value ?? null)
  if (restored === undefined) return refuse('leaf_malformed', 'The leaf seals a value at a place it does not have.', pointer)
  const isSealed = typeof salt === 'string' && value !== undefined && digestOf(Buffer.from(salt, 'base64url'), value) === digest
  return isSealed
    ? { record: restored as LeafRecord }
    : refuse('payload_mismatch', 'The value or its salt is not what the leaf sealed: it was changed.', pointer)
}

function stateOf(masked: readonly string[], removed: readonly string[]): OpenedRecord['state'] {
  if (removed.length > 0) return 'erased'
  return masked.length > 0 ? 'masked' : 'whole'
}

function ownEntry<Value>(entries: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined
}

function refuse(code: LeafFault['code'], message: string, pointer = ''): Refusal {
  return { ok: false, error: { code, message, pointer } }
}

/** Lower-case hex SHA-256(salt ‖ canonical value). */
function digestOf(salt: Uint8Array, value: JsonValue): string {
  return hash('sha256', Buffer.concat([salt, Buffer.from(canonicalJson(value))]), 'hex')
}

type ParsedLeaf = {
  readonly record: LeafRecord
  readonly sealed: Readonly<Record<string, string | null>>
  readonly bindsMasks: boolean
}

function parseLeaf(leaf: Uint8Array): ParsedLeaf | undefined {
  const text = Buffer.from(leaf).toString()
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
    if (canonicalJson(value) !== text) return undefined
  } catch {
    return undefined
  }
  const { [SEALED]: sealed, [FORM]: form, ...record } = isObject(value) ? value : {}
  const bindsMasks = form === FORM_NOW
  if (!isObject(sealed) || (form !== undefined && !bindsMasks)) return undefined
  const isWhole = Object.values(sealed).every((digest) => typeof digest === 'string' || (bindsMasks && digest === null))
  return isWhole ? { record, sealed: sealed as ParsedLeaf['sealed'], bindsMasks } : undefined
}

/** Steps of a JSON Pointer (RFC 6901); undefined when it is none, is the whole document, or has a step `__proto__`. */
function parsePointer(pointer: string): readonly string[] | undefined {
  if (!/^(?:\/(?:[^/~]|~[01])*)+$/.test(pointer)) return undefined
  const path = pointerSteps(pointer)
  return path.includes('__proto__') ? undefined : path
}

function isObject(value: JsonValue | undefined): value is LeafRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member or item of a container; undefined when there is none. */
function childOf(container: JsonValue | undefined, step: string): JsonValue | undefined {
  if (isObject(container)) return Object.hasOwn(container, step) ? container[step] : undefined
  return Array.isArray(container) && /^(?:0|[1-9]\d*)$/.test(step) ? (container as readonly JsonValue[])[Number(step)] : undefined
}

function valueAt(record: LeafRecord, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(childOf, record)
}

/**
 * A copy, as deep as the path, with the value at its end replaced; undefined takes it out of an object and leaves null in an
 * array. Undefined when the path does not lead there.
 */
function replaced(
  container: JsonValue | undefined,
  path: readonly string[],
  value: JsonValue | undefined,
): JsonValue | undefined {
  const [step, ...rest] = path as [string, ...string[]]
  const isLast = rest.length === 0
  const child = isLast ? value : replaced(childOf(container, step), rest, value)
  if (isObject(container)) {
    if (child !== undefined) return { ...container, [step]: child }
    return isLast ? Object.fromEntries(Object.entries(container).filter(([key]) => key !== step)) : undefined
  }
  if (childOf(container, step) === undefined || (child === undefined && !isLast)) return undefined
  return (container as readonly JsonValue[]).with(Number(step), child ?? null)
}
