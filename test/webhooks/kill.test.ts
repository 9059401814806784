import { join } from 'node:path'

import { expect, test, vi } from 'vitest'

import { writeConfig } from '../e2e/organisation.ts'
import { workplace } from '../e2e/server.ts'
import { readLog } from '../faults/log.ts'
import { receiver, SECRET } from './support.ts'

const KILLS = 3
const PER_LIFE = 6

const { place, start } = workplace()

test('a server that is killed between writing and sending loses no event, and tells the metrics', async () => {
  // The first life's receiver takes some and refuses the rest, so that events wait when the server is killed.
  let refusing = false
  const { url, received } = await receiver((nth) => (refusing && nth % 3 !== 0 ? 503 : 204))
  process.env['GRADUS_TEST_HOOK_SECRET'] = SECRET
  const config = writeConfig(place(), {
    webhooks: [{ id: 'ops', url, secret: { env: 'GRADUS_TEST_HOOK_SECRET' }, events: ['containment.set', 'containment.lifted'] }],
  })
  const dataDir = join(place(), 'data')
  const acknowledged: string[] = []
  const target = { kind: 'action', action: 'deploy' }
  for (let life = 0; life < KILLS; life += 1) {
    refusing = true
    const server = await start(['--config', config], dataDir)
    for (let at = 0; at < PER_LIFE; at += 1) {
      const reason = `life ${life}, event ${at}`
      const { status } = await server.post('/api/v1/containments', { target, reason }, server.operator())
      expect(status).toBe(201)
      acknowledged.push(reason)
    }
    server.child.kill('SIGKILL')
    await server.ended
  }
  refusing = false
  const server = await start(['--config', config], dataDir)
  const reasons = (): readonly string[] =>
    received
      .filter(({ answered }) => answered === 204)
      .map(({ event }) => (event.data as { containment: { reason: string } }).containment.reason)
  await vi.waitFor(() => expect(new Set(reasons())).toEqual(new Set(acknowledged)), { timeout: 60_000, interval: 50 })
  expect([...new Set(reasons())]).toEqual(acknowledged)
  const metrics = (await server.get('/metrics', server.operator())).body as string
  expect(metrics).toMatch(/^gradus_webhook_deliveries_total\{webhook="ops",result="delivered"\} \d+$/mu)
  expect(metrics).toMatch(/^gradus_webhook_lag_records\{webhook="ops"\} \d+$/mu)
  expect(await server.stop()).toBe(0)
  const inLog = new Set(readLog(dataDir).map(({ record }) => record.id))
  for (const { event } of received) expect(inLog).toContain((event.data as { record_id: string }).record_id)
  // Between two sendings of one event lies no other event: it is repeated because it was not acknowledged, not because the order was lost.
  expect(received.map(({ id }) => id).filter((id, at, all) => id !== all[at - 1])).toHaveLength(acknowledged.length)
})

test('a secret that is missing is said before anything listens', async () => {
  const config = writeConfig(place(), {
    webhooks: [{ id: 'ops', url: 'https://receiver.example/', secret: { env: 'GRADUS_TEST_NO_SECRET' } }],
  })
  await expect(start(['--config', config])).rejects.toThrow(/GRADUS_TEST_NO_SECRET, is not there[^]*openssl rand/u)
})
