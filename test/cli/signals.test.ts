import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import type { CliDeps } from '../../src/cli/support/deps.ts'
import { START_MS, testService } from '../support/test-service.ts'
import { folder, run } from './harness.ts'

const files = folder()
afterAll(files.remove)
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const importKeys = [{ id: 'history', public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString() }]
const text = `${JSON.stringify({
  agent: 'coding-agent',
  scope: 'source_control:full',
  layer: 'outcome',
  polarity: 'positive',
  event_time: new Date(START_MS).toISOString(),
})}\n`
const file = files.write('history.jsonl', text)
const signature = sign(null, Buffer.from(text), privateKey)
files.write('history.jsonl.sig', signature.toString('base64'))
const data = ['--data-dir', files.path]

async function local(): Promise<Partial<CliDeps>> {
  const { service } = await testService({ importKeys })
  return { openService: () => Promise.resolve({ ...service, close: () => Promise.resolve() }) }
}

describe('gradus trust import', () => {
  it('takes a signed history where no server runs, once', async () => {
    const deps = await local()
    const first = await run(['trust', 'import', file, '--as', 'ada', ...data], deps)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain('imported: 1 lines, signed by history')
    expect((await run(['trust', 'import', file, '--as', 'ada', ...data], deps)).out).toContain('taken before, and not again')
  })

  it('hands the bytes and the signature to the server as they are', async () => {
    let sent: RequestInit | undefined
    const fetch = ((_url: string, init?: RequestInit) => {
      sent = init
      return Promise.resolve(
        new Response('{"type":"x","title":"t","status":403,"detail":"no","code":"forbidden"}', { status: 403 }),
      )
    }) as typeof globalThis.fetch
    const ran = await run(['trust', 'import', file, '--server', 'http://x', ...data], { fetch })
    expect(ran).toMatchObject({ code: 4, out: '' })
    expect(Buffer.from(sent?.body as Uint8Array)).toEqual(readFileSync(join(files.path, 'history.jsonl')))
    expect(sent?.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'gradus-signature': signature.toString('base64'),
    })
  })

  it.each([
    ['a file that is not there', ['nothing.jsonl'], 3, 'there is no such file'],
    ['a folder', [files.path, '--signature', file], 7, 'cannot be read'],
    ['a signature that is none', [file, '--signature', file], 1, 'a signature has 64 bytes'],
    [
      'the signature of another file',
      [files.write('other.jsonl', '{}'), '--signature', `${file}.sig`],
      1,
      'signature is of none',
    ],
    ['nobody who answers for it', [file, '--as', ''], 64, 'answered for by a person'],
    ['a name that nobody can have', [file, '--as', 'a\u200bb'], 64, 'cannot name anybody'],
  ])('refuses %s', async (_what, argv, code, message) => {
    const ran = await run(['trust', 'import', ...argv, ...(argv.includes('--as') ? [] : ['--as', 'ada']), ...data], await local())
    expect(ran).toMatchObject({ code, out: '' })
    expect(ran.err).toContain(message)
  })
})
