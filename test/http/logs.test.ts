import { gzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import type { LogLine } from '../../src/decisions/opa-log/wire.ts'
import { ServiceError } from '../../src/format/error.ts'
import { UNPACKED_BYTES_MAX, WAITING_MAX } from '../../src/http/opa/decision-logs.ts'
import { bearer, REQUEST, start } from './support.ts'

const NOTHING = { received: 0, recorded: 0, repeated: 0, rejected: 0, problems: [] }
const ENTRY = { decision_id: 'd', timestamp: '2026-11-21T02:00:00Z', path: 'authz/allow', input: REQUEST, result: true }

/** A service that reads every line. */
function reading() {
  const seen: LogLine[] = []
  const ingestLog = async (_caller: unknown, entries: AsyncIterable<LogLine>, mayGoOn: () => void) => {
    for await (const line of entries) {
      mayGoOn()
      seen.push(line)
    }
    return { ...NOTHING, received: seen.length }
  }
  return { seen, answers: { ingestLog } }
}

const upload = (url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${url}/logs`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...bearer('log_uploader'), ...headers },
  })
const GZIP = { 'content-encoding': 'gzip' }
const packed = (text: string) => new Uint8Array(gzipSync(text))

describe('POST /logs', () => {
  test.each([
    ['gzip, as OPA sends it', packed(JSON.stringify([ENTRY, ENTRY])), GZIP],
    ['plain', JSON.stringify([ENTRY, ENTRY]), {}],
    ['JSON lines', `${JSON.stringify(ENTRY)}\n${JSON.stringify(ENTRY)}\n`, {}],
  ])('takes entries %s', async (_how, body, headers) => {
    const { seen, answers } = reading()
    const { url } = await start({ answers })
    const response = await upload(url, body, headers)
    expect([response.status, await response.json()]).toEqual([200, { ...NOTHING, received: 2 }])
    expect(seen).toEqual([
      { ok: true, value: ENTRY },
      { ok: true, value: ENTRY },
    ])
  })

  test('reports an entry that is no strict JSON and reads on', async () => {
    const { seen, answers } = reading()
    const { url } = await start({ answers })
    await upload(url, `[{"a":1,"a":2},{"n":9007199254740993},${JSON.stringify(ENTRY)}]`)
    expect(seen.map(({ ok }) => ok)).toEqual([false, false, true])
  })

  test('refuses what is no JSON, is cut off, or is no gzip', async () => {
    const { url } = await start(reading())
    for (const [body, headers] of [
      ['[{"a":1}', {}],
      ['nonsense', {}],
      [packed('[{}]').slice(0, 12), GZIP],
      [new Uint8Array([0x1f, 0x8b, 1, 2, 3]), GZIP],
      [new Uint8Array([0x5b, 0xff, 0x5d]), {}],
    ] as const) {
      const response = await upload(url, body, headers)
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'invalid_parameter'])
    }
  })

  test('bounds the body packed and unpacked', async () => {
    const { url } = await start({ ...reading(), config: { body_bytes_max: 65_536 } })
    const bomb = packed(`[${' '.repeat(UNPACKED_BYTES_MAX)}]`)
    expect(bomb.length).toBeLessThan(65_536)
    expect((await upload(url, bomb, GZIP)).status).toBe(413)
    expect((await upload(url, new Uint8Array(70_000), GZIP)).status).toBe(413)
  })

  test('asks for a credential, and takes no compressed body on any other path', async () => {
    const { url } = await start({
      answers: { ingestLog: () => Promise.reject(new ServiceError('unauthenticated', 'no credential')) },
    })
    const anonymous = await fetch(`${url}/logs`, { method: 'POST', body: '[]' })
    expect(anonymous.status).toBe(401)
    const elsewhere = await fetch(`${url}/v1/data/gradus/allow`, { method: 'POST', body: packed('{}'), headers: GZIP })
    expect(elsewhere.status).toBe(415)
  })

  test('is charged for each new entry, and says when to come again', async () => {
    const { answers } = reading()
    const { url } = await start({ answers, config: { rates: { decisions: { per_second: 0.001, burst: 2 } } } })
    expect((await upload(url, JSON.stringify([ENTRY, ENTRY, ENTRY]))).status).toBe(429)
  })

  test('takes one upload at a time, sends away what does not fit in the queue, and stops when its time is over', async () => {
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    const running = { now: 0, most: 0 }
    const ingestLog = async (_caller: unknown, _entries: unknown, mayGoOn: () => void) => {
      running.now += 1
      running.most = Math.max(running.most, running.now)
      await gate
      running.now -= 1
      mayGoOn()
      return NOTHING
    }
    const { url } = await start({ answers: { ingestLog } })
    const all = Promise.all(Array.from({ length: WAITING_MAX + 5 }, async () => (await upload(url, '[]')).status))
    await new Promise((resolve) => setTimeout(resolve, 300))
    release()
    const statuses = await all
    expect(running.most).toBe(1)
    expect(statuses.filter((status) => status === 503)).toHaveLength(4)
    expect(statuses.filter((status) => status === 200)).toHaveLength(WAITING_MAX + 1)
    const slow = await start({
      config: { request_timeout_ms: 200 },
      answers: {
        ingestLog: async (_caller: unknown, _entries: unknown, mayGoOn: () => void) => {
          await new Promise((resolve) => setTimeout(resolve, 120))
          mayGoOn()
          return NOTHING
        },
      },
    })
    const late = await upload(slow.url, '[]')
    expect([late.status, await late.text()]).toEqual([503, expect.stringContaining('what was taken is kept')])
  })

  test('logs that entries were rejected, with the first of them', async () => {
    const problems = [{ index: 0, decision_id: null, reason: 'no_entry', message: 'is not one' }]
    const { url, log } = await start({ answers: { ingestLog: () => ({ ...NOTHING, received: 2, rejected: 1, problems }) } })
    await upload(url, '[]')
    expect(log).toContainEqual({
      level: 'warn',
      event: 'log_entries_rejected',
      credential: 'log_uploader',
      rejected: 1,
      received: 2,
      first: 'no_entry: is not one',
    })
  })
})
