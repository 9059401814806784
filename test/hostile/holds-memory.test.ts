import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

import type { CutLimit } from '../../src/http/connection/cut.ts'
import { limitConnections } from '../../src/http/connection/connection-limits.ts'
import { createWatchUnread } from '../../src/http/connection/unread-answers.ts'
import { ENTRIES_MAX } from '../../src/http/opa/decision-logs.ts'
import { pause, until, workplace } from '../e2e/server.ts'
import { ANSWER, bearer, get, REQUEST, start as startFake } from '../http/support.ts'

const { start } = workplace()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** A connection that has sent this text, and reads nothing. */
async function unread(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').pause()
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const asking = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
/** The resident memory of a process, in MiB. */
const residentOf = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(join('/proc', String(pid), 'status'), 'utf8'))?.[1]) / 1_024

describe('answers that nobody reads', () => {
  it('take no memory of the process, however many are asked for on however many connections', async () => {
    const server = await start([], undefined)
    const before = residentOf(server.child.pid)
    for (let count = 0; count < 12; count += 1) await unread(server.url, asking('/api/v1/openapi.json').repeat(1_200))
    for (let count = 0; count < 200; count += 1) await unread(server.url, asking('/api/v1/openapi.json'))
    let most = before
    for (let look = 0; look < 20; look += 1) {
      const asked = performance.now()
      expect((await server.get('/health')).status).toBe(200)
      expect(performance.now() - asked).toBeLessThan(5_000)
      most = Math.max(most, residentOf(server.child.pid))
      await pause(50)
    }
    expect(most - before).toBeLessThan(400)
    const metrics = await server.get('/metrics')
    expect(metrics.body).toMatch(/gradus_http_connections_cut_total\{limit="http\.pipelined_max"\} 12\n/u)
  }, 60_000)

  it('are cut when their time is over, and what was read is not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const cuts: CutLimit[] = []
    const watch = createWatchUnread({ unread_bytes_max: 268_435_456, unread_seconds_max: 2 }, (limit) => cuts.push(limit))
    const waiting: number[] = []
    const server = createServer((_request, response) => {
      response.end('x'.repeat(16_777_216))
      watch(response, 'reader')
      waiting.push(response.socket?.writableLength ?? 0)
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    expect((await (await fetch(url)).text()).length).toBe(16_777_216)
    const slow = await unread(url, asking('/'))
    await vi.waitUntil(() => waiting.length === 2, { timeout: 10_000, interval: 5 })
    // How much waits is what the system's own buffers did not take.
    const seconds = 2 + (waiting[1] ?? 0) / 16_384
    expect(waiting[1]).toBeGreaterThan(0)
    await vi.advanceTimersByTimeAsync(seconds * 1_000 - 10)
    expect(cuts).toEqual([])
    await vi.advanceTimersByTimeAsync(20)
    expect(cuts).toEqual(['http.unread_seconds_max'])
    slow.resume()
    await once(slow, 'close')
  })

  it('of one caller take a quarter of what there is room for, and no other caller is cut for it', async () => {
    const { url } = await startFake({
      config: { unread_bytes_max: 67_108_864 },
      answers: { checkpoint: () => 'x'.repeat(8_388_608) },
    })
    const wanted = (who: string): string => asking('/api/v1/audit/checkpoint', `Authorization: ${bearer(who).authorization}\r\n`)
    for (let count = 0; count < 6; count += 1) await unread(url, wanted('auditor'))
    const metric = async (): Promise<string> => (await get(`${url}/metrics`)).text
    await expect.poll(metric, { timeout: 10_000 }).toContain('gradus_http_connections_cut_total{limit="http.unread_bytes_max"} ')
    const other = await get(`${url}/api/v1/audit/checkpoint`, bearer('operator'))
    expect([other.status, other.text.length]).toEqual([200, 8_388_608])
  })
})

describe('requests on one connection', () => {
  it('are answered one after the other, in their order, also when they come at once', async () => {
    const order: string[] = []
    let running = 0
    const evaluate = async (_caller: unknown, { request }: { readonly request: typeof REQUEST }) => {
      running += 1
      order.push(`${request.resource.id}:${String(running)}`)
      await sleep(2)
      running -= 1
      return { ...ANSWER, reasons: [request.resource.id] }
    }
    const { url } = await startFake({ answers: { evaluate: evaluate } })
    const posts = Array.from({ length: 20 }, (_, index) => {
      const body = JSON.stringify({ ...REQUEST, resource: { type: 'order', id: `n-${String(index)}` } })
      const last = index === 19 ? 'Connection: close\r\n' : ''
      return `POST /api/v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${last}Content-Length: ${String(body.length)}\r\n\r\n${body}`
    })
    const socket = await unread(url, posts.join(''))
    let seen = ''
    socket.on('data', (piece: Buffer) => (seen += piece.toString()))
    socket.resume()
    await once(socket, 'close')
    const ids = Array.from({ length: 20 }, (_, index) => `n-${String(index)}`)
    expect(order).toEqual(ids.map((id) => `${id}:1`))
    expect([...seen.matchAll(/"reasons":\["(n-\d+)"\]/gu)].map(([, id]) => id)).toEqual(ids)
  })

  it('are let go with it: none that waits is served once the connection is gone', async () => {
    const served: string[] = []
    const evaluate = async () => {
      served.push('one')
      await sleep(200)
      return ANSWER
    }
    const { url } = await startFake({ answers: { evaluate } })
    const body = JSON.stringify(REQUEST)
    const one = `POST /api/v1/decisions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`
    const socket = await unread(url, one.repeat(10))
    await until(() => served.length > 0, 5_000)
    socket.destroy()
    await sleep(500)
    expect(served).toEqual(['one'])
  })
})

describe('bodies under way', () => {
  it('of one caller take a quarter of the memory for bodies; others send meanwhile, and it may again afterwards', async () => {
    const { url } = await startFake({ config: { bodies_bytes_max: 67_108_864, body_bytes_max: 2_097_152 } })
    const head = (who: string) =>
      `POST /api/v1/decisions HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${bearer(who).authorization}\r\nContent-Type: application/json\r\nContent-Length: 2097152\r\n\r\n`
    const most = ' '.repeat(2_097_000)
    const held: Socket[] = []
    const answers: string[] = []
    for (let count = 0; count < 12; count += 1) {
      const socket = await unread(url, head('enforcement_point') + most)
      socket.on('data', (piece: Buffer) => answers.push(piece.toString()))
      socket.resume()
      held.push(socket)
    }
    await until(() => answers.length >= 4, 10_000)
    expect(answers.join('')).toMatch(/^HTTP\/1\.1 503 [\s\S]*http\.bodies_bytes_max/u)
    const sent = (who: string) =>
      fetch(`${url}/api/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(who) },
        body: JSON.stringify(REQUEST),
      })
    expect((await sent('administrator')).status).toBe(200)
    for (const socket of held) socket.destroy()
    await expect.poll(async () => (await sent('enforcement_point')).status, { timeout: 10_000 }).toBe(200)
  })
})

describe('connections', () => {
  it('from one address are limited, from one network for IPv6, and what closes makes room', async () => {
    const server = createServer()
    const cuts: CutLimit[] = []
    server.removeAllListeners('connection')
    limitConnections(server, { connections_max: 100, connections_per_address_max: 2 }, (limit) => cuts.push(limit))
    const from = (remoteAddress: string): Socket => {
      const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress })
      server.emit('connection', socket)
      return socket
    }
    const first = from('203.0.113.7')
    expect([first, from('203.0.113.7'), from('203.0.113.7'), from('203.0.113.8')].map(({ destroyed }) => destroyed)).toEqual([
      false,
      false,
      true,
      false,
    ])
    expect(['2001:db8:1:2::1', '2001:db8:1:2:3::4', '2001:db8:1:2:ffff::'].map((each) => from(each).destroyed)).toEqual([
      false,
      false,
      true,
    ])
    expect(Array.from({ length: 9 }, () => from('127.0.0.1').destroyed)).not.toContain(true)
    expect(cuts).toEqual(['http.connections_per_address_max', 'http.connections_per_address_max'])
    first.destroy()
    await once(first, 'close')
    expect(from('203.0.113.7').destroyed).toBe(false)
  })

  it('that wait for a next request make room where all are taken', async () => {
    const { url } = await startFake({ config: { connections_max: 10 } })
    for (let count = 0; count < 10; count += 1) {
      const idle = await unread(url, asking('/health'))
      idle.resume()
      await once(idle, 'data')
    }
    await expect
      .poll(
        () =>
          fetch(`${url}/health`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 10_000 },
      )
      .toBe(200)
  })
})

describe('an upload of a decision log', () => {
  it('of very many empty entries is refused at the limit, however small it is', async () => {
    let taken = 0
    const ingestLog = async (_caller: unknown, entries: AsyncIterable<unknown>) => {
      for await (const entry of entries) taken += entry === undefined ? 0 : 1
    }
    const { url } = await startFake({ answers: { ingestLog: ingestLog as never } })
    const body = new Uint8Array(gzipSync('{}'.repeat(16_000_000)))
    expect(body.length).toBeLessThan(1_048_576)
    const response = await fetch(`${url}/logs`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', ...bearer('log_uploader') },
    })
    expect([response.status, taken]).toEqual([413, ENTRIES_MAX])
    expect(await response.text()).toContain('log.entries_max')
  })
})
