import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll } from 'vitest'

import { encodeBase64 } from '../../src/audit/base64.ts'

/** A key that cosigns, made here so that what it signs can be forged. */
export type CosigningKey = {
  readonly name: string
  readonly vkey: string
  readonly keyId: string
  readonly privateKey: KeyObject
}

/** A new key of a witness. */
export function cosigningKey(name = 'witness.example/forged'): CosigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const bytes = Buffer.concat([Buffer.of(4), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)])
  const keyId = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), bytes]), 'hex').slice(0, 8)
  return { name, keyId, privateKey, vkey: `${name}+${keyId}+${encodeBase64(bytes)}` }
}

/** The cosignature line of a key over the text of a checkpoint. */
export function cosign({ name, keyId, privateKey }: CosigningKey, text: string, atSeconds = 1_800_000_000): string {
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${atSeconds}\n${text}`), privateKey)
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(atSeconds))
  return `— ${name} ${encodeBase64(Buffer.concat([Buffer.from(keyId, 'hex'), time, signature]))}`
}

/** What a server that a test writes answers to a request with this body. */
export type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** Servers on free ports, ended after the file. */
export function servers(): (answering: Answering) => Promise<string> {
  const closes: (() => void)[] = []
  afterAll(() => {
    for (const close of closes) close()
  })
  return async (answering) => {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => answering(request, response, Buffer.concat(chunks).toString('utf8')))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    closes.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
}
