import { randomBytes } from 'node:crypto'

import {
  LEAF_BYTES_MAX,
  leafBytesBound,
  type LeafFault,
  type LeafPayload,
  openRecord,
  SALT_BYTES,
  sealRecord,
} from '../audit/leaf.ts'
import type { LeafRecord } from '../audit/record-draft.ts'
import { isWithin } from '../audit/removal/removal.ts'
import { canonicalJson } from '../format/canonical-json.ts'
import { invariant, ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import { AuditRecord, EFFECTS_MAX } from '../ledger/record.ts'
import type { StoredRecord } from '../ledger/store.ts'

/** Records nested deeper than this are canonicalized on trial. */
const RECORD_DEPTH_SURE = 100
const EFFECTS = AuditRecord.shape.effects
const SALT_POOL_BYTES = 256 * SALT_BYTES
/** A pointer to a member of the body, or deeper. */
const BODY_POINTER = /^\/body(?:\/(?:[^/~]|~[01])*)+$/
/** A step of a pointer that no record has as a member. */
const PROTO_STEP = /\/__proto__(?:\/|$)/
const LONE_SURROGATE = /\\ud[89a-f]/

/** A sealed record: the leaf's bytes and what is stored beside them. */
export type SealedEntry = { readonly leaf: Uint8Array; readonly payload: LeafPayload }

/** Fresh random salts, taken from a pool because each call to the system costs more than a hash. */
export function saltSource(): () => Uint8Array {
  let pool = randomBytes(0)
  return () => {
    if (pool.length === 0) pool = randomBytes(SALT_POOL_BYTES)
    const salt = pool.subarray(0, SALT_BYTES)
    pool = pool.subarray(SALT_BYTES)
    return salt
  }
}

/**
 * The JSON text of a record that is going to be appended: every record of every store passes here before anything of it is applied. Throws a
 * TypeError for what has no canonical JSON, and a ServiceError `too_large` (its effects, or its leaf with the places of its masks) or
 * `bad_policy` (a mask that does not point into the body), so that nothing can fail once the record is applied.
 */
export function recordText(record: AuditRecord, sensitive: readonly string[], masked: readonly string[]): string {
  const wrong = masked.find((pointer) => !BODY_POINTER.test(pointer) || PROTO_STEP.test(pointer))
  if (wrong !== undefined) {
    const fix = 'let the mask rule name members of the body, as "/body/request/context/password"'
    throw new ServiceError('bad_policy', `The mask ${JSON.stringify(wrong)} does not point into a record's body`, { fix })
  }
  requireReadableEffects(record)
  invariant(isReadable(record), `record ${record.id} would not be read again: a member of its header is too long`)
  const text = JSON.stringify(record)
  if (LONE_SURROGATE.test(text) || depthOf(text) > RECORD_DEPTH_SURE) canonicalJson(JSON.parse(text))
  if (leafBytesBound(text, [...sensitive, ...masked]) > LEAF_BYTES_MAX)
    sealEntry(JSON.parse(text) as LeafRecord, sensitive, masked, () => new Uint8Array(SALT_BYTES))
  return text
}

/** The verifier reads effects strictly: a record with others could never be verified, nor the state be derived again. */
function requireReadableEffects({ id, effects }: AuditRecord): void {
  if (effects.length > EFFECTS_MAX) {
    const why = overLimit('The record has', 'audit.effects_max', { max: EFFECTS_MAX, came: effects.length })
    throw new ServiceError('too_large', why, { fix: 'ask for less at a time' })
  }
  const parsed = EFFECTS.safeParse(effects)
  const at = parsed.error?.issues[0]
  invariant(
    parsed.success,
    `record ${id} would not be read again: its effects at /${at?.path.join('/') ?? ''}: ${at?.message ?? ''}`,
  )
}

/** Whether the verifier will take the record's header; a log that holds another could never be verified. */
function isReadable({ id, tenant, actor, agent, user, action, outcome, decision_id }: AuditRecord): boolean {
  const within = (text: string | null, charsMax: number): boolean => text === null || text.length <= charsMax
  return (
    [id, decision_id, outcome].every((text) => within(text, 64)) &&
    [tenant, actor].every((text) => within(text, 128)) &&
    [agent, user, action].every((text) => within(text, 512))
  )
}

/** At least the nesting of a JSON text; brackets inside strings count too. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0]
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index) | 0x20 // "[" and "{", "]" and "}" differ in this bit only
    if (unit === 0x7b) deepest = Math.max(deepest, (depth += 1))
    else if (unit === 0x7d) depth -= 1
  }
  return deepest
}

/** Seals a record's sensitive members and drops the values of the masked ones. Throws a ServiceError `too_large`. */
export function sealEntry(
  record: LeafRecord,
  sensitive: readonly string[],
  masked: readonly string[],
  salts: () => Uint8Array,
): SealedEntry {
  const sealed = sealRecord(record, { sensitive, masked }, salts)
  if (sealed.ok) return sealed
  throw new ServiceError('too_large', sealed.error.message, { fix: 'send less: fewer or shorter names and values' })
}

/** Reads a record back from its leaf and payload. Throws a ServiceError `store_corrupt` when they do not fit together. */
export function openEntry(leafIndex: number, leaf: Uint8Array, payload: LeafPayload): StoredRecord {
  const opened = openRecord(leaf, payload)
  if (!opened.ok) throw corruptRecord(leafIndex, opened.error)
  return { leafIndex, record: opened.record as unknown as AuditRecord, state: opened.state }
}

function corruptRecord(leafIndex: number, fault: LeafFault): ServiceError {
  const place = fault.pointer === '' ? '' : ` at ${fault.pointer}`
  return new ServiceError('store_corrupt', `Record ${leafIndex}${place}: ${fault.message}`, {
    fix: 'run "gradus audit verify" to see all damage, then restore the data directory from a backup',
  })
}

/** The pointers of a payload that are one of these members or inside one of these, and still have a value. */
function erasablePointers(payload: LeafPayload, members: readonly string[]): readonly string[] {
  return Object.entries(payload)
    .filter(([pointer, entry]) => 'salt' in entry && isWithin(pointer, members))
    .map(([pointer]) => pointer)
}

/** Those of these members that still have values in a payload. */
export function erasableMembers(payload: LeafPayload, members: readonly string[]): readonly string[] {
  return members.filter((member) => erasablePointers(payload, [member]).length > 0)
}

/** The payload without the values of these members, and how many went. */
export function withoutValues(
  payload: LeafPayload,
  members: readonly string[],
): { readonly payload: LeafPayload; readonly values: number } {
  const gone = new Set(erasablePointers(payload, members))
  const kept = Object.entries(payload).filter(([pointer]) => !gone.has(pointer))
  return { payload: Object.fromEntries(kept), values: gone.size }
}
