import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { readEvents } from '../../src/events/event-feed.ts'
import { indexEvents } from '../../src/events/event-index.ts'
import {
  createEventStreams,
  type EventStreams,
  type EventStreamsDeps,
  RESUME_RECORDS_MAX,
  type StreamFrame,
  type StreamQuery,
  STREAMS_PER_CREDENTIAL_MAX,
} from '../../src/events/event-streams.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import { systemCaller } from '../../src/service/create-service.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { caller } from '../support/callers.ts'
import { runs } from '../support/runs.ts'

const auditor = caller('auditor', { roles: ['auditor'] })
const PACE = { pollMs: 1, beatMs: 60_000, streamMsMax: 60_000 }

/** A log in memory, and streams of it. `write` index one record with so many containments of one name each. */
function world(pace: EventStreamsDeps['pace'] = PACE) {
  const index = indexEvents(createMemoryStore({ project, origin: 'test.example/audit' }))
  const { store } = index
  let count = 0
  const append = async (effects: readonly Effect[], tenant: string, agent: string | null): Promise<void> => {
    count += 1
    const record = recordOf({
      kind: 'operator',
      id: `record-${String(count).padStart(6, '0')}`,
      caller: systemCaller(tenant),
      atMs: Date.UTC(2026, 2, 2, 10) + count,
      agent,
      body: {},
      effects,
    })
    await store.transact([], (transaction) => void transaction.append({ record }))
  }
  const write = (names: readonly string[], tenant = 'default', agent: string | null = null): Promise<void> =>
    append(names.map(containment), tenant, agent)
  const read: EventStreamsDeps['read'] = (from) => readEvents(store, index, from)
  /** As after a restart: nothing is known of what was written before. */
  const restarted = (): EventStreams =>
    createEventStreams({ size: store.size, read: (from) => readEvents(store, undefined, from), pace })
  return { store, append, write, streams: createEventStreams({ size: store.size, read, pace }), restarted }
}

function containment(name: string): Effect {
  const target = { kind: 'action', action: name } as const
  return { kind: 'contain', containment: { id: `c-${name}`, target, by: 'person', reason: 'test', at_ms: 1 } }
}

function nameIn(frame: StreamFrame): string | undefined {
  if (frame.kind !== 'event') return undefined
  return (frame.event.data as { containment?: { target: { action: string } } }).containment?.target.action
}

/** Reads until so many events came, or a frame says that it is enough. */
async function take(
  streams: EventStreams,
  query: StreamQuery,
  events: number,
  who = auditor,
): Promise<{ readonly frames: readonly StreamFrame[]; readonly names: readonly string[]; readonly last: string }> {
  const stream = streams.open(who, query)
  const frames: StreamFrame[] = []
  if (events === 0) {
    for await (const frame of stream.frames) {
      frames.push(frame)
      break
    }
  } else
    for await (const frame of stream.frames) {
      frames.push(frame)
      if (frames.filter(({ kind }) => kind === 'event').length === events) break
    }
  stream.close()
  return { frames, names: frames.flatMap((frame) => nameIn(frame) ?? []), last: frames.at(-1)?.id ?? '' }
}

