import fc from 'fast-check'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  formatCheckpoint,
  generateNoteKey,
  NOTE_SIGNATURES_MAX,
  noteSigner,
  noteVerifier,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  signCheckpoint,
  signNote,
  type NoteSigner,
  type NoteVerifier,
} from '../../src/audit/note.ts'

/** The example of golang.org/x/mod/sumdb/note: key, text and the one signature Ed25519 has for them. */
const PETER = {
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  seed: Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1),
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

function pemOf(seed: Uint8Array): string {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString()
}

function signerOf(name: string, pem = generateNoteKey()): NoteSigner {
  const made = noteSigner(name, pem)
  if (!made.ok) throw new Error(made.error.message)
  return made.signer
}

function verifierOf(vkey: string): NoteVerifier {
  const made = noteVerifier(vkey)
  if (!made.ok) throw new Error(made.error.message)
  return made.verifier
}

const log = signerOf('log.example/audit')
const known = [verifierOf(log.vkey)]
const root = new Uint8Array(32).fill(7)
const checkpoint = { origin: log.name, size: 42, root }

describe('a signed note', () => {
  it('is byte for byte the published example', () => {
    const peter = signerOf('PeterNeumann', pemOf(PETER.seed))
    expect(peter.vkey).toBe(PETER.vkey)
    expect(signNote(PETER.text, [peter])).toBe(`${PETER.text}\n${PETER.line}`)
    expect(openNote(`${PETER.text}\n${PETER.line}`, [verifierOf(PETER.vkey)])).toEqual({
      ok: true,
      text: PETER.text,
      signedBy: ['PeterNeumann'],
    })
  })

  it('opens to the text that was signed, and no changed byte goes unnoticed', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/\p{Cc}/u.test(text))
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.nat(), (lines, at) => {
        const text = `${lines.join('\n')}\n`
        const note = signNote(text, [log])
        expect(openNote(note, known)).toEqual({ ok: true, text, signedBy: [log.name] })
        const place = at % text.length
        const changed = text.slice(0, place) + (text[place] === 'x' ? 'y' : 'x') + text.slice(place + 1)
        expect(openNote(changed + note.slice(text.length), known).ok).toBe(false)
      }),
    )
  })

  it('ignores signatures of unknown keys, also under a known name, and names those that verified', () => {
    const witness = signerOf('witness.example')
    const impostor = signerOf(log.name)
    const note = signNote('hello\n', [impostor, witness, log])
    expect(openNote(note, known)).toEqual({ ok: true, text: 'hello\n', signedBy: [log.name] })
    expect(openNote(note, [...known, verifierOf(witness.vkey)])).toMatchObject({ signedBy: [witness.name, log.name] })
    expect(openNote(signNote('hello\n', [impostor]), known)).toMatchObject({ ok: false, error: { code: 'unknown_key' } })
    expect(openNote(note, [])).toMatchObject({ ok: false, error: { code: 'unknown_key' } })
  })

  it('refuses the whole note when one known signature does not verify', () => {
    const witness = signerOf('witness.example')
    const lines = signNote('other\n', [witness]).split('\n\n')[1]!
    const error = openNote(signNote('hello\n', [log]) + lines, [...known, verifierOf(witness.vkey)])
    expect(error).toMatchObject({ ok: false, error: { code: 'bad_signature' } })
  })

  it.each<[string, (note: string) => string]>([
    ['no signatures', () => 'hello\n'],
    ['no last newline', (note) => note.slice(0, -1)],
    ['a control character', (note) => note.replace('hello', 'hel\tlo')],
    ['a carriage return', (note) => note.replaceAll('\n', '\r\n')],
    ['a lone surrogate', (note) => note.replace('hello', 'hel\ud800lo')],
    ['a hyphen for the dash', (note) => note.replace('—', '-')],
    ['a signature that is not Base 64', (note) => note.replace(/ \S+\n$/, ' !!!!\n')],
    ['a signature that is too short', (note) => note.replace(/ \S+\n$/, ' AAAAAA==\n')],
    ['a signature line with a fourth word', (note) => note.replace(/\n$/, ' more\n')],
    ['a signature line without a name', (note) => note.replace(log.name, '')],
    ['a key name with a plus', (note) => note.replace(log.name, 'a+b')],
    ['an empty signature line at the end', (note) => `${note}\n`],
    ['too many signatures', (note) => note + note.split('\n\n')[1]!.repeat(NOTE_SIGNATURES_MAX)],
    ['too many characters', (note) => 'x'.repeat(262_144) + note],
  ])('is refused as malformed with %s', (_name, change) => {
    expect(openNote(change(signNote('hello\n', [log])), known)).toMatchObject({ ok: false, error: { code: 'malformed_note' } })
  })

  it('is not made from a text that could not be opened', () => {
    for (const text of ['no newline', 'tab\t\n', '\ud800\n']) expect(() => signNote(text, [log])).toThrow(TypeError)
  })
})

