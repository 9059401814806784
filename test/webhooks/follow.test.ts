import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'

import { indexEvents } from '../../src/events/event-index.ts'
import { fileCursor } from '../../src/webhooks/cursor.ts'
import { answering, FAST, following, hook, listen, log, nameOf, receiver } from './support.ts'

const WITHIN = { timeout: 60_000, interval: 5 }
/** Long enough for what must not happen to happen. */
const QUIET_MS = 60

function dataDir(): string {
  const made = mkdtempSync(join(tmpdir(), 'gradus-webhooks-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

const pause = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms))
const namesOf = (received: Awaited<ReturnType<typeof receiver>>['received']): readonly string[] =>
  received.map(({ event }) => nameOf(event))

test('what happens after the start is sent, signed, in order, once; what was before is not', async () => {
  const { url, received } = await receiver()
  const records = log()
  await records.tell('before')
  const { observations } = await following(records, [hook(url)])
  for (const name of ['one', 'two', 'three']) {
    await records.pass()
    await records.tell(name)
  }
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['one', 'two', 'three']), WITHIN)
  expect(received[0]?.event).toMatchObject({
    type: 'containment.set',
    timestamp: '2026-03-02T10:00:00.003Z',
    data: { tenant: 'default', actor: 'gradus:system', record_id: 'record-000003', leaf_index: 2 },
  })
  expect(received.map(({ id }) => id)).toEqual(['evt_record-000003_0', 'evt_record-000005_0', 'evt_record-000007_0'])
  expect(Object.keys(JSON.parse(received[0]?.body ?? ''))).toEqual(['type', 'timestamp', 'data'])
  expect(received[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'gradus' })
  await pause(QUIET_MS)
  expect(received).toHaveLength(3)
  expect(observations.filter(({ kind }) => kind === 'webhook')).toEqual(
    Array.from({ length: 3 }, () => ({ kind: 'webhook', webhook: 'ops', posting: 'delivered' })),
  )
  await vi.waitFor(() => expect(observations.at(-1)).toEqual({ kind: 'webhook_lag', webhook: 'ops', records: 0 }), WITHIN)
})

test.each([
  ['an error of the receiver', 500],
  ['too many requests', 429],
  ['a redirect, which is not followed', { status: 307, headers: { location: '/elsewhere' } }],
  ['a redirect that turns into a GET', { status: 302, headers: { location: '/elsewhere' } }],
  ['not found', 404],
  ['no answer in time', 'silence'],
  ['a connection that breaks', 'cut'],
] as const)('%s is tried again until it is delivered, in order, and warned of once', async (_, answer) => {
  const { url, received } = await receiver((nth) => (nth < 3 ? answer : 200))
  const records = log()
  const { warnings, observations } = await following(records, [hook(url, { timeout_ms: 100 })])
  await records.tell('one')
  await records.tell('two')
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['one', 'one', 'one', 'one', 'two']), WITHIN)
  expect(new Set(received.slice(0, 4).map(({ id, body }) => id + body)).size).toBe(1)
  expect(new Set(received.map(({ path }) => path))).toEqual(new Set(['/hook']))
  await vi.waitFor(() => expect(warnings).toHaveLength(2), WITHIN)
  expect(warnings[0]).toMatch(/^webhook "ops": containment\.set is not delivered: .*; it is tried again until it succeeds$/u)
  expect(warnings[1]).toBe('webhook "ops": goes on after 3 failed attempts')
  const postings = () => observations.flatMap((each) => (each.kind === 'webhook' ? [each.posting] : []))
  await vi.waitFor(() => expect(postings()).toEqual(['failed', 'failed', 'failed', 'delivered', 'delivered']), WITHIN)
})

test('a receiver that is not there yet gets everything when it is', async () => {
  const first = await receiver()
  await first.close()
  const records = log()
  const { warnings } = await following(records, [hook(first.url)])
  await records.tell('one')
  await vi.waitFor(() => expect(warnings).toEqual([expect.stringContaining('ECONNREFUSED')]), WITHIN)
  await records.tell('two')
  const { port } = new URL(first.url)
  const late: string[] = []
  const heard = answering((body, response) => {
    late.push(nameOf(JSON.parse(body)))
    response.end()
  })
  await listen(createServer(heard), Number(port))
  await vi.waitFor(() => expect(late).toEqual(['one', 'two']), WITHIN)
})

test('an answer without end does not hold up the next event', async () => {
  const names: string[] = []
  const heard = answering((body, response) => {
    names.push(nameOf(JSON.parse(body)))
    response.writeHead(200)
    const more = setInterval(() => response.write('x'.repeat(10_000)), 1)
    response.on('close', () => clearInterval(more))
  })
  const { port } = await listen(createServer(heard))
  const records = log()
  await following(records, [hook(`http://127.0.0.1:${port}/`, { timeout_ms: 60_000 })])
  await records.tell('one')
  await records.tell('two')
  await vi.waitFor(() => expect(names).toEqual(['one', 'two']), WITHIN)
})

