import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { checkListen, parseListen } from '../../src/http/listen.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { fakeService, silence } from './support.ts'

const credentials = [{ id: 'c', token_sha256: createHash('sha256').update('t').digest('hex') }]
const tls = { certificate: 'c.pem', key: 'k.pem' }
const parse = (http: object, more: object = {}) => Config.parse({ http, ...more })

test.each([
  '',
  '127.0.0.1',
  ':8181',
  '127.0.0.1:65536',
  '127.0.0.1:x',
  '::1:8181',
  '[::1]',
  'a b:1',
  '[nonsense]:1',
  'http://x:1',
])('"%s" is not an address', (listen) => {
  expect(() => parseListen(listen)).toThrow(expect.objectContaining({ code: 'bad_config', place: { pointer: '/http/listen' } }))
})

test('an address has host and port, port 0 included', () => {
  expect(parseListen('[::1]:0')).toEqual({ host: '::1', port: 0, loopback: true })
  expect(parseListen('0.0.0.0:65535')).toEqual({ host: '0.0.0.0', port: 65_535, loopback: false })
})

describe('beyond loopback', () => {
  const listen = '0.0.0.0:0'
  test.each([
    ['credentials and TLS', parse({ listen }), /credentials.*empty.*http\.tls.*not set/u],
    ['TLS', parse({ listen }, { credentials }), /http\.tls/u],
    ['credentials', parse({ listen, tls }), /credentials/u],
  ])('listening without %s is refused with the reason', (_name, config, reason) => {
    expect(() => checkListen(config)).toThrow(reason)
  })

  test('with both it may listen, on loopback without either', () => {
    expect(checkListen(parse({ listen, tls }, { credentials })).loopback).toBe(false)
    expect(checkListen(parse({})).loopback).toBe(true)
  })

  test('issuers or client certificates are as good as credentials, and need TLS all the same', () => {
    expect(checkListen({ ...parse({ listen, tls }), hasIdentity: true }).loopback).toBe(false)
    expect(() => checkListen({ ...parse({ listen }), hasIdentity: true })).toThrow(/http\.tls.*not set/u)
    expect(() => checkListen({ ...parse({ listen, tls }), hasIdentity: false })).toThrow(/credentials/u)
  })
})

function serverOf(config: Config) {
  return createHttpServer({
    service: fakeService().service,
    config: config.http,
    credentials: config.credentials,
    entrypoints: [],
    metrics: createMetrics(),
    events: silence(),
    version: '0',
    log: () => undefined,
  })
}

test('a port in use is said, with what to do', async () => {
  const first = serverOf(parse({ listen: '127.0.0.1:0' }))
  const { url } = await first.listen()
  const second = serverOf(parse({ listen: new URL(url).host }))
  await expect(second.listen()).rejects.toMatchObject({ code: 'io', fix: expect.stringContaining('another port') })
  await first.close()
})

test('a certificate that cannot be read is said before anything listens', () => {
  expect(() => serverOf(parse({ listen: '127.0.0.1:0', tls }))).toThrow(/c\.pem cannot be read/u)
})

test('with TLS it answers over TLS, and beyond loopback only those with a credential', async () => {
  const folder = join(import.meta.dirname, 'tls')
  const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  const server = serverOf(parse({ listen: '0.0.0.0:0', tls: files }, { credentials }))
  const { port } = new URL((await server.listen()).url)
  const ask = (path: string, headers: Record<string, string> = {}): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, ca: readFileSync(files.certificate), agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end()
    })
  expect(await ask('/health')).toBe(200)
  expect(await ask('/v1/data/gradus/allow?input=1')).toBe(401)
  expect(await ask('/metrics')).toBe(401)
  expect(await ask('/metrics', { authorization: 'Bearer t' })).toBe(200)
  await server.close()
})
