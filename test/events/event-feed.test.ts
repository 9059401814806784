import fc from 'fast-check'
import { expect, test, vi } from 'vitest'

import { type QueuedEvent, readEvents } from '../../src/events/event-feed.ts'
import { type EventIndex, INDEXED_RECORDS_MAX, indexEvents } from '../../src/events/event-index.ts'
import type { Store } from '../../src/ledger/store.ts'
import { log, nameOf } from '../webhooks/support.ts'

/** Everything from a place on, stretch by stretch. */
async function allFrom(store: Store, index: EventIndex | undefined, from: number): Promise<readonly QueuedEvent[]> {
  const told: QueuedEvent[] = []
  for (let at = from; at < store.size();) {
    const stretch = await readEvents(store, index, at)
    expect(stretch.next).toBeGreaterThan(at)
    told.push(...stretch.events)
    at = stretch.next
  }
  return told
}

test('what is known of the appended records tells the same events as reading the whole log, from any place', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 120 }), fc.nat(120), fc.nat(120), async (tells, watchedFrom, from) => {
      const before = log()
      for (const [index, tell] of tells.slice(0, watchedFrom).entries())
        await (tell ? before.tell(`event ${index}`) : before.pass())
      const records = log(before.store, 'watched')
      for (const [index, tell] of tells.slice(watchedFrom).entries())
        await (tell ? records.tell(`event ${index}`) : records.pass())
      expect(records.store.size()).toBe(tells.length)
      const known = await allFrom(records.store, records.index, from)
      expect(known).toEqual(await allFrom(records.store, undefined, from))
    }),
    { numRuns: 30 },
  )
})

test('a page of the end of the log reads only records that tell something', async () => {
  const records = log()
  for (let at = 0; at < 200; at += 1) await (at % 100 === 50 ? records.tell(`event ${at}`) : records.pass())
  const query = vi.spyOn(records.store, 'query')
  const { events, next, scanned } = await readEvents(records.store, records.index, 0)
  expect(events.map(({ event }) => nameOf(event))).toEqual(['event 50', 'event 150'])
  expect([next, scanned]).toEqual([200, false])
  expect(query).not.toHaveBeenCalled()
})

test('many records with events are read page by page, none left out', async () => {
  const records = log()
  for (let at = 0; at < 100; at += 1) await records.tell(`event ${at}`)
  expect((await allFrom(records.store, records.index, 5)).map(({ at }) => at.leaf_index)).toEqual(
    Array.from({ length: 95 }, (_, at) => at + 5),
  )
  expect((await readEvents(records.store, records.index, 5)).events.length).toBeLessThan(95)
})

test('records that become durable in another order are known only once those in front of them are', async () => {
  const records = log()
  const gates: (() => void)[] = []
  const slow = {
    ...records.store,
    transact: async (...given: Parameters<Store['transact']>) => {
      const value = await records.store.transact(...given)
      await new Promise<void>((resolve) => void gates.push(resolve))
      return value
    },
  } as Store
  const index = indexEvents(slow)
  const through = log(index.store)
  const writing = [through.tell('one'), through.tell('two')]
  await vi.waitFor(() => expect(gates).toHaveLength(2))
  gates[1]?.()
  await writing[1]
  expect(index.from(0)).toBeUndefined()
  gates[0]?.()
  await writing[0]
  expect(index.from(0)).toMatchObject({ end: 2, records: [{ leafIndex: 0 }, { leafIndex: 1 }] })
})

test('a change that fails, and one that index nothing, are not known', async () => {
  const records = log()
  await records.tell('one')
  await expect(
    records.store.transact([], () => {
      throw new Error('not this time')
    }),
  ).rejects.toThrow('not this time')
  await records.store.transact([], () => 1)
  expect(records.index.from(0)).toMatchObject({ end: 1 })
  expect(records.index.from(1)).toBeUndefined()
})

test('what is remembered has a bound, and what was forgotten is found in the log', async () => {
  const records = log()
  for (let at = 0; at <= INDEXED_RECORDS_MAX; at += 1) await records.tell(`event ${at}`)
  expect(records.index.from(0)).toBeUndefined()
  const start = INDEXED_RECORDS_MAX / 2 + 1
  expect(records.index.from(start - 1)).toBeUndefined()
  expect(records.index.from(start)?.records).toHaveLength(INDEXED_RECORDS_MAX / 2)
  expect((await readEvents(records.store, records.index, 3)).events[0]).toMatchObject({ at: { leaf_index: 3 } })
})
