import { setTimeout as sleep } from 'node:timers/promises'

import { describe, expect, test } from 'vitest'

import { ANSWER, get, post, raw, REQUEST, start } from './support.ts'

const path = '/api/v1/decisions'
const head = (more: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n`
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const small = { body_bytes_max: 1_024 }

describe('bytes', () => {
  test('a body of exactly the limit is read, one byte more is 413', async () => {
    const { url, calls } = await start({ config: small })
    const padded = (bytes: number) => JSON.stringify(REQUEST).padEnd(bytes, ' ')
    expect((await post(`${url}${path}`, padded(1_024))).status).toBe(200)
    const { status, headers, body } = await post(`${url}${path}`, padded(1_025))
    expect([status, body.code, headers.get('connection'), calls.length]).toEqual([413, 'too_large', 'close', 1])
    expect([body.detail, body.fix]).toEqual([
      'The body has 1025 bytes: the limit `http.body_bytes_max` is 1024.',
      'Send less, or raise `http.body_bytes_max`.',
    ])
  })

  test.each([
    ['that is declared far too large is refused before it is sent', [head(`Content-Length: 999999999\r\n`)]],
    [
      'in chunks is counted as it comes',
      [head('Transfer-Encoding: chunked\r\n'), ...Array<string>(8).fill(chunk('x'.repeat(600)))],
    ],
    [
      'in chunks that ends is counted too',
      [head('Transfer-Encoding: chunked\r\n'), chunk('x'.repeat(600)), chunk('x'.repeat(600)), '0\r\n\r\n'],
    ],
  ])('a body %s', async (_name, parts) => {
    const { url, calls } = await start({ config: small })
    const answer = await raw(url, parts, 5)
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"code":"too_large"/u)
    expect(calls).toEqual([])
  })

  test('a chunked body within the limit is read', async () => {
    const { url } = await start({ config: small })
    const text = JSON.stringify(REQUEST)
    const answer = await raw(
      url,
      [head('Transfer-Encoding: chunked\r\nConnection: close\r\n'), chunk(text.slice(0, 20)), chunk(text.slice(20)), '0\r\n\r\n'],
      5,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 /u)
  })

  test('a body above 1 MiB is read where the configuration allows it', async () => {
    const { url } = await start({ config: { body_bytes_max: 4_194_304 } })
    expect((await post(`${url}${path}`, JSON.stringify(REQUEST).padEnd(2_000_000, ' '))).status).toBe(200)
  })

  test('too many headers are refused', async () => {
    const { url } = await start()
    expect(await raw(url, [`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`])).toMatch(/^HTTP\/1\.1 431 /u)
  })

  test('two lengths that differ are refused', async () => {
    const { url, calls } = await start()
    expect(await raw(url, [head('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n'), '0\r\n\r\n'])).toMatch(
      /^HTTP\/1\.1 400 /u,
    )
    expect(calls).toEqual([])
  })
})

describe('time', () => {
  test('a body that drips is cut with 408', async () => {
    const { url, calls } = await start({ config: { request_timeout_ms: 150 } })
    const answer = await raw(url, [head('Content-Length: 100\r\n'), ...Array<string>(4).fill('{')], 30)
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close[\s\S]*"code":"request_timeout"/u)
    expect(calls).toEqual([])
  })

  test('headers that drip are cut', async () => {
    const { url } = await start({ config: { request_timeout_ms: 100 } })
    const started = Date.now()
    await raw(url, ['POST /api/v1/decisions HTTP/1.1\r\n', 'Host: x\r\n', 'A: b\r\n'], 20)
    expect(Date.now() - started).toBeLessThan(3_000)
  })

  test('an answer that does not come is 503, and others are served meanwhile', async () => {
    const answers = { evaluate: async () => (await sleep(500), ANSWER) }
    const { url } = await start({ config: { request_timeout_ms: 100 }, answers })
    const slow = post(`${url}${path}`, REQUEST)
    expect((await get(`${url}/health`)).status).toBe(200)
    const { status, body } = await slow
    expect([status, body.code]).toEqual([503, 'deadline'])
  })

  test('a late failure is logged, not thrown', async () => {
    const answers = {
      evaluate: async () => {
        await sleep(400)
        throw new Error('too late')
      },
    }
    const { url, log } = await start({ config: { request_timeout_ms: 200 }, answers })
    expect((await post(`${url}${path}`, REQUEST)).status).toBe(503)
    await sleep(300)
    expect(log).toMatchObject([{ message: 'too late' }])
  })

  test('a caller who leaves before the end is no failure of ours', async () => {
    const { url, log } = await start()
    const controller = new AbortController()
    const stream = new ReadableStream({ start: (sink) => sink.enqueue(new TextEncoder().encode('{')) })
    const sent = fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
      signal: controller.signal,
    })
    setTimeout(() => controller.abort(), 30)
    await expect(sent).rejects.toThrow()
    await sleep(30)
    expect([log, (await get(`${url}/health`)).status]).toEqual([[], 200])
  })
})

describe('stopping', () => {
  test('a running request gets its answer, and its connection closes', async () => {
    const answers = { evaluate: async () => (await sleep(150), ANSWER) }
    const { url, http } = await start({ answers })
    const running = post(`${url}${path}`, REQUEST)
    await sleep(50)
    const closed = http.close()
    const { status, headers } = await running
    expect([status, headers.get('connection')]).toEqual([200, 'close'])
    await closed
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  test('an idle connection does not hold it up, a stuck one only for the drain time', async () => {
    const idle = await start()
    await get(`${idle.url}/health`)
    const started = Date.now()
    await idle.http.close()
    expect(Date.now() - started).toBeLessThan(300)
    const stuck = await start({
      config: { drain_timeout_ms: 100, request_timeout_ms: 60_000 },
      answers: { evaluate: () => new Promise(() => undefined) },
    })
    const never = post(`${stuck.url}${path}`, REQUEST).catch(() => 'cut')
    await sleep(50)
    await stuck.http.close()
    expect(await never).toBe('cut')
    expect(Date.now() - started).toBeLessThan(2_000)
  })

  test('closing twice is closing once', async () => {
    const { http } = await start()
    await Promise.all([http.close(), http.close()])
  })
})

test('connections are kept between requests', async () => {
  const { url } = await start()
  const body = JSON.stringify(REQUEST)
  const request = head(`Content-Length: ${body.length}\r\n`) + body
  const last = head(`Content-Length: ${body.length}\r\nConnection: close\r\n`) + body
  const answer = await raw(url, [request, request, last], 20)
  expect(answer.match(/HTTP\/1\.1 200 OK/gu)).toHaveLength(3)
})
