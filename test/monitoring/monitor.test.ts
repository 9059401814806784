import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

import { systemCaller } from '../../src/access/caller.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { Observation } from '../../src/model/observation.ts'
import { openMonitor } from '../../src/monitoring/monitor.ts'
import { noStateFile, stateFile, type StateFile } from '../../src/monitoring/state-file.ts'
import { TAIL_RECORDS_MAX, tailAppends } from '../../src/monitoring/tail.ts'
import { raiseAlert } from '../../src/reports/monitoring/raise-alert.ts'
import { MonitoringRules } from '../../src/reports/monitoring/settings.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'

const START_MS = Date.UTC(2026, 2, 2, 10)
const RULES = MonitoringRules.parse([
  { id: 'many', kind: 'volume', above: 2, window_minutes: 60, severity: 'critical' },
  { id: 'quiet', kind: 'volume', below: 1, window_minutes: 30 },
  { id: 'amounts', kind: 'range', in: 'arguments', pointer: '/amount', max: 100, window_minutes: 60 },
])
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'gradus-monitor-'))
  folders.push(path)
  return path
}

/** A log, and monitors of it one after the other, as processes are. */
function world(file: StateFile = noStateFile(), log = createMemoryStore({ project, origin: 'test.example/audit' })) {
  const observations: Observation[] = []
  const warnings: string[] = []
  const clock = { ms: START_MS }
  const state = { count: 0, failing: false }
  const observe = (observation: Observation): void => void observations.push(observation)
  const write = async (store: Store, amount?: number, masked: readonly string[] = []): Promise<void> => {
    state.count += 1
    const properties = amount === undefined ? {} : { properties: { arguments: { amount } } }
    const draft = {
      kind: 'decision' as const,
      id: `d-${state.count}`,
      caller: systemCaller('default'),
      atMs: clock.ms,
      agent: 'bot',
      effects: [],
    }
    const record = recordOf({
      ...draft,
      body: { request: { action: { name: 'pay', ...properties }, resource: { type: 'account', id: '1' } } },
    })
    await store.transact([], (transaction) => void transaction.append({ record, masked }))
  }
  const begin = async () => {
    const tail = tailAppends(log, RULES)
    const monitor = await openMonitor({
      ...{ tail, rules: RULES, file, nowMs: () => clock.ms, observe, warn: (line) => void warnings.push(line) },
      raise: (raised) =>
        state.failing
          ? Promise.reject(new Error('no room'))
          : raiseAlert({ store: tail.store, nowMs: () => clock.ms, observe }, raised),
      pace: { pollMs: 1, saveMs: 0, gaugesMs: 60_000 },
    })
    return { monitor, store: tail.store }
  }
  const alerts = async () =>
    (await log.query({ kinds: ['alert'], limit: 1_000 })).map(
      ({ record }) => (record.body as unknown as { alert: { rule: string; found: number } }).alert,
    )
  return { log, begin, write, alerts, clock, state, observations, warnings }
}

