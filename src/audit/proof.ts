import { decodeBase64, encodeBase64 } from './base64.ts'
import { overLimit } from '../format/limit.ts'
import { type Checkpoint, type NoteReading, type NoteVerifier, openCheckpoint, refuseNote } from './note.ts'
import { HASH_BYTES } from './tree-shape.ts'
import { leafHash, verifyInclusion } from './tree.ts'

/** First line of a proof file. */
export const PROOF_HEADER = 'c2sp.org/tlog-proof@v1'
/** Most hashes of one inclusion proof. */
export const PROOF_HASHES_MAX = 63

const INDEX_LINE = /^index (0|[1-9]\d*)$/
const EXTRA_PREFIX = 'extra '

/** That an entry is in a log: its index, the inclusion proof, and the signed checkpoint, verbatim. */
export type LogProof = {
  readonly index: number
  readonly hashes: readonly Uint8Array[]
  readonly checkpoint: string
  /** Bytes that come along unauthenticated. */
  readonly extra?: Uint8Array
}

/** The text of a proof (c2sp.org/tlog-proof), to be kept in a file that ends in `.tlog-proof`. */
export function formatProof(proof: LogProof): string {
  const extra = proof.extra === undefined ? [] : [`${EXTRA_PREFIX}${encodeBase64(proof.extra)}`]
  return [PROOF_HEADER, ...extra, `index ${proof.index}`, ...proof.hashes.map(encodeBase64), '', proof.checkpoint].join('\n')
}

/** Reads the text of a proof; nothing in it is verified yet. */
export function parseProof(text: string): NoteReading<{ readonly proof: LogProof }> {
  const split = text.indexOf('\n\n')
  const [header, ...lines] = text.slice(0, Math.max(split, 0)).split('\n')
  if (header !== PROOF_HEADER) {
    return refuseNote('malformed_proof', `A proof starts with "${PROOF_HEADER}" and has an empty line before its checkpoint.`)
  }
  const extraLine = lines[0]?.startsWith(EXTRA_PREFIX) === true ? lines.shift() : undefined
  const extra = extraLine === undefined ? undefined : decodeBase64(extraLine.slice(EXTRA_PREFIX.length))
  if (extraLine !== undefined && extra === undefined)
    return refuseNote('malformed_proof', 'The extra line of the proof is not Base 64.')
  const index = Number(INDEX_LINE.exec(lines.shift() ?? '')?.[1])
  if (!Number.isSafeInteger(index)) return refuseNote('malformed_proof', 'The proof has no line "index N" with a decimal N.')
  const hashes = lines.map(decodeBase64).filter((each) => each?.length === HASH_BYTES) as Uint8Array[]
  if (lines.length > PROOF_HASHES_MAX) {
    const why = overLimit('The proof has', 'audit.proof_hashes_max', { max: PROOF_HASHES_MAX, came: lines.length })
    return refuseNote('malformed_proof', `${why}, so it is none.`)
  }
  if (hashes.length !== lines.length)
    return refuseNote('malformed_proof', 'The hashes of a proof stand one per line, each of 32 bytes in Base 64.')
  return { ok: true, proof: { index, hashes, checkpoint: text.slice(split + 2), ...(extra === undefined ? {} : { extra }) } }
}

/** What a proof is verified against. */
export type ProofExpectation = {
  /** The bytes of the leaf whose place in the log is claimed. */
  readonly entry: Uint8Array
  readonly verifiers: readonly NoteVerifier[]
  readonly origin: string
}

/** Verifies offline that the entry is in the log: the checkpoint's signature and origin, then the inclusion proof. */
export function verifyProof(
  text: string,
  expected: ProofExpectation,
): NoteReading<{ readonly index: number; readonly checkpoint: Checkpoint }> {
  const parsed = parseProof(text)
  if (!parsed.ok) return parsed
  const opened = openCheckpoint(parsed.proof.checkpoint, expected.verifiers, expected.origin)
  if (!opened.ok) return opened
  const { index, hashes } = parsed.proof
  const { checkpoint } = opened
  const claim = { index, size: checkpoint.size, leafHash: leafHash(expected.entry), root: checkpoint.root, proof: hashes }
  if (verifyInclusion(claim)) return { ok: true, index, checkpoint }
  return refuseNote(
    'bad_proof',
    `The entry is not leaf ${index} of the log with ${checkpoint.size} leaves: entry, index or proof was changed.`,
  )
}
