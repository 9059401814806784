import { type IncomingMessage, request } from 'node:http'
import { Writable } from 'node:stream'

import { describe, expect, test, vi } from 'vitest'

import {
  createEventStreams,
  type EventStream,
  type StreamFrame,
  STREAMS_PER_CREDENTIAL_MAX,
} from '../../src/events/event-streams.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import { openEvents, sendFrame, frameText } from '../../src/http/native/events.ts'
import { gateway } from '../support/callers.ts'
import { bearer, get, start } from './support.ts'

const event = (name: string, leaf: number) => ({
  id: `evt_${leaf}`,
  tenant: 'default',
  event: { type: 'containment.set' as const, timestamp: '2026-03-02T10:00:00.000Z', data: { agent: null, name } },
  at: { leaf_index: leaf, event: 0 },
})

/** Streams of a log to which a test writes names; one record each. */
function streamsOf() {
  const names: string[] = []
  const streams = createEventStreams({
    size: () => names.length,
    read: (from) =>
      Promise.resolve({
        events: names.slice(from).map((name, at) => event(name, from + at)),
        next: names.length,
        scanned: false,
      }),
    pace: { pollMs: 1, beatMs: 20 },
  })
  return { names, streams }
}

/** Opens a stream over HTTP; `until` resolves with everything that came as soon as it holds this text, or the stream ended. */
async function listen(url: string, headers: Record<string, string>) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers }, resolve).on('error', reject).end()
  })
  let seen = ''
  const ended = new Promise<void>((resolve) => response.on('close', resolve))
  response.setEncoding('utf8').on('data', (text: string) => (seen += text))
  const until = async (text: string): Promise<string> => {
    while (!seen.includes(text) && !response.destroyed && !response.complete)
      await new Promise((resolve) => setTimeout(resolve, 2))
    return seen
  }
  return { response, until, ended, close: () => response.destroy() }
}

describe('GET /api/v1/events', () => {
  test('is a stream of server-sent events that goes on where the reader says it was', async () => {
    const { names, streams } = streamsOf()
    names.push('one', 'two')
    const { url } = await start({ events: streams })
    const stream = await listen(`${url}/api/v1/events?since=1`, bearer('enforcement_point'))
    expect(stream.response.statusCode).toBe(200)
    expect(stream.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    expect(stream.response.headers['content-length']).toBeUndefined()
    const seen = await stream.until('"two"')
    expect(seen).toContain('event: stream.ready\nid: 1\ndata: {"state_version":1}\n\n')
    expect(seen).toContain('event: containment.set\nid: 2\ndata: {"state_version":2,"type":"containment.set"')
    expect(seen).not.toContain('"one"')
    stream.close()
    names.push('three')
    const again = await listen(`${url}/api/v1/events?since=0`, { ...bearer('enforcement_point'), 'last-event-id': '2' })
    expect((await again.until('"three"')).match(/"name":"\w+"/gu)).toEqual(['"name":"three"'])
    again.close()
  })

  test('says now and then that it is there, in a way that moves the place to go on from', async () => {
    const { streams } = streamsOf()
    const { url } = await start({ events: streams })
    const stream = await listen(`${url}/api/v1/events`, bearer('auditor'))
    expect(await stream.until(':\n')).toContain(':\nid: 0\n\n')
    stream.close()
  })

  test('ends when the server stops, which waits for nobody', async () => {
    const { streams } = streamsOf()
    const { url, http } = await start({ events: streams, config: { drain_timeout_ms: 5_000 } })
    const stream = await listen(`${url}/api/v1/events`, bearer('auditor'))
    await stream.until('stream.ready')
    const began = performance.now()
    await Promise.all([http.close(), stream.ended])
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(stream.response.complete).toBe(true)
  })

  test('is refused as everything else is: without a token, with an unknown parameter, at a place that is none', async () => {
    const { url } = await start()
    expect((await get(`${url}/api/v1/events`)).status).toBe(401)
    expect((await get(`${url}/api/v1/events?sinse=1`, bearer('auditor'))).status).toBe(400)
    expect((await get(`${url}/api/v1/events?since=x`, bearer('auditor'))).body).toMatchObject({ code: 'bad_request' })
    expect((await get(`${url}/api/v1/events?agent=other`, bearer('agent'))).status).toBe(403)
    expect((await get(`${url}/api/v1/events`, bearer('auditor'), 'HEAD')).status).toBe(405)
  })

  test('refuses the stream that is one too many with 429, until a reader goes', async () => {
    const { url } = await start({ events: streamsOf().streams })
    const ask = () => listen(`${url}/api/v1/events`, bearer('auditor'))
    const open = await Promise.all(Array.from({ length: STREAMS_PER_CREDENTIAL_MAX }, ask))
    const refused = await ask()
    expect(refused.response.statusCode).toBe(429)
    open[0]?.close()
    await expect
      .poll(async () => {
        const next = await ask()
        open.push(next)
        return next.response.statusCode
      })
      .toBe(200)
    for (const stream of open) stream.close()
  })
})

test('a stream does not outlive the credential that opened it', async () => {
  const { streams } = streamsOf()
  const ends = { ...gateway, expires_ms: Date.now() + 40 }
  const reply = openEvents(streams, { caller: ends, query: new URLSearchParams() } as unknown as Exchange)
  if (!('stream' in reply)) throw new Error('there is no stream')
  const written: string[] = []
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk))
      done()
    },
  })
  await reply.stream.send(sink as never)
  expect(written.join('')).toContain('stream.ready')
  expect(Date.now()).toBeGreaterThanOrEqual(ends.expires_ms - 2)
})

test('a stream that ends before its credential does leaves no timer behind', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { streams } = streamsOf()
    const lasting = { ...gateway, expires_ms: Date.now() + 86_400_000 }
    const reply = openEvents(streams, { caller: lasting, query: new URLSearchParams() } as unknown as Exchange)
    if (!('stream' in reply)) throw new Error('there is no stream')
    expect(vi.getTimerCount()).toBe(1)
    reply.stream.abandon()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

describe('a reader that takes nothing', () => {
  test('is cut after its time, and its stream is closed', async () => {
    const frame: StreamFrame = { kind: 'beat', id: '7' }
    let produced = 0
    let closed = false
    const stream: EventStream = {
      frames: (async function* () {
        for (;;) {
          produced += 1
          yield await Promise.resolve(frame)
        }
      })(),
      close: () => void (closed = true),
    }
    const deaf = new Writable({ highWaterMark: 64, write: () => undefined })
    await sendFrame(stream, deaf as never, 20)
    expect(deaf.destroyed).toBe(true)
    expect(closed).toBe(true)
    expect(produced).toBeLessThan(20)
  })
})

test('text of a frame is one block, whatever an event says', () => {
  const text = frameText({ kind: 'event', id: '3.1', state_version: 4, event: { ...event('a\nid: 9\n\ndata: x', 3).event } })
  expect(text.split('\n')).toHaveLength(5)
  expect(text).toMatch(/^event: containment\.set\nid: 3\.1\ndata: .*\n\n$/u)
})
