import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto'

import { decodeBase64, encodeBase64 } from './base64.ts'
import { type LimitName, overLimit, type LimitCount } from '../format/limit.ts'
import { HASH_BYTES } from './tree-shape.ts'

/** Most signature lines of one note; the specification asks for at least 16. */
export const NOTE_SIGNATURES_MAX = 64
/** Largest note, in UTF-16 code units. */
const NOTE_CHARS_MAX = 262_144

const ED25519 = 0x01
const KEY_ID_BYTES = 4
/** Bytes of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32
const SIGNATURE_PREFIX = '— '
// The DER frame of a raw Ed25519 public key (RFC 8410, 4).
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const KEY_NAME = /^[^\p{White_Space}+]+$/u
const DECIMAL = /^(?:0|[1-9]\d*)$/
// Notes refuse control characters other than newline.
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/

/** Why a note, key, checkpoint or proof was refused. */
export type NoteFaultCode =
  | 'malformed_key'
  | 'malformed_note'
  | 'malformed_checkpoint'
  | 'malformed_proof'
  | 'unknown_key'
  | 'bad_signature'
  | 'bad_proof'
  | 'wrong_origin'

/** A refusal: the code, and a sentence that says what is wrong. */
export type NoteFault = { readonly code: NoteFaultCode; readonly message: string }

/** What reading or verifying answers. */
export type NoteReading<Value> = ({ readonly ok: true } & Value) | { readonly ok: false; readonly error: NoteFault }

/** A public key that a note may be signed with, under its name. */
export type NoteVerifier = { readonly name: string; readonly keyId: string; readonly publicKey: KeyObject }

/** A private key that signs notes; `vkey` is what verifiers are configured with. */
export type NoteSigner = { readonly name: string; readonly vkey: string; readonly keyId: string; readonly privateKey: KeyObject }

/** A refusal as a reading. */
export function refuseNote(code: NoteFaultCode, message: string): { readonly ok: false; readonly error: NoteFault } {
  return { ok: false, error: { code, message } }
}

/** A new Ed25519 private key as PKCS #8 PEM. */
export function generateNoteKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** The signer for a name and a PKCS #8 PEM; refused unless the name has neither white space nor plus and the key is Ed25519. */
export function noteSigner(name: string, privateKeyPem: string): NoteReading<{ readonly signer: NoteSigner }> {
  if (!KEY_NAME.test(name)) return refuseNote('malformed_key', 'A key name is not empty and holds neither white space nor "+".')
  try {
    const privateKey = createPrivateKey(privateKeyPem)
    if (privateKey.asymmetricKeyType !== 'ed25519') {
      return refuseNote('malformed_key', `The private key is ${String(privateKey.asymmetricKeyType)}: an Ed25519 key is needed.`)
    }
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
    const typedKey = Buffer.concat([Buffer.of(ED25519), spki.subarray(SPKI_PREFIX.length)])
    const keyId = keyIdOf(name, typedKey)
    const vkey = `${name}+${keyId}+${encodeBase64(typedKey)}`
    return { ok: true, signer: { name, vkey, keyId, privateKey } }
  } catch {
    return refuseNote('malformed_key', 'The private key is not a PKCS #8 PEM: it starts with "-----BEGIN PRIVATE KEY-----".')
  }
}

/** The verifier of a vkey, `name+hex key id+base64(0x01 ‖ public key)`. */
export function noteVerifier(vkey: string): NoteReading<{ readonly verifier: NoteVerifier }> {
  const [, name, keyId, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey.trim()) ?? []
  if (name === undefined || keyId === undefined || encoded === undefined || !KEY_NAME.test(name)) {
    return refuseNote('malformed_key', 'A verifier key reads name+8 hex digits+Base 64.')
  }
  const bytes = decodeBase64(encoded)
  if (bytes?.length !== 1 + PUBLIC_KEY_BYTES || bytes[0] !== ED25519) {
    return refuseNote('malformed_key', `The verifier key of ${name} is not an Ed25519 key (type byte 1 and 32 bytes in Base 64).`)
  }
  if (keyIdOf(name, bytes) !== keyId) {
    return refuseNote(
      'malformed_key',
      `The verifier key of ${name} has another key id than ${keyId}: it was changed or mistyped.`,
    )
  }
  return { ok: true, verifier: { name, keyId, publicKey: publicKeyOf(bytes) } }
}

/** The Ed25519 key of a type byte and 32 bytes. */
export function publicKeyOf(typedKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, typedKey.subarray(1)]), format: 'der', type: 'spki' })
}

/** Key id: the first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key), as hex. */
export function keyIdOf(name: string, typedKey: Uint8Array): string {
  const content = Buffer.concat([Buffer.from(`${name}\n`), typedKey])
  return hash('sha256', content, 'hex').slice(0, KEY_ID_BYTES * 2)
}

/** The signed note of a text, which must end in a newline and hold no control characters (a bug otherwise: throws). */
export function signNote(text: string, signers: readonly [NoteSigner, ...NoteSigner[]]): string {
  if (!text.endsWith('\n') || CONTROL.test(text) || !text.isWellFormed()) {
    throw new TypeError('The text of a note ends in a newline and holds no other control character')
  }
  const lines = signers.map(({ name, keyId, privateKey }) => {
    const signature = sign(null, Buffer.from(text), privateKey)
    return `${SIGNATURE_PREFIX}${name} ${encodeBase64(Buffer.concat([Buffer.from(keyId, 'hex'), signature]))}\n`
  })
  return `${text}\n${lines.join('')}`
}