test('410 stops the webhook until the next start, which goes on where it was', async () => {
  const { url, received } = await receiver((nth) => (nth === 1 ? 410 : 200))
  const records = log()
  const options = { dataDir: dataDir() }
  const first = await following(records, [hook(url)], options)
  for (const name of ['one', 'two', 'three']) await records.tell(name)
  await vi.waitFor(() => expect(first.warnings).toHaveLength(1), WITHIN)
  expect(first.warnings[0]).toMatch(/^webhook "ops": its receiver is gone \(410\).*started again/u)
  await pause(QUIET_MS)
  expect(namesOf(received)).toEqual(['one', 'two'])
  await first.stop()
  expect(first.observations.at(-1)).toEqual({ kind: 'webhook_lag', webhook: 'ops', records: 2 })
  const second = await following(records, [hook(url)], options)
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['one', 'two', 'two', 'three']), WITHIN)
  expect(second.warnings).toEqual([])
})

test('one webhook that fails holds up no other', async () => {
  const broken = await receiver(() => 500)
  const whole = await receiver()
  const records = log()
  const { warnings } = await following(records, [hook(broken.url, { id: 'broken' }), hook(whole.url, { id: 'whole' })])
  for (const name of ['one', 'two']) await records.tell(name)
  await vi.waitFor(() => expect(namesOf(whole.received)).toEqual(['one', 'two']), WITHIN)
  await vi.waitFor(() => expect(broken.received.length).toBeGreaterThan(2), WITHIN)
  expect(new Set(namesOf(broken.received))).toEqual(new Set(['one']))
  expect(warnings).toHaveLength(1)
})

test('a webhook gets only the events and the tenant it asks for', async () => {
  const all = await receiver()
  const ofTenant = await receiver()
  const others = await receiver()
  const records = log()
  await following(records, [
    hook(all.url, { id: 'all', events: ['containment.set', 'agent.demoted'] }),
    hook(ofTenant.url, { id: 'tenant', tenant: 'acme' }),
    hook(others.url, { id: 'others', events: ['agent.demoted'] }),
  ])
  await records.tell('one', 'acme')
  await records.tell('two', 'other')
  await records.tell('three', 'acme')
  await vi.waitFor(() => expect(namesOf(all.received)).toEqual(['one', 'two', 'three']), WITHIN)
  await vi.waitFor(() => expect(namesOf(ofTenant.received)).toEqual(['one', 'three']), WITHIN)
  await pause(QUIET_MS)
  expect(others.received).toEqual([])
  expect(ofTenant.received).toHaveLength(2)
})

test('a stop sends what is written, and waits for no receiver that fails', async () => {
  const whole = await receiver()
  const silent = await receiver(() => 'silence')
  const records = log()
  const options = { pace: { pollMs: 10_000, retryMsMin: 10_000, retryMsMax: 10_000, saveMs: 5, drainMsMax: 300 } }
  const webhooks = await following(records, [hook(whole.url, { id: 'whole' }), hook(silent.url, { id: 'silent' })], options)
  await pause(20)
  for (const name of ['one', 'two']) await records.tell(name)
  const sinceMs = performance.now()
  await webhooks.stop()
  expect(performance.now() - sinceMs).toBeLessThan(1_500)
  expect(namesOf(whole.received)).toEqual(['one', 'two'])
  expect(namesOf(silent.received)).toEqual(['one'])
})

test('a new webhook begins at the end of the log also when it is started twice before its first event', async () => {
  const { url, received } = await receiver()
  const records = log()
  const options = { dataDir: dataDir() }
  await records.tell('before')
  await (await following(records, [hook(url)], options)).stop()
  await records.tell('between')
  await following({ ...records, index: indexEvents(records.store) }, [hook(url)], options)
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['between']), WITHIN)
})

test('how far a webhook got is on disk after each delivery, so a process that dies repeats one event at most', async () => {
  const { url, received } = await receiver()
  const records = log()
  const place = dataDir()
  await following(records, [hook(url)], { dataDir: place, pace: { ...FAST, saveMs: 60_000 } })
  for (const name of ['one', 'two', 'three']) await records.tell(name)
  await vi.waitFor(() => expect(received).toHaveLength(3), WITHIN)
  await vi.waitFor(async () => expect(await fileCursor(place, 'ops').load()).toEqual({ leaf_index: 2, event: 1 }), WITHIN)
})

