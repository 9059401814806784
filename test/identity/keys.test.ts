import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, describe, expect, test, vi } from 'vitest'

import { createKeyCache } from '../../src/identity/key-cache.ts'
import { KEY_SET_BYTES_MAX, KEYS_MAX, readKeySet } from '../../src/identity/key-set.ts'
import { keysOfUrl } from '../../src/identity/load-keys.ts'
import { callerOf, issuer, keyOf, keyServer, open, serveHttp, sign } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'identity-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the keys of an issuer', () => {
  test('are fetched once for many tokens', async () => {
    const key = await keyOf('ES256')
    const server = await keyServer([key.jwk])
    const idp = await open({ issuers: [issuer(server.url)] })
    const token = await sign({}, key.secret)
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => idp.ask(token)))
    expect(verdicts.every(({ ok }) => ok)).toBe(true)
    expect(server.fetched).toBe(1)
  })

  test('are fetched again for a new key id, and a key that is gone is no longer accepted', async () => {
    const [first, second] = [await keyOf('ES256', 'one'), await keyOf('ES256', 'two')]
    const server = await keyServer([first.jwk])
    const idp = await open({ issuers: [issuer(server.url)] })
    expect(await idp.ask(await sign({}, first.secret, { kid: 'one' }))).toMatchObject({ ok: true })
    server.keys = [second.jwk]
    idp.clock.steadyMs += 30_000
    expect(await idp.ask(await sign({}, second.secret, { kid: 'two' }))).toMatchObject({ ok: true })
    expect(await idp.ask(await sign({}, first.secret, { kid: 'one' }))).toMatchObject({ ok: false, code: 'unauthenticated' })
    expect(server.fetched).toBe(2)
  })

  test('are not fetched for every invented key id', async () => {
    const key = await keyOf('ES256')
    const server = await keyServer([key.jwk])
    const idp = await open({ issuers: [issuer(server.url)] })
    for (let at = 0; at < 20; at += 1) {
      expect(await idp.ask(await sign({}, key.secret, { kid: `invented-${String(at)}` }))).toMatchObject({ ok: false })
    }
    expect(server.fetched).toBe(1)
    idp.clock.steadyMs += 30_000
    await Promise.all(
      Array.from({ length: 9 }, async (_, at) => idp.ask(await sign({}, key.secret, { kid: `more-${String(at)}` }))),
    )
    expect(server.fetched).toBe(2)
  })

  test('are refreshed beside the requests when they are old', async () => {
    const [first, second] = [await keyOf('ES256'), await keyOf('ES256')]
    const server = await keyServer([first.jwk])
    const idp = await open({ issuers: [issuer(server.url)] })
    await idp.ask(await sign({}, first.secret))
    server.keys = [second.jwk]
    idp.clock.steadyMs += 600_001
    await idp.ask(await sign({}, first.secret))
    await vi.waitFor(async () => expect(await idp.ask(await sign({}, second.secret))).toMatchObject({ ok: true }))
    expect(await idp.ask(await sign({}, first.secret))).toMatchObject({ ok: false })
    expect(server.fetched).toBe(2)
  })

  test('that cannot be fetched again are used until they are too old, and not a moment longer', async () => {
    const key = await keyOf('ES256')
    const server = await keyServer([key.jwk])
    const idp = await open({ issuers: [issuer(server.url, { jwks_stale_seconds_max: 3_600 })] })
    const token = await sign({}, key.secret)
    await idp.ask(token)
    server.status = 503
    idp.clock.steadyMs += 3_600_000
    expect(await idp.ask(token)).toMatchObject({ ok: true })
    await vi.waitFor(() => expect(idp.warnings).toEqual(['the keys of the issuer idp could not be fetched: the answer was 503']))
    idp.clock.steadyMs += 1
    expect(await idp.ask(token)).toEqual({
      ok: false,
      code: 'not_ready',
      message: 'The keys of the token’s issuer cannot be had at the moment.',
    })
    server.status = 200
    idp.clock.steadyMs += 30_000
    expect(await idp.ask(token)).toMatchObject({ ok: true })
  })

  test('do not keep anything from starting where they cannot be had', async () => {
    const idp = await open({ issuers: [issuer('http://127.0.0.1:9/jwks.json')] })
    const key = await keyOf('ES256')
    expect(await idp.ask(await sign({}, key.secret))).toMatchObject({ ok: false, code: 'not_ready' })
    expect(idp.warnings).toHaveLength(1)
  })

  test('come from a file too, which is read again', async () => {
    const [first, second] = [await keyOf('ES256', 'one'), await keyOf('ES256', 'two')]
    const file = join(folder, 'jwks.json')
    writeFileSync(file, JSON.stringify({ keys: [first.jwk] }))
    const idp = await open({ issuers: [{ ...issuer(''), jwks_url: undefined, jwks_file: file }] })
    expect(callerOf(await idp.ask(await sign({}, first.secret, { kid: 'one' }))).agent).toBe('support-agent')
    writeFileSync(file, JSON.stringify({ keys: [second.jwk] }))
    idp.clock.steadyMs += 30_000
    expect(await idp.ask(await sign({}, second.secret, { kid: 'two' }))).toMatchObject({ ok: true })
  })

  test.each([
    ['is not there', undefined],
    ['is no key set', '{"keys":{}}'],
    ['has a member twice', '{"keys":[],"keys":[]}'],
  ])('refuse the start where their file %s', async (_name, text) => {
    const file = join(folder, `bad-${String(text?.length)}.json`)
    if (text !== undefined) writeFileSync(file, text)
    await expect(open({ issuers: [{ ...issuer(''), jwks_url: undefined, jwks_file: file }] })).rejects.toMatchObject({
      code: 'bad_config',
      place: { file },
    })
  })
})