describe('a monitor', () => {
  it('writes one alert as a record, which webhooks tell, counts it, and never looks at it itself', async () => {
    const { begin, write, alerts, log, observations } = world()
    const { monitor, store } = await begin()
    for (let count = 0; count < 5; count += 1) await write(store)
    await monitor.catchUp()
    await monitor.catchUp()
    expect((await alerts()).map(({ rule, found }) => [rule, found])).toEqual([['many', 3]])
    const [stored] = await log.query({ kinds: ['alert'], limit: 1 })
    expect(stored?.record).toMatchObject({ kind: 'alert', actor: 'gradus:system', outcome: 'critical', effects: [] })
    expect(eventsOf(stored!).map(({ type }) => type)).toEqual(['alert.raised'])
    expect(observations).toContainEqual({ kind: 'alert', rule: 'many', severity: 'critical' })
    expect(observations).toContainEqual({ kind: 'monitoring_lag', records: 0 })
  })

  it('sees what is masked while it is written, and keeps nothing of it', async () => {
    const dir = folder()
    const { begin, write, alerts } = world(stateFile(dir, () => undefined))
    const { monitor, store } = await begin()
    await write(store, 98_765, ['/body/request/action/properties'])
    await monitor.catchUp()
    expect((await alerts()).map(({ rule }) => rule)).toEqual(['amounts'])
    await monitor.stop()
    expect(readFileSync(join(dir, 'monitoring.json'), 'utf8')).not.toContain('98765')
    expect(statSync(join(dir, 'monitoring.json')).mode & 0o777).toBe(0o600)
  })

  it('goes on after a restart, without telling anything twice, also where nothing was kept since', async () => {
    const dir = folder()
    const { begin, write, alerts, log } = world(stateFile(dir, () => undefined))
    const first = await begin()
    await write(first.store)
    await write(first.store)
    await first.monitor.catchUp()
    await first.monitor.stop()
    const kept = readFileSync(join(dir, 'monitoring.json'), 'utf8')
    // The third makes it too many: the first two were counted by the process before.
    const second = await begin()
    await write(second.store)
    await second.monitor.catchUp()
    expect(await alerts()).toHaveLength(1)
    await second.monitor.stop()
    // As if it was killed before it kept anything.
    writeFileSync(join(dir, 'monitoring.json'), kept)
    const size = log.size()
    const third = await begin()
    await third.monitor.catchUp()
    expect(await alerts()).toHaveLength(1)
    expect(log.size()).toBe(size)
    await third.monitor.stop()
  })

  it('looks at what is written from its first start on, not at the past, and reads a log anew that its state is not of', async () => {
    const dir = folder()
    const { begin, write, alerts, warnings, log } = world(stateFile(dir, (line) => void warnings.push(line)))
    for (let count = 0; count < 5; count += 1) await write(log)
    const first = await begin()
    await first.monitor.catchUp()
    expect(await alerts()).toEqual([])
    await first.monitor.stop()
    writeFileSync(
      join(dir, 'monitoring.json'),
      readFileSync(join(dir, 'monitoring.json'), 'utf8').replace(/"leaf_index":\d+/u, '"leaf_index":900'),
    )
    await (await begin()).monitor.catchUp()
    expect(warnings).toEqual([expect.stringContaining('record 900 of a log that ends at 5')])
    writeFileSync(join(dir, 'monitoring.json'), '{')
    await (await begin()).monitor.catchUp()
    expect(warnings[1]).toContain('cannot be used')
    expect(await alerts()).toEqual([])
  })

  it('finds too few by the clock alone', async () => {
    const { begin, clock, alerts } = world()
    const { monitor } = await begin()
    clock.ms += 31 * 60_000
    await monitor.catchUp()
    expect((await alerts()).map(({ rule, found }) => [rule, found])).toEqual([['quiet', 0]])
  })

  it('follows by itself, and says once when it cannot write, until it can', async () => {
    const { begin, write, alerts, state, warnings } = world()
    const { monitor, store } = await begin()
    state.failing = true
    monitor.start()
    for (let count = 0; count < 3; count += 1) await write(store)
    await expect.poll(() => warnings.length).toBe(1)
    expect(warnings[0]).toContain('no room')
    state.failing = false
    await expect.poll(alerts).toHaveLength(1)
    await monitor.stop()
    expect(warnings).toHaveLength(1)
  })

  it('shows trust as gauges right after a start, from the log that was there', async () => {
    const { begin, log, observations, clock } = world()
    const draft = {
      kind: 'decision' as const,
      id: 'd',
      caller: systemCaller('default'),
      atMs: clock.ms,
      agent: 'bot',
      effects: [],
    }
    const body = { decision: { decision: true }, facts: { action: { scope: 'crm', stake: 'full' } } }
    await log.transact([], (transaction) => void transaction.append({ record: recordOf({ ...draft, body }) }))
    const { monitor } = await begin()
    await monitor.catchUp()
    const shown = observations.find(({ kind }) => kind === 'trust_gauges')
    expect(shown).toMatchObject({
      scopes: [
        { scope: 'all', incidentsPerThousand: 0 },
        { scope: 'crm:full', incidentsPerThousand: 0 },
      ],
    })
  })
})

describe('what is remembered of appends', () => {
  it('is bounded; what is older is not known', async () => {
    const log = createMemoryStore({ project, origin: 'test.example/audit' })
    const tail = tailAppends(log, [])
    const draft = { kind: 'operator' as const, caller: systemCaller('default'), atMs: START_MS, body: {}, effects: [] }
    for (let page = 0; page < 21; page += 1)
      await tail.store.transact([], (transaction) => {
        for (let count = 0; count < TAIL_RECORDS_MAX / 20; count += 1)
          transaction.append({ record: recordOf({ ...draft, id: `r-${page}-${count}` }) })
      })
    expect(tail.drain(0)).toBeUndefined()
    const taken = tail.drain(log.size() - 5)
    expect(taken?.map(({ leafIndex }) => leafIndex)).toEqual([-5, -4, -3, -2, -1].map((back) => log.size() + back))
    expect(tail.drain(log.size())).toEqual([])
  })
})