test('of a record with several events, only those that were not acknowledged are sent again', async () => {
  const { url, received } = await receiver((_, event) => (nameOf(event) === 'two' && received.length < 3 ? 500 : 200))
  const records = log()
  const options = { dataDir: dataDir() }
  const first = await following(records, [hook(url)], options)
  await records.tellTogether(['one', 'two', 'three'])
  await vi.waitFor(() => expect(first.warnings).toHaveLength(1), WITHIN)
  await first.stop()
  const before = received.length
  await following(records, [hook(url)], options)
  await vi.waitFor(() => expect(received.at(-1)?.id).toBe('evt_record-000001_2'), WITHIN)
  expect(namesOf(received).filter((name) => name === 'one')).toEqual(['one'])
  expect(namesOf(received.slice(before))).toEqual(expect.arrayContaining(['two', 'three']))
})

test('a log that was rolled back behind the position is followed from its end', async () => {
  const { url, received } = await receiver()
  const options = { dataDir: dataDir() }
  const longer = log()
  for (let at = 0; at < 5; at += 1) await longer.pass()
  await (await following(longer, [hook(url)], options)).stop()
  const restored = log()
  await restored.tell('known before')
  const { warnings } = await following(restored, [hook(url)], options)
  expect(warnings).toEqual(['webhook "ops": it got to record 5 of a log that ends at 1, so it goes on from there'])
  await restored.tell('new')
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['new']), WITHIN)
})

test('a log that cannot be read for a while is read again', async () => {
  const { url, received } = await receiver()
  const records = log()
  let failing = 3
  const store = {
    ...records.store,
    read: (...given: Parameters<typeof records.store.read>) => {
      failing -= 1
      return failing >= 0 ? Promise.reject(new Error('the disk is tired')) : records.store.read(...given)
    },
  } as typeof records.store
  const { warnings } = await following({ ...records, store }, [hook(url)])
  await records.tell('one')
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['one']), WITHIN)
  expect(warnings).toEqual([
    expect.stringContaining('the log cannot be read: the disk is tired'),
    'webhook "ops": goes on after 3 failed attempts',
  ])
})

test('a position that cannot be kept is warned of once, and events go on', async () => {
  const { url, received } = await receiver()
  const records = log()
  const place = dataDir()
  const webhooks = await following(records, [hook(url)], { dataDir: place })
  rmSync(join(place, 'webhooks'), { recursive: true })
  writeFileSync(join(place, 'webhooks'), 'a file where the folder was')
  for (const name of ['one', 'two']) await records.tell(name)
  await vi.waitFor(() => expect(namesOf(received)).toEqual(['one', 'two']), WITHIN)
  await webhooks.stop()
  expect(webhooks.warnings).toEqual([expect.stringContaining('how far it got cannot be kept')])
})

test('https is verified: a receiver whose certificate nobody vouches for gets nothing', async () => {
  const folder = join(import.meta.dirname, '..', 'http', 'tls')
  const certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8')
  const names: string[] = []
  const heard = answering((body, response) => {
    names.push(nameOf(JSON.parse(body)))
    response.end()
  })
  const { port } = await listen(createTlsServer({ cert: certificate, key: readFileSync(join(folder, 'key.pem')) }, heard))
  const records = log()
  const url = `https://127.0.0.1:${port}/`
  const { warnings, observations } = await following(records, [hook(url)])
  await records.tell('one')
  await vi.waitFor(() => expect(observations.filter(({ kind }) => kind === 'webhook').length).toBeGreaterThan(1), WITHIN)
  expect(warnings).toEqual([expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT')])
  expect(names).toEqual([])
  const vouched = getCACertificates('default')
  onTestFinished(() => setDefaultCACertificates(vouched))
  setDefaultCACertificates([...vouched, certificate])
  await vi.waitFor(() => expect(names).toEqual(['one']), WITHIN)
})

/** What happens to a log and its receiver, in some order. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant('tell' as const) },
  { weight: 4, arbitrary: fc.constant('pass' as const) },
  { weight: 2, arbitrary: fc.constant('fail' as const) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
  { weight: 1, arbitrary: fc.constant('rest' as const) },
)

test('whatever fails, and however often it is started again: nothing is lost, the order holds, only what was not acknowledged is repeated', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      let failures = 0
      const { url, received, close } = await receiver(() => {
        failures -= 1
        return failures >= 0 ? 503 : 200
      })
      const records = log()
      const place = dataDir()
      const start = () => following({ ...records, index: indexEvents(records.store) }, [hook(url)], { dataDir: place })
      let webhooks = await start()
      const told: string[] = []
      for (const each of steps) {
        if (each === 'pass') await records.pass()
        else if (each === 'fail') failures = Math.max(failures, 0) + 2
        else if (each === 'rest') await pause(5)
        else if (each === 'restart') {
          await webhooks.stop()
          webhooks = await start()
        } else {
          told.push(`event ${told.length}`)
          await records.tell(told.at(-1) as string)
        }
      }
      const acknowledged = () => received.filter(({ answered }) => answered === 200)
      await vi.waitFor(() => expect(namesOf(acknowledged())).toEqual(told), WITHIN)
      await webhooks.stop()
      expect([...new Set(namesOf(received))]).toEqual(told)
      await close()
    }),
    { numRuns: 25 },
  )
})