describe('a stream of events', () => {
  it('resumed at any event, and at any state version, tells everything once', async () => {
    const records = fc.array(fc.record({ tenant: fc.constantFrom('default', 'default', 'other'), events: fc.nat(3) }), {
      minLength: 1,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 20 }),
        fc.boolean(),
        async (all, cuts, restart) => {
          const { write, streams, restarted } = world()
          const told: { name: string; version: number }[] = []
          for (const [at, { tenant, events }] of all.entries()) {
            const names = Array.from({ length: events }, (_, nth) => `${at}-${nth}`)
            await write(names, tenant)
            if (tenant === 'default') told.push(...names.map((name) => ({ name, version: at + 1 })))
          }
          const heard: string[] = []
          let since = '0'
          for (const cut of cuts) {
            if (heard.length + cut > told.length) break
            const taken = await take(restart ? restarted() : streams, { since }, cut)
            heard.push(...taken.names)
            since = taken.last
          }
          const left = told.length - heard.length
          if (left > 0) heard.push(...(await take(streams, { since }, left)).names)
          expect(heard).toEqual(told.map(({ name }) => name))
          // From a version on: all that the records after it told.
          const version = all.length >> 1
          const later = told.filter((each) => each.version > version).map(({ name }) => name)
          if (later.length > 0) expect((await take(streams, { since: String(version) }, later.length)).names).toEqual(later)
        },
      ),
      runs(40),
    )
  })

  it('begins at the end of the log, says so, and tells what is written from then on', async () => {
    const { write, streams } = world()
    await write(['before'])
    const stream = streams.open(auditor, {})
    const frames: StreamFrame[] = []
    for await (const frame of stream.frames) {
      frames.push(frame)
      if (frame.kind === 'ready') await write(['after'])
      else break
    }
    expect(frames).toMatchObject([
      { kind: 'ready', id: '1', state_version: 1 },
      { kind: 'event', id: '2', state_version: 2, event: { type: 'containment.set' } },
    ])
    expect(nameIn(frames[1] as StreamFrame)).toBe('after')
  })

  it('tells of demotions, promotions, containments and incidents, and of nothing else', async () => {
    const { append, streams } = world()
    const override = {
      id: 'o',
      scope: 'crm:full',
      agent: 'a',
      action: null,
      people: ['p'],
      reason: 'r',
      until_ms: 1,
      at_ms: 1,
    }
    await append([{ kind: 'override', override }], 'default', 'a')
    const incident = { id: 'i', class: 'injection_weak', reach: 'agent', scope: null, cap: 0.69, review: false } as const
    await append([{ kind: 'incident', agent: 'a', incident }], 'default', 'a')
    const { frames } = await take(streams, { since: '0' }, 1)
    expect(frames.map((frame) => (frame.kind === 'event' ? frame.event.type : frame.kind))).toEqual(['ready', 'incident.raised'])
  })

  it('tells an agent, and whoever asks for one, only what concerns it and what concerns all', async () => {
    const { write, streams } = world()
    await write(['mine'], 'default', 'coding-agent')
    await write(['theirs'], 'default', 'support-agent')
    await write(['all'])
    const self = caller('self', { roles: ['agent'], agent: 'coding-agent' })
    expect((await take(streams, { since: '0' }, 2, self)).names).toEqual(['mine', 'all'])
    expect((await take(streams, { since: '0', agent: 'support-agent' }, 2)).names).toEqual(['theirs', 'all'])
    expect(() => streams.open(self, { agent: 'support-agent' })).toThrow(expect.objectContaining({ code: 'forbidden' }))
  })

  it('tells whoever was further than the log that everything has to be dropped', async () => {
    const { write, streams } = world()
    await write(['one'])
    expect((await take(streams, { since: '99' }, 0)).frames).toEqual([{ kind: 'reset', id: '1', state_version: 1 }])
  })

  it('tells whoever is too far behind to be caught up with that everything has to be dropped', async () => {
    const size = RESUME_RECORDS_MAX + 100
    const read: EventStreamsDeps['read'] = (from) =>
      Promise.resolve({ events: [], next: Math.min(size, from + 50), scanned: from < size })
    const streams = createEventStreams({ size: () => size, read, pace: PACE })
    const stream = streams.open(auditor, { since: '10' })
    const frames: StreamFrame[] = []
    for await (const frame of stream.frames) if (frames.push(frame) === 2) break
    expect(frames).toEqual([
      { kind: 'ready', id: '10', state_version: 10 },
      { kind: 'reset', id: String(size), state_version: size },
    ])
  })

  it('says that it is there, and how far it is, while nothing is told', async () => {
    const { write, streams } = world({ ...PACE, beatMs: 5 })
    const stream = streams.open(auditor, {})
    const frames: StreamFrame[] = []
    for await (const frame of stream.frames) {
      frames.push(frame)
      if (frames.length === 1) await write([])
      if (frame.kind === 'beat') break
    }
    expect(frames.at(-1)).toEqual({ kind: 'beat', id: '1' })
  })

  it('ends after its time, when it is closed, and with the server', async () => {
    const ends = async (streams: EventStreams, end: (stream: { close: () => void }) => void): Promise<number> => {
      const stream = streams.open(auditor, {})
      let frames = 0
      for await (const { id } of stream.frames) {
        expect(id).toBe('0')
        frames += 1
        end(stream)
      }
      return frames
    }
    const { streams } = world()
    expect(await ends(streams, (stream) => stream.close())).toBe(1)
    expect(await ends(streams, () => streams.close())).toBe(1)
    expect(() => streams.open(auditor, {})).toThrow(expect.objectContaining({ code: 'not_ready' }))
    expect(await ends(world({ ...PACE, streamMsMax: 20 }).streams, () => undefined)).toBe(1)
  })

  it('is one of few for one credential, and its place is free when it ends', () => {
    const { streams } = world()
    const open = Array.from({ length: STREAMS_PER_CREDENTIAL_MAX }, () => streams.open(auditor, {}))
    expect(() => streams.open(auditor, {})).toThrow(
      expect.objectContaining({
        code: 'rate_limited',
        message: expect.stringContaining(
          '33 open streams: the limit `events.streams_per_credential_max` is 32, which is fixed',
        ) as string,
      }),
    )
    streams.open(caller('another', { roles: ['auditor'] }), {})
    open[0]?.close()
    streams.open(auditor, {})
  })

  it('is refused to whoever may not read trust, and for a place that is none', () => {
    const { streams } = world()
    expect(() => streams.open(caller(null), {})).toThrow(expect.objectContaining({ code: 'unauthenticated' }))
    expect(() => streams.open(caller('nobody', { roles: [] }), {})).toThrow(expect.objectContaining({ code: 'forbidden' }))
    for (const since of ['x', '-1', '1.', '1.2.3', '9'.repeat(16), '1e3', ''])
      expect(() => streams.open(auditor, { since })).toThrow(expect.objectContaining({ code: 'bad_request' }))
  })
})
