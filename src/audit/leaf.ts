import { hash } from 'node:crypto'

import { canonicalJson } from '../format/canonical-json.ts'
import type { JsonValue } from '../format/json-value.ts'
import { overLimit } from '../format/limit.ts'
import { pointerSteps } from '../format/source-place.ts'

/** Largest leaf, in bytes. Sealed values do not count: they are in the payload. More than a tiled log could publish (65,535). */
export const LEAF_BYTES_MAX = 2_097_152
/** Bytes of one salt. */
export const SALT_BYTES = 16
/** The member of a leaf that maps the JSON Pointer of each sealed value to its digest; records must not use the name. */
const SEALED = 'sealed'
/** Bytes of `,"sealed":{}`. */
const SEALED_MEMBER_BYTES = 12
/** Bytes that a sealed value adds beside its pointer: colon, digest in quotes, comma, and the null that may stand for it. */
const SEALED_ENTRY_BYTES = 72

/** A record as it is read back. */
export type LeafRecord = { readonly [key: string]: JsonValue }

/** What is kept of one sealed value: all of it, or that it was masked. An erased one has no entry. */
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

/**
 * Seals a record: each value that a sensitive pointer names leaves the record (null stands for it in an array), and
 * `sealed[pointer]` holds SHA-256(salt ‖ canonical value) instead. What `masked` names leaves first, and neither it nor its salt is kept:
 * a value sealed around it is kept without it. Pointers to nothing, or into a value that left already, are
 * skipped. Throws a TypeError for a pointer that is none or names the whole record, a record with a `sealed` member, or salts
 * that are not `SALT_BYTES` long, or anything that is not JSON: those are bugs of the configuration or the caller.
 */
export function sealRecord(
  record: { readonly [key: string]: unknown },
  sensitivePointers: readonly string[],
  salts: () => Uint8Array,
  masked: readonly string[] = [],
): SealedRecord | Refusal {
  if (Object.hasOwn(record, SEALED)) throw new TypeError(`A record must not have a member "${SEALED}"`)
  const sealed: Record<string, string> = {}
  const payload: Record<string, PayloadEntry> = {}
  const draft = draftOf(record as LeafRecord)
  const take = (pointer: string, isMasked: boolean): void => {
    const path = parsePointer(pointer)
    if (path === undefined) throw new TypeError(`Not a JSON Pointer into a record: ${JSON.stringify(pointer)}`)
    const value = valueAt(draft.record, path)
    if (value === undefined) return
    const salt = salts()
    if (salt.length !== SALT_BYTES) throw new TypeError(`A salt has ${SALT_BYTES} bytes, got ${salt.length}`)
    sealed[pointer] = digestOf(salt, value)
    payload[pointer] = isMasked ? { masked: true } : { salt: Buffer.from(salt).toString('base64url'), value }
    draft.remove(path)
  }
  for (const pointer of [...new Set(masked)].sort()) take(pointer, true)
  for (const pointer of [...new Set(sensitivePointers)].sort()) take(pointer, false)
  const leaf = Buffer.from(canonicalJson({ ...draft.record, [SEALED]: sealed }))
  if (leaf.length <= LEAF_BYTES_MAX) return { ok: true, leaf, payload }
  const why = overLimit('The record has', 'audit.leaf_bytes_max', { max: LEAF_BYTES_MAX, came: leaf.length })
  return refuse('leaf_too_large', `${why}, name its large fields as sensitive, so that they are kept beside the leaf.`)
}

/** At most the bytes that a record with this JSON text has in its leaf when values at these pointers leave it: without sealing it. */
export function leafBytesBound(text: string, pointers: readonly string[]): number {
  const entries = pointers.reduce((sum, pointer) => sum + Buffer.byteLength(JSON.stringify(pointer)) + SEALED_ENTRY_BYTES, 0)
  return Buffer.byteLength(text) + entries + SEALED_MEMBER_BYTES
}

/**
 * A record read back. `whole`: every sealed value is there. `masked` or `erased`: some are not (`erased` when at least one is
 * erased), `pointers` names those in order, and they are missing from the record (null in an array).
 */
export type OpenedRecord = {
  readonly ok: true
  readonly record: LeafRecord
  readonly state: 'whole' | 'masked' | 'erased'
  readonly pointers: readonly string[]
}

