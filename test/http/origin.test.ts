import { describe, expect, test } from 'vitest'

import { bearer, raw, REQUEST, start } from './support.ts'

type Headers = Readonly<Record<string, string>>

/** Sends a request with exactly these headers, as a page in a browser could make it; answers its status line and text. */
async function send(url: string, target: string, headers: Headers, body?: unknown): Promise<{ status: number; text: string }> {
  const { host } = new URL(url)
  const text = body === undefined ? '' : JSON.stringify(body)
  const all = { Host: host, 'Content-Length': String(text.length), Connection: 'close', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const answer = await raw(url, [`${body === undefined ? 'GET' : 'POST'} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${text}`])
  return { status: Number(answer.slice(9, 12)), text: answer.slice(answer.indexOf('\r\n\r\n') + 4) }
}

const json = { 'Content-Type': 'application/json' }
const plain = { 'Content-Type': 'text/plain' }
const native = '/api/v1/decisions'
const opa = '/v1/data/gradus/allow'
const authzen = '/access/v1/evaluation'
const PATHS: readonly (readonly [string, Headers, unknown])[] = [
  [native, json, REQUEST],
  [opa, plain, { input: REQUEST }],
  ['/v0/data/gradus/allow', plain, REQUEST],
  [authzen, json, REQUEST],
]

const FOREIGN: readonly (readonly [string, Headers])[] = [
  ['of another site', { Origin: 'https://evil.example' }],
  ['of another port', { Origin: 'http://127.0.0.1:1' }],
  ['that is opaque', { Origin: 'null' }],
  ['that is no origin', { Origin: '' }],
]

describe('without a credential', () => {
  describe.each(PATHS)('%s', (path, type, body) => {
    test.each([...FOREIGN, ['that only its metadata tell of', { 'Sec-Fetch-Site': 'cross-site' }] as const])(
      'refuses a page %s, and nobody is asked',
      async (_name, headers) => {
        const { url, calls } = await start()
        const { status, text } = await send(url, path, { ...type, ...headers }, body)
        expect([status, calls]).toEqual([403, []])
        expect(text).toContain('another origin')
      },
    )

    test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '10.0.0.1', '[fe80::1]:80', '@127.0.0.1'])(
      'refuses the Host %s, because a name that is rebound looks like this',
      async (host) => {
        const { url, calls } = await start()
        const { status, text } = await send(url, path, { ...type, Host: host }, body)
        expect([status, calls]).toEqual([403, []])
        expect(text).toMatch(/Host/u)
      },
    )

    test.each(['localhost', 'LOCALHOST:99', '127.0.0.1', '127.1.2.3:8181', '[::1]:8181', '[::1]'])(
      'serves the Host %s',
      async (host) => {
        const { url } = await start()
        expect((await send(url, path, { ...type, Host: host }, body)).status).toBe(200)
      },
    )

    test('serves a page of its own, and tools that send no origin', async () => {
      const { url } = await start()
      for (const headers of [{ Origin: url, 'Sec-Fetch-Site': 'same-origin' }, { 'Sec-Fetch-Site': 'none' }, {}]) {
        expect((await send(url, path, { ...type, ...headers }, body)).status).toBe(200)
      }
    })

    test('serves what comes through the proxy of the public URL', async () => {
      const { url } = await start({ config: { public_url: 'https://pdp.example/one' } })
      const through = { ...type, Host: 'pdp.example', Origin: 'https://pdp.example' }
      expect((await send(url, path, through, body)).status).toBe(200)
      expect((await send(url, path, { ...through, Origin: 'http://pdp.example' }, body)).status).toBe(403)
      expect((await send(url, path, { ...through, Host: 'pdp.example:1' }, body)).status).toBe(403)
    })
  })

  test('refuses in the form of each protocol', async () => {
    const { url } = await start()
    const of = async (path: string, type: Headers): Promise<string> =>
      (await send(url, path, { ...type, Origin: 'https://evil.example' }, REQUEST)).text
    expect(JSON.parse(await of(native, json))).toMatchObject({
      code: 'forbidden',
      status: 403,
      fix: expect.any(String) as string,
    })
    expect(JSON.parse(await of(opa, plain))).toMatchObject({ code: 'unauthorized', message: expect.any(String) as string })
    expect(await of(authzen, json)).toMatch(/^This request comes from a page of another origin/u)
  })

  test('refuses a page that asks with GET and the input in the query', async () => {
    const { url, calls } = await start()
    const target = `${opa}?input=${encodeURIComponent(JSON.stringify(REQUEST))}`
    expect((await send(url, target, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect(calls).toEqual([])
    expect((await send(url, target, {})).status).toBe(200)
  })

  test('serves what is public to every host and page', async () => {
    const { url } = await start()
    for (const path of ['/health', '/api/v1/openapi.json', '/.well-known/authzen-configuration'])
      expect((await send(url, path, { Host: 'pod.internal', Origin: 'https://other.example' })).status).toBe(200)
  })
})

describe('with a credential', () => {
  test('hosts and origins are the affair of who has it', async () => {
    const { url, calls } = await start()
    const { authorization } = bearer('enforcement_point')
    const headers = { ...json, Authorization: authorization, Host: 'pdp.internal', Origin: 'https://console.example' }
    expect((await send(url, native, headers, REQUEST)).status).toBe(200)
    expect(calls).toHaveLength(1)
  })
})
