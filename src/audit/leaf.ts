import { hash } from 'node:crypto'

import { canonicalJson } from '../format/canonical-json.ts'
import type { JsonValue } from '../format/json-value.ts'
import { overLimit } from '../format/limit.ts'
import { pointerSteps } from '../format/source-place.ts'
import { type Draft, draftOf, isLeafObject, type LeafRecord, leafValueAt } from './record-draft.ts'

/** Largest leaf, in bytes. Sealed values do not count: they are in the payload. More than a tiled log could publish (65,535). */
export const LEAF_BYTES_MAX = 2_097_152
/** Bytes of one salt. */
export const SALT_BYTES = 16
/** The member of a leaf that maps the JSON Pointer of each sealed value to its digest, null for a masked one. */
const SEALED = 'sealed'
/** The member of a leaf that says its form: 2 binds which values were masked at writing; without it that is said beside the leaf only. */
const FORM = 'form'
const FORM_NOW = 2
/** Bytes of `"form":2,"sealed":{},`. */
const OWN_MEMBERS_BYTES = 21
/** Bytes that a sealed value adds beside its pointer: colon, digest in quotes, comma, and the null that may stand for it. */
const SEALED_ENTRY_BYTES = 72

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
 * Seals a record: each value that a sensitive pointer names leaves the record (null stands for it in an array), and
 * `sealed[pointer]` holds SHA-256(salt ‖ canonical value) instead. What `masked` names leaves first and is kept nowhere, null stands for its
 * digest: a value sealed around it is kept without it. Pointers to nothing, or into a value that left already, are
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
  const draft = draftOf(record as LeafRecord)
  const take = (pointer: string, keep: (value: JsonValue) => string | null): void => {
    const path = parsePointer(pointer)
    if (path === undefined) throw new TypeError(`Not a JSON Pointer into a record: ${JSON.stringify(pointer)}`)
    const value = leafValueAt(draft.record, path)
    if (value === undefined) return
    sealed[pointer] = keep(value)
    draft.remove(path)
  }
  for (const pointer of [...new Set(masked)].sort()) take(pointer, () => null)
  for (const pointer of [...new Set(sensitive)].sort())
    take(pointer, (value) => {
      const salt = salts()
      if (salt.length !== SALT_BYTES) throw new TypeError(`A salt has ${SALT_BYTES} bytes, got ${salt.length}`)
      payload[pointer] = { salt: Buffer.from(salt).toString('base64url'), value }
      return digestOf(salt, value)
    })
  const leaf = Buffer.from(canonicalJson({ ...draft.record, [FORM]: FORM_NOW, [SEALED]: sealed }))
  if (leaf.length <= LEAF_BYTES_MAX) return { ok: true, leaf, payload }
  const why = overLimit('The record has', 'audit.leaf_bytes_max', { max: LEAF_BYTES_MAX, came: leaf.length })
  return refuse('leaf_too_large', `${why}, name its large fields as sensitive, so that they are kept beside the leaf.`)
}

/** At most the bytes that a record with this JSON text has in its leaf when values at these pointers leave it: without sealing it. */
export function leafBytesBound(text: string, pointers: readonly string[]): number {
  const entries = pointers.reduce((sum, pointer) => sum + Buffer.byteLength(JSON.stringify(pointer)) + SEALED_ENTRY_BYTES, 0)
  return Buffer.byteLength(text) + entries + OWN_MEMBERS_BYTES
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
  const draft = draftOf(parsed.record)
  const [masked, removed]: [string[], string[]] = [[], []]
  for (const [pointer, digest] of Object.entries(sealed)) {
    const entry = ownEntry(payload, pointer)
    if (digest === null || isMask(entry)) {
      if (digest !== null && bindsMasks)
        return refuse('payload_mismatch', 'The value is said to be masked, but the leaf sealed it: it was taken away.', pointer)
      masked.push(pointer)
    } else if (entry === undefined) removed.push(pointer)
    else {
      const fault = restore(draft, { pointer, digest, entry })
      if (fault !== undefined) return fault
    }
  }
  return { ok: true, record: draft.record, state: stateOf(masked, removed), masked, removed, bindsMasks }
}

/** What stands beside a leaf is not trusted, not even that it is an entry. */
function isMask(entry: PayloadEntry | undefined): boolean {
  return isLeafObject(entry) && Object.hasOwn(entry, 'masked')
}

type SealedValue = { readonly pointer: string; readonly digest: string; readonly entry: PayloadEntry }

function restore(draft: Draft, { pointer, digest, entry }: SealedValue): Refusal | undefined {
  const { salt, value }: { readonly salt?: unknown; readonly value?: JsonValue } = isLeafObject(entry)
    ? (entry as LeafRecord)
    : {}
  const path = parsePointer(pointer)
  if (path === undefined || !draft.put(path, value ?? null))
    return refuse('leaf_malformed', 'The leaf seals a value at a place it does not have.', pointer)
  const isSealed = typeof salt === 'string' && value !== undefined && digestOf(Buffer.from(salt, 'base64url'), value) === digest
  return isSealed
    ? undefined
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
  const { [SEALED]: sealed, [FORM]: form, ...record } = isLeafObject(value) ? value : {}
  const bindsMasks = form === FORM_NOW
  if (!isLeafObject(sealed) || (form !== undefined && !bindsMasks)) return undefined
  const isWhole = Object.values(sealed).every((digest) => typeof digest === 'string' || (bindsMasks && digest === null))
  return isWhole ? { record, sealed: sealed as ParsedLeaf['sealed'], bindsMasks } : undefined
}

/** Steps of a JSON Pointer (RFC 6901); undefined when it is none, is the whole document, or has a step `__proto__`. */
function parsePointer(pointer: string): readonly string[] | undefined {
  if (!/^(?:\/(?:[^/~]|~[01])*)+$/.test(pointer)) return undefined
  const path = pointerSteps(pointer)
  return path.includes('__proto__') ? undefined : path
}