/** Opens a leaf with what is stored beside it; a value or salt that does not have the digest in the leaf is refused. */
export function openRecord(leaf: Uint8Array, payload: LeafPayload): OpenedRecord | Refusal {
  const parsed = parseLeaf(leaf)
  if (parsed === undefined)
    return refuse('leaf_malformed', 'The leaf is not the canonical JSON of a sealed record: it was changed.')
  const unknown = Object.keys(payload).find((pointer) => !Object.hasOwn(parsed.sealed, pointer))
  if (unknown !== undefined) return refuse('payload_unknown', 'The payload holds a value that the leaf did not seal.', unknown)
  const draft = draftOf(parsed.record)
  const pointers: string[] = []
  let isErased = false
  for (const [pointer, digest] of Object.entries(parsed.sealed)) {
    const entry = Object.hasOwn(payload, pointer) ? payload[pointer] : undefined
    if (entry === undefined || 'masked' in entry) {
      pointers.push(pointer)
      isErased ||= entry === undefined
      continue
    }
    const path = parsePointer(pointer)
    if (path === undefined || !draft.put(path, entry.value))
      return refuse('leaf_malformed', 'The leaf seals a value at a place it does not have.', pointer)
    if (digestOf(Buffer.from(entry.salt, 'base64url'), entry.value) !== digest) {
      return refuse('payload_mismatch', 'The value or its salt is not what the leaf sealed: it was changed.', pointer)
    }
  }
  const state = isErased ? 'erased' : 'masked'
  return { ok: true, record: draft.record, state: pointers.length === 0 ? 'whole' : state, pointers }
}

function refuse(code: LeafFault['code'], message: string, pointer = ''): Refusal {
  return { ok: false, error: { code, message, pointer } }
}

/** Lower-case hex SHA-256(salt ‖ canonical value). */
function digestOf(salt: Uint8Array, value: JsonValue): string {
  return hash('sha256', Buffer.concat([salt, Buffer.from(canonicalJson(value))]), 'hex')
}

type ParsedLeaf = { readonly record: LeafRecord; readonly sealed: Readonly<Record<string, string>> }

function parseLeaf(leaf: Uint8Array): ParsedLeaf | undefined {
  const text = Buffer.from(leaf).toString()
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
    if (canonicalJson(value) !== text) return undefined
  } catch {
    return undefined
  }
  const { [SEALED]: sealed, ...record } = isObject(value) ? value : {}
  const isWhole = isObject(sealed) && Object.values(sealed).every((digest) => typeof digest === 'string')
  return isWhole ? { record, sealed: sealed as Readonly<Record<string, string>> } : undefined
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

type Container = Record<string, JsonValue> | JsonValue[]

/** A record that is changed place by place while what it was made from stays as it is: each container is copied once, when something in it changes. */
type Draft = {
  readonly record: LeafRecord
  /** Takes a value out of an object, and leaves null in an array. */
  readonly remove: (path: readonly string[]) => void
  /** Puts a value where the path leads; false where it does not lead anywhere. */
  readonly put: (path: readonly string[], value: JsonValue) => boolean
}

function draftOf(record: LeafRecord): Draft {
  const own = new Set<Container>()
  const copyOf = (container: Container): Container => {
    if (own.has(container)) return container
    const copy = Array.isArray(container) ? [...container] : { ...container }
    own.add(copy)
    return copy
  }
  const root = copyOf(record) as Record<string, JsonValue>
  const holderOf = (path: readonly string[]): Container | undefined => {
    let holder: Container = root
    for (const step of path.slice(0, -1)) {
      const child = childOf(holder, step)
      if (typeof child !== 'object' || child === null) return undefined
      const copy = copyOf(child as Container)
      set(holder, step, copy)
      holder = copy
    }
    return holder
  }
  return {
    record: root,
    remove: (path) => {
      const holder = holderOf(path)
      const last = path.at(-1) as string
      if (Array.isArray(holder)) set(holder, last, null)
      else if (holder !== undefined) Reflect.deleteProperty(holder, last)
    },
    put: (path, value) => {
      const holder = holderOf(path)
      const last = path.at(-1) as string
      if (holder === undefined || (Array.isArray(holder) && childOf(holder, last) === undefined)) return false
      set(holder, last, value)
      return true
    },
  }
}

function set(container: Container, step: string, value: JsonValue): void {
  ;(container as Record<string, JsonValue>)[step] = value
}