/** The text of a note, and its signature lines; undefined where it cannot be one. Nothing is verified yet. */
export function splitNote(note: string): { readonly text: string; readonly lines: readonly string[] } | undefined {
  const split = note.lastIndexOf('\n\n')
  if (split === -1 || !note.endsWith('\n')) return undefined
  return { text: note.slice(0, split + 1), lines: note.slice(split + 2, -1).split('\n') }
}

/** An opened note: its text, and the names of the keys whose signatures were verified. */
export type OpenNote = { readonly text: string; readonly signedBy: readonly string[] }

/**
 * Opens a signed note (c2sp.org/signed-note). Signatures of unknown keys are ignored; one of a known key that does not verify
 * refuses the note, and so does the lack of any known one.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): NoteReading<OpenNote> {
  const refuse = (limit: LimitName, count: LimitCount): NoteReading<never> =>
    refuseNote('malformed_note', `${overLimit('The note has', limit, count)}, so it is none.`)
  if (note.length > NOTE_CHARS_MAX) return refuse('audit.note_chars_max', { max: NOTE_CHARS_MAX, came: note.length })
  const parts = splitNote(note)
  if (CONTROL.test(note) || !note.isWellFormed() || parts === undefined) {
    return refuseNote('malformed_note', 'A note is text, an empty line, and signature lines, each ended by a newline.')
  }
  const { text, lines } = parts
  if (lines.length > NOTE_SIGNATURES_MAX)
    return refuse('audit.note_signatures_max', { max: NOTE_SIGNATURES_MAX, came: lines.length })
  const signedBy: string[] = []
  for (const line of lines) {
    const signature = parseSignature(line)
    if (signature === undefined) return refuseNote('malformed_note', 'A signature line reads "— name Base 64".')
    const known = verifiers.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId)
    if (known === undefined) continue
    if (!verify(null, Buffer.from(text), known.publicKey, signature.bytes)) {
      return refuseNote(
        'bad_signature',
        `The signature of ${known.name} (${known.keyId}) does not fit the text: one of them was changed.`,
      )
    }
    signedBy.push(known.name)
  }
  return signedBy.length === 0
    ? refuseNote('unknown_key', 'No signature is by a known key: check which verifier keys are trusted.')
    : { ok: true, text, signedBy }
}

/** A signature line of a note: whose, under which key, and its bytes after the key id. */
export type Signature = { readonly name: string; readonly keyId: string; readonly bytes: Uint8Array }

/** Reads a signature line; undefined where it is none. Nothing is verified yet. */
export function parseSignature(line: string): Signature | undefined {
  const [name = '', encoded = '', ...more] = line.slice(SIGNATURE_PREFIX.length).split(' ')
  const blob = decodeBase64(encoded)
  const isWhole = line.startsWith(SIGNATURE_PREFIX) && more.length === 0 && KEY_NAME.test(name)
  if (!isWhole || blob === undefined || blob.length <= KEY_ID_BYTES) return undefined
  const keyId = Buffer.from(blob.subarray(0, KEY_ID_BYTES)).toString('hex')
  return { name, keyId, bytes: blob.subarray(KEY_ID_BYTES) }
}

/** A signed tree head: which log, how many leaves, the root over them (32 bytes). */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array }

/** The text of a checkpoint (c2sp.org/tlog-checkpoint), without extension lines; throws for one that cannot be written. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const text = `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`
  if (parseCheckpoint(text) === undefined)
    throw new TypeError('A checkpoint has an origin of one line, a size and a root of 32 bytes')
  return text
}

/** A checkpoint from its text; extension lines are accepted and ignored. Undefined when it is none. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', decimal = '', encoded = '', ...extensions] = text.endsWith('\n') ? text.slice(0, -1).split('\n') : []
  const root = decodeBase64(encoded)
  const size = DECIMAL.test(decimal) ? Number(decimal) : NaN
  if (origin === '' || !Number.isSafeInteger(size) || root?.length !== HASH_BYTES || extensions.includes('')) return undefined
  return { origin, size, root }
}

/** A checkpoint signed as a note. */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  return signNote(formatCheckpoint(checkpoint), [signer])
}

/** Opens a signed checkpoint of one log; signatures count only by the keys given. */
export function openCheckpoint(
  note: string,
  verifiers: readonly NoteVerifier[],
  origin: string,
): NoteReading<{ readonly checkpoint: Checkpoint; readonly signedBy: readonly string[] }> {
  const opened = openNote(note, verifiers)
  if (!opened.ok) return opened
  const checkpoint = parseCheckpoint(opened.text)
  if (checkpoint === undefined) {
    return refuseNote('malformed_checkpoint', 'A checkpoint has three lines: origin, decimal size, root of 32 bytes in Base 64.')
  }
  if (checkpoint.origin !== origin) {
    return refuseNote(
      'wrong_origin',
      `The checkpoint is of the log ${JSON.stringify(checkpoint.origin)}, not ${JSON.stringify(origin)}.`,
    )
  }
  return { ok: true, checkpoint, signedBy: opened.signedBy }
}
