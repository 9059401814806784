import { describe, expect, it } from 'vitest'
import { generateNoteKey, noteSigner, noteVerifier, signCheckpoint } from '../../src/audit/note.ts'
import { formatProof, parseProof, PROOF_HASHES_MAX, PROOF_HEADER, verifyProof, type LogProof } from '../../src/audit/proof.ts'
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, inclusionProof, leafHash } from '../../src/audit/tree.ts'

const origin = 'log.example/audit'
const made = noteSigner(origin, generateNoteKey())
if (!made.ok) throw new Error(made.error.message)
const { signer } = made
const verified = noteVerifier(signer.vkey)
if (!verified.ok) throw new Error(verified.error.message)
const verifiers = [verified.verifier]

const entries = Array.from({ length: 11 }, (_, index) => Buffer.from(`{"n":${index}}`))
const nodes = new Map<string, Uint8Array>()
const frontier = appendLeaves(EMPTY_FRONTIER, entries.map(leafHash), (level, index, hash) => nodes.set(`${level}/${index}`, hash))
const checkpoint = signCheckpoint({ origin, size: entries.length, root: frontierRoot(frontier) }, signer)
const proofOf = (index: number): LogProof => ({
  index,
  hashes: inclusionProof(index, entries.length, (level, at) => nodes.get(`${level}/${at}`)!),
  checkpoint,
})

describe('a proof file', () => {
  it('proves every entry of the log offline, and no other', () => {
    for (const [index, entry] of entries.entries()) {
      const text = formatProof(proofOf(index))
      expect(verifyProof(text, { entry, verifiers, origin })).toMatchObject({ ok: true, index, checkpoint: { origin, size: 11 } })
      expect(verifyProof(text, { entry: Buffer.from('forged'), verifiers, origin })).toMatchObject({
        error: { code: 'bad_proof' },
      })
    }
  })

  it('has the lines of the specification, the checkpoint verbatim', () => {
    const proof = proofOf(3)
    const text = formatProof({ ...proof, extra: Buffer.from('hint') })
    const hashes = proof.hashes.map((hash) => Buffer.from(hash).toString('base64'))
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nextra aGludA==\nindex 3\n${hashes.join('\n')}\n\n${checkpoint}`)
    expect(parseProof(text)).toMatchObject({ ok: true, proof: { index: 3, checkpoint } })
    const read = parseProof(text)
    expect(read.ok && Buffer.from(read.proof.extra!).toString()).toBe('hint')
  })

  it('reads a proof without hashes, for the only leaf of a log', () => {
    const [entry] = entries
    const alone = signCheckpoint({ origin, size: 1, root: leafHash(entry!) }, signer)
    const text = formatProof({ index: 0, hashes: [], checkpoint: alone })
    expect(verifyProof(text, { entry: entry!, verifiers, origin })).toMatchObject({ ok: true, index: 0 })
  })

  it.each<[string, (text: string) => string]>([
    ['another header', (text) => text.replace('@v1', '@v2')],
    ['no checkpoint', () => `${PROOF_HEADER}\nindex 3\n`],
    ['no index', (text) => text.replace(/index 3\n/, '')],
    ['nothing but the header', (text) => text.replace(/index 3\n[^]*?\n\n/, '\n')],
    ['an index with a leading zero', (text) => text.replace('index 3', 'index 03')],
    ['an index beyond 2^53', (text) => text.replace('index 3', 'index 9007199254740993')],
    ['extra that is not Base 64', (text) => text.replace('index 3', 'extra ?\nindex 3')],
    ['a hash that is not Base 64', (text) => text.replace('index 3\n', 'index 3\n?\n')],
    ['a short hash', (text) => text.replace('index 3\n', 'index 3\nAAAA\n')],
    ['too many hashes', (text) => text.replace('index 3\n', `index 3\n${`${'A'.repeat(43)}=\n`.repeat(PROOF_HASHES_MAX)}`)],
  ])('is refused as malformed with %s', (_name, change) => {
    const result = verifyProof(change(formatProof(proofOf(3))), { entry: entries[3]!, verifiers, origin })
    expect(result).toMatchObject({ ok: false, error: { code: 'malformed_proof' } })
  })

  it('is refused when its checkpoint is not signed by a trusted key, or the place is another', () => {
    const text = formatProof(proofOf(3))
    expect(verifyProof(text, { entry: entries[3]!, verifiers: [], origin })).toMatchObject({ error: { code: 'unknown_key' } })
    expect(verifyProof(text, { entry: entries[3]!, verifiers, origin: 'other' })).toMatchObject({
      error: { code: 'wrong_origin' },
    })
    const moved = text.replace('index 3', 'index 2')
    expect(verifyProof(moved, { entry: entries[3]!, verifiers, origin })).toMatchObject({ error: { code: 'bad_proof' } })
  })
})
