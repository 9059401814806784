import { type KeyObject, verify } from 'node:crypto'

import { decodeBase64 } from './base64.ts'
import {
  keyIdOf,
  type NoteReading,
  NOTE_SIGNATURES_MAX,
  type NoteVerifier,
  parseSignature,
  PUBLIC_KEY_BYTES,
  publicKeyOf,
  refuseNote,
} from './note.ts'

/** Type byte of a timestamped Ed25519 cosignature (c2sp.org/tlog-cosignature). */
const COSIGNATURE = 0x04
const TIME_BYTES = 8
const SIGNATURE_BYTES = 64
const KEY = /^([^\p{White_Space}+]+)\+([0-9a-f]{8})\+(\S+)$/u

/** The key of a witness, under its name; what it signs has a time. */
export type WitnessKey = NoteVerifier

/** A verified cosignature: who signed, and when, in seconds since 1970 by the witness's clock. */
export type Cosignature = { readonly name: string; readonly atSeconds: number }

/** The key of a vkey, `name+hex key id+base64(0x04 ‖ public key)`. */
export function witnessKey(vkey: string): NoteReading<{ readonly key: WitnessKey }> {
  const [, name = '', keyId, encoded = ''] = KEY.exec(vkey.trim()) ?? []
  const bytes = decodeBase64(encoded)
  if (keyId === undefined || bytes?.length !== 1 + PUBLIC_KEY_BYTES || bytes[0] !== COSIGNATURE)
    return refuseNote(
      'malformed_key',
      'The key of a witness reads name+8 hex digits+Base 64 of the type byte 4 and 32 bytes: ask the witness for its verifier key.',
    )
  if (keyIdOf(name, bytes) !== keyId)
    return refuseNote('malformed_key', `The key of ${name} has another key id than ${keyId}: it was changed or mistyped.`)
  return { ok: true, key: { name, keyId, publicKey: publicKeyOf(bytes) } }
}

/**
 * The cosignatures of these witnesses over the text of a checkpoint, among signature lines. Lines of others are passed over; a line under
 * a known key that does not verify refuses them all, as in a signed note.
 */
export function cosignatures(
  text: string,
  lines: readonly string[],
  keys: readonly WitnessKey[],
): NoteReading<{ readonly found: readonly (Cosignature & { readonly line: string })[] }> {
  const found: (Cosignature & { readonly line: string })[] = []
  for (const line of lines.slice(0, NOTE_SIGNATURES_MAX)) {
    const signature = parseSignature(line)
    const key = keys.find(({ name, keyId }) => name === signature?.name && keyId === signature.keyId)
    if (signature === undefined || key === undefined) continue
    const atSeconds = timeOf(text, signature.bytes, key.publicKey)
    if (atSeconds === undefined)
      return refuseNote('bad_signature', `The cosignature of ${key.name} (${key.keyId}) does not fit the checkpoint.`)
    found.push({ name: key.name, atSeconds, line })
  }
  return { ok: true, found }
}

/** The time of a cosignature; undefined where it does not verify. Signed is the time in front of the checkpoint's text. */
function timeOf(text: string, blob: Uint8Array, publicKey: KeyObject): number | undefined {
  if (blob.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const atSeconds = Number(Buffer.from(blob).readBigUInt64BE())
  if (!Number.isSafeInteger(atSeconds)) return undefined
  const signed = Buffer.from(`cosignature/v1\ntime ${atSeconds}\n${text}`)
  return verify(null, signed, publicKey, blob.subarray(TIME_BYTES)) ? atSeconds : undefined
}
