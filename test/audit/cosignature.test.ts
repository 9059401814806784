import { describe, expect, it } from 'vitest'

import { cosignatures, witnessKey } from '../../src/audit/cosignature.ts'
import { cosign, cosigningKey } from '../witness/hostile-witness.ts'

const TEXT = 'gradus.local/audit\n7\nAAAA\n'
const KEY = cosigningKey()
const keyOf = (vkey: string) => {
  const read = witnessKey(vkey)
  if (!read.ok) throw new Error(read.error.message)
  return read.key
}

describe('the key of a witness', () => {
  it('is read with its name, and refused where it was changed or is of another kind', () => {
    expect(keyOf(` ${KEY.vkey}\n`)).toMatchObject({ name: KEY.name, keyId: KEY.keyId })
    const [name = '', id = '', bytes = ''] = KEY.vkey.split('+')
    const otherId = `${id.startsWith('0') ? '1' : '0'}${id.slice(1)}`
    for (const vkey of ['', 'x', `${name}+${id}`, `${name}+${otherId}+${bytes}`, `${name}2+${id}+${bytes}`, `${name}+${id}+AQ==`])
      expect(witnessKey(vkey)).toMatchObject({ ok: false, error: { code: 'malformed_key' } })
    // A key of a log (type 1) is none of a witness.
    const asLog = Buffer.from(bytes, 'base64')
    asLog[0] = 1
    expect(witnessKey(`${name}+${id}+${asLog.toString('base64')}`)).toMatchObject({ ok: false })
  })
})

describe('cosignatures', () => {
  it('are found among lines of others, each with its time', () => {
    const other = cosigningKey('witness.example/second')
    const lines = ['— gradus.local/audit AAAA', cosign(KEY, TEXT, 17), cosign(other, TEXT, 18), cosign(cosigningKey('x'), TEXT)]
    expect(cosignatures(TEXT, lines, [keyOf(KEY.vkey), keyOf(other.vkey)])).toMatchObject({
      ok: true,
      found: [
        { name: KEY.name, atSeconds: 17 },
        { name: other.name, atSeconds: 18 },
      ],
    })
  })

  it('under a known key that do not fit refuse all', () => {
    const forged = cosign(KEY, TEXT).replace(/.{4}$/u, 'AAA=')
    for (const [text, line] of [
      [`${TEXT}more\n`, cosign(KEY, TEXT)],
      [TEXT, forged],
      [TEXT, cosign(KEY, TEXT).slice(0, -40)],
    ] as const)
      expect(cosignatures(text, [line], [keyOf(KEY.vkey)])).toMatchObject({ ok: false, error: { code: 'bad_signature' } })
  })
})
