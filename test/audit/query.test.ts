import { describe, expect, it } from 'vitest'

import { PAGE_RECORDS, walkRecords } from '../../src/audit/walk-records.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { projectSome, record } from '../stores/records.ts'
import { ORIGIN } from './log.ts'

const TOTAL = PAGE_RECORDS * 2 + 1
const store = createMemoryStore({ project: projectSome, origin: ORIGIN })
await store.transact([], (transaction) => {
  for (let number = 0; number < TOTAL; number += 1)
    transaction.append({ record: record(number, { user: number % 2 === 0 ? 'ada' : null }) })
})

const walk = async (query: Parameters<typeof walkRecords>[1]): Promise<readonly number[]> => {
  const found: number[] = []
  for await (const { leafIndex } of walkRecords(store, query)) found.push(leafIndex)
  return found
}
const all = Array.from({ length: TOTAL }, (_, index) => index)

describe('walking the records', () => {
  it('goes over page borders to the end of the log, in either direction', async () => {
    expect(await walk({})).toEqual(all)
    expect(await walk({ newestFirst: true })).toEqual(all.toReversed())
    expect(await walk({ user: 'ada' })).toEqual(all.filter((each) => each % 2 === 0))
  })

  it.each([0, 1, PAGE_RECORDS, PAGE_RECORDS + 1, TOTAL, TOTAL + 1])('stops after %i records when told to', async (limit) => {
    expect(await walk({ limit })).toEqual(all.slice(0, limit))
  })

  it('starts where it is told to', async () => {
    expect(await walk({ from: TOTAL - 2 })).toEqual([TOTAL - 2, TOTAL - 1])
    expect(await walk({ from: 2, newestFirst: true })).toEqual([1, 0])
  })
})