describe('keys of notes', () => {
  it('are fresh each time and survive their PEM', () => {
    const pem = generateNoteKey()
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----/)
    expect(signerOf('a', pem).vkey).toBe(signerOf('a', pem).vkey)
    expect(signerOf('a').vkey).not.toBe(signerOf('a').vkey)
    expect(verifierOf(` ${PETER.vkey}\n`).keyId).toBe('c74f20a3')
  })

  it('are refused when they are not Ed25519, not PEM, or badly named', () => {
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(noteSigner('a', rsa)).toMatchObject({
      error: { code: 'malformed_key', message: 'The private key is ec: an Ed25519 key is needed.' },
    })
    expect(noteSigner('a', 'nonsense')).toMatchObject({ error: { code: 'malformed_key' } })
    for (const name of ['', 'a b', 'a+b', 'a\u00a0b'])
      expect(noteSigner(name, generateNoteKey())).toMatchObject({ error: { code: 'malformed_key' } })
  })

  it.each([
    ['nothing', ''],
    ['two parts', 'PeterNeumann+c74f20a3'],
    ['a name with a space', 'Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['another name', 'PaulNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['another key id', 'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['another key type', 'PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['a short key', 'PeterNeumann+c74f20a3+ARpc2Qc='],
    ['no Base 64', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW'],
  ])('are refused as verifiers with %s', (_name, vkey) => {
    expect(noteVerifier(vkey)).toMatchObject({ ok: false, error: { code: 'malformed_key' } })
  })
})

describe('a checkpoint', () => {
  it('reads and writes the example of the specification', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
    const read = parseCheckpoint(text)!
    expect(read).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
    expect(formatCheckpoint(read)).toBe(text)
    expect(parseCheckpoint(`${text}an extension\n`)).toEqual(read)
  })

  it('round-trips signed, for its own log only', () => {
    const note = signCheckpoint(checkpoint, log)
    const opened = openCheckpoint(note, known, log.name)
    expect(opened).toMatchObject({ ok: true, signedBy: [log.name], checkpoint: { origin: log.name, size: 42 } })
    expect(opened.ok && Buffer.from(opened.checkpoint.root).equals(root)).toBe(true)
    expect(openCheckpoint(note, known, 'other.example')).toMatchObject({ ok: false, error: { code: 'wrong_origin' } })
    expect(openCheckpoint(note.replace('\n42\n', '\n43\n'), known, log.name)).toMatchObject({ error: { code: 'bad_signature' } })
    expect(openCheckpoint(signNote('hello\n', [log]), known, log.name)).toMatchObject({ error: { code: 'malformed_checkpoint' } })
  })

  it.each([
    ['no last newline', `o\n1\n${Buffer.from(root).toString('base64')}`],
    ['no origin', `\n1\n${Buffer.from(root).toString('base64')}\n`],
    ['a leading zero', `o\n01\n${Buffer.from(root).toString('base64')}\n`],
    ['a sign', `o\n+1\n${Buffer.from(root).toString('base64')}\n`],
    ['a size beyond 2^53', `o\n9007199254740992\n${Buffer.from(root).toString('base64')}\n`],
    ['a short root', 'o\n1\nAAAA\n'],
    ['two lines', 'o\n1\n'],
    ['an empty extension line', `o\n1\n${Buffer.from(root).toString('base64')}\n\n`],
  ])('is none with %s', (_name, text) => {
    expect(parseCheckpoint(text)).toBeUndefined()
  })

  it('is not written when it could not be read', () => {
    for (const part of [{ origin: '' }, { origin: 'a\nb' }, { size: -1 }, { size: 0.5 }, { root: new Uint8Array(31) }]) {
      expect(() => formatCheckpoint({ ...checkpoint, ...part })).toThrow(TypeError)
    }
  })
})
