import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { connectPlaces, connectWitnesses } from '../../src/witness/connect.ts'
import { postTo, writeInto } from '../../src/witness/post-checkpoint.ts'
import { cosigningKey, servers } from './hostile-witness.ts'

const serve = servers()
const folder = mkdtempSync(join(tmpdir(), 'gradus-places-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const text = 'gradus.local/audit\n12\nAAAA\n'
const checkpoint = { size: 12, text, note: `${text}\n— gradus.local/audit AAAA\n` }

describe('a folder that keeps checkpoints', () => {
  it('has one file a size, of its owner alone, that is never replaced', async () => {
    const kept = join(folder, 'kept')
    expect(await writeInto(kept, checkpoint)).toEqual({ kind: 'kept' })
    expect(readdirSync(kept)).toEqual(['0000000000000012.checkpoint'])
    const file = join(kept, '0000000000000012.checkpoint')
    expect([statSync(file).mode & 0o777, statSync(kept).mode & 0o777]).toEqual([0o600, 0o700])
    expect(await writeInto(kept, { ...checkpoint, note: `${checkpoint.note}— witness BBBB\n` })).toEqual({ kind: 'kept' })
    expect(readFileSync(file, 'utf8')).toBe(checkpoint.note)
    const other = text.replace('AAAA', 'BBBB')
    expect(await writeInto(kept, { ...checkpoint, text: other, note: `${other}\n— x\n` })).toEqual({ kind: 'differs' })
    expect(readFileSync(file, 'utf8')).toBe(checkpoint.note)
  })

  it('that cannot be written is a failure', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    expect(await writeInto(join(file, 'below'), checkpoint)).toEqual({ kind: 'failed', why: 'ENOTDIR' })
  })
})

describe('an endpoint that keeps checkpoints', () => {
  const at = (url: string, timeoutMs = 5_000) => ({ url, token: 'secret-token', timeoutMs })
  const deps = { fetch, signal: new AbortController().signal }

  it('gets the note as text, with its token', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response, body) => {
      seen.push([request.method, request.url, request.headers.authorization, request.headers['content-type'], body])
      response.writeHead(201).end('thanks')
    })
    expect(await postTo(at(`${url}/in`), checkpoint, deps)).toEqual({ kind: 'kept' })
    expect(seen).toEqual([['POST', '/in', 'Bearer secret-token', 'text/plain; charset=utf-8', checkpoint.note]])
  })

  it('is not followed elsewhere with the token, and not waited for', async () => {
    let led = 0
    const target = await serve((_request, response) => {
      led += 1
      response.end()
    })
    const away = await serve((_request, response) => response.writeHead(307, { location: target }).end())
    expect(await postTo(at(away), checkpoint, deps)).toEqual({ kind: 'failed', why: 'it answered 307' })
    expect(led).toBe(0)
    const silent = await serve(() => undefined)
    expect(await postTo(at(silent, 100), checkpoint, deps)).toEqual({ kind: 'failed', why: 'no answer within 100 ms' })
  })
})

describe('what the configuration names', () => {
  const sources = (env: Record<string, string> = {}) => ({ root: folder, env, warn: () => undefined })

  it('is connected with its keys and tokens, folders below the configuration', () => {
    const { vkey, name } = cosigningKey()
    const witness = { id: 'w', url: 'https://witness.example', key: vkey, timeout_ms: 100 }
    expect(connectWitnesses([witness])).toMatchObject([{ id: 'w', key: { name } }])
    const token = join(folder, 'token')
    writeFileSync(token, 'abc\n')
    chmodSync(token, 0o600)
    const places = [
      { id: 'a', folder: 'below' },
      { id: 'b', url: 'https://a.example', timeout_ms: 100, secret: { file: 'token' } },
      { id: 'c', url: 'https://a.example', timeout_ms: 100 },
    ]
    expect(connectPlaces(places, sources())).toMatchObject([
      { folder: join(folder, 'below') },
      { token: 'abc' },
      { token: undefined },
    ])
  })

  it.each([
    ['a key that is none', () => connectWitnesses([{ id: 'w', url: 'https://w.example', key: 'nonsense', timeout_ms: 100 }])],
    [
      'a token that is not there',
      () => connectPlaces([{ id: 'b', url: 'https://a.example', timeout_ms: 100, secret: { env: 'NO' } }], sources()),
    ],
    [
      'a token that fits no header',
      () =>
        connectPlaces(
          [{ id: 'b', url: 'https://a.example', timeout_ms: 100, secret: { env: 'T' } }],
          sources({ T: 'two words' }),
        ),
    ],
  ])('is refused at the start with %s', (_what, connect) => {
    expect(connect).toThrow(expect.objectContaining({ code: 'bad_config' }) as Error)
  })
})
