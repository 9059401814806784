import fc from 'fast-check'
import { Webhook as Verifier } from 'standardwebhooks'
import { expect, test } from 'vitest'

import { signature } from '../../src/webhooks/sign.ts'

const key = fc.uint8Array({ minLength: 24, maxLength: 64 })
const secretOf = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`
const atSeconds = (): number => Math.floor(Date.now() / 1_000)

function headers(id: string, at: number, signed: string): Record<string, string> {
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signed }
}

test('what is signed verifies with the library of the standard, with each of several keys', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), fc.jsonValue(), fc.uuid(), (keys, json, id) => {
      const at = atSeconds()
      const body = JSON.stringify({ json })
      const signed = signature({ id, atSeconds: at, body }, keys)
      for (const each of keys)
        expect(JSON.stringify(new Verifier(secretOf(each)).verify(body, headers(id, at, signed)))).toBe(body)
    }),
  )
})

test.each([
  ['another body', { body: '{"a":2}' }],
  ['another id', { id: 'evt_2' }],
  ['another time', { at: atSeconds() - 1 }],
  ['another key', { secret: secretOf(new Uint8Array(32).fill(2)) }],
])('%s does not verify', (_, changed) => {
  const sent = { id: 'evt_1', at: atSeconds(), body: '{"a":1}', secret: secretOf(new Uint8Array(32).fill(1)) }
  const signed = signature({ id: sent.id, atSeconds: sent.at, body: sent.body }, [new Uint8Array(32).fill(1)])
  const read = { ...sent, ...changed }
  expect(new Verifier(sent.secret).verify(sent.body, headers(sent.id, sent.at, signed))).toEqual({ a: 1 })
  expect(() => new Verifier(read.secret).verify(read.body, headers(read.id, read.at, signed))).toThrow(/No matching signature/u)
})