describe('a fetch', () => {
  test('follows no redirect, not even on the same host', async () => {
    const key = await keyOf('ES256')
    const keys = await keyServer([key.jwk])
    const elsewhere = await serveHttp((_request, response) => {
      response.writeHead(302, { location: keys.url }).end()
    })
    await expect(keysOfUrl(elsewhere)()).rejects.toThrow()
    expect(keys.fetched).toBe(0)
  })

  test('ends when the answer is too large, too late or too slow', async () => {
    const large = await serveHttp((_request, response) => response.end(`{"keys":[],"x":"${'x'.repeat(KEY_SET_BYTES_MAX)}"}`))
    await expect(keysOfUrl(large)()).rejects.toThrow(/the limit `identity\.key_set_bytes_max`/u)
    const late = await serveHttp(() => undefined)
    await expect(keysOfUrl(late, 50)()).rejects.toThrow()
    const slow = await serveHttp((_request, response) => void response.write('{'))
    await expect(keysOfUrl(slow, 50)()).rejects.toThrow()
  })

  test('of an answer without keys is an error', async () => {
    const empty = await serveHttp((_request, response) => response.end())
    await expect(keysOfUrl(empty)()).rejects.toThrow(/no key set/u)
  })
})

describe('a key set', () => {
  test('leaves out secrets, other uses, weak keys and kinds that nobody knows', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const good = await exportJWK(publicKey)
    const rsaOf = (bytes: number) => ({ kty: 'RSA', e: 'AQAB', n: Buffer.alloc(bytes, 255).toString('base64url') })
    const kept = [
      good,
      { ...good, use: 'sig' },
      { ...good, use: 'jwt-svid' },
      { ...good, key_ops: ['verify'] },
      rsaOf(256),
      rsaOf(1_024),
    ]
    const left = [
      { kty: 'oct', k: 'c2VjcmV0' },
      { ...good, use: 'enc' },
      { ...good, use: 'x509-svid' },
      { ...good, key_ops: ['sign'] },
      { ...good, kid: 7 },
      { ...good, crv: 'P-192' },
      { ...good, crv: 'secp256k1' },
      { ...good, kty: ['EC'] },
      { kty: 'toString' },
      rsaOf(255),
      rsaOf(1_025),
      { kty: 'RSA', e: 'AQAB' },
      null,
      'key',
    ]
    expect(readKeySet(JSON.stringify({ keys: kept }))).toHaveLength(kept.length)
    expect(readKeySet(JSON.stringify({ keys: left }))).toEqual([])
  })

  test('holds nothing of a private part that was published by mistake', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const [key] = readKeySet(JSON.stringify({ keys: [await exportJWK(privateKey)] })) ?? []
    expect((await key?.load('ES256'))?.type).toBe('public')
  })

  test('has no key where the numbers are none of its curve', async () => {
    const [key] = readKeySet('{"keys":[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}]}') ?? []
    expect(await key?.load('ES256')).toBeUndefined()
  })

  test('keeps a key to its own algorithm', () => {
    const modulus = Buffer.alloc(256, 255).toString('base64url')
    const [key] = readKeySet(JSON.stringify({ keys: [{ kty: 'RSA', e: 'AQAB', n: modulus, alg: 'PS256' }] })) ?? []
    expect([key?.fits('PS256'), key?.fits('RS256'), key?.fits('ES256')]).toEqual([true, false, false])
  })

  test.each([
    '',
    '[]',
    '{}',
    '{"keys":1}',
    JSON.stringify({ keys: Array(KEYS_MAX + 1).fill({}) }),
    ' '.repeat(KEY_SET_BYTES_MAX + 1),
  ])('number %# is none', (text) => {
    expect(readKeySet(text)).toBeUndefined()
  })

  test('with one key id twice is good for none of the two', async () => {
    const [first, second] = [await keyOf('ES256'), await keyOf('ES256')]
    const server = await keyServer([first.jwk, second.jwk])
    const idp = await open({ issuers: [issuer(server.url)] })
    expect(await idp.ask(await sign({}, first.secret))).toMatchObject({ ok: false })
  })
})

test('a failure of the source is told and passed on to nobody', async () => {
  const failures: unknown[] = []
  const times = { refreshMs: 1, cooldownMs: 1, staleMs: 1 }
  const cache = createKeyCache(() => Promise.reject(new Error('down')), times, {
    steadyMs: () => 0,
    onFailure: (cause) => failures.push(cause),
  })
  expect(await cache.refresh()).toBe(false)
  expect(await cache.find(undefined, 'ES256')).toBe('unavailable')
  expect(failures).toHaveLength(1)
})
