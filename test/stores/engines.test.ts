import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { Effect } from '../../src/ledger/effect.ts'
import type { Store } from '../../src/ledger/store.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { ORIGIN } from './contract.ts'
import { temporaryDirectories } from './directories.ts'
import { contain, projectSome, record, tenantKey, verdict } from './records.ts'

const newDirectory = temporaryDirectories()
let stores: readonly Store[]
let next = 1

beforeAll(async () => {
  const sqlite = { dataDir: newDirectory(), checkpointIntervalMs: 60_000, nowMs: Date.now }
  stores = [
    createMemoryStore({ project: projectSome, origin: ORIGIN }),
    await createSqliteStore({ ...sqlite, project: projectSome, origin: ORIGIN }),
  ]
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
})

const name = fc.constantFrom('a', 'b', 'c')
const effect = fc.oneof(
  name.map((id): Effect => contain(id)),
  name.map((id): Effect => ({ kind: 'lift', id })),
  fc.tuple(name, name).map(([decision, source]): Effect => verdict(decision, source)),
)
const tenant = fc.constantFrom('default', 'other')
const change = fc.record({
  records: fc.array(fc.record({ tenant, effects: fc.array(effect, { maxLength: 3 }) }), { maxLength: 3 }),
  fails: fc.boolean(),
})

/** All that can be seen of two tenants. */
const seen = (store: Store): Promise<unknown> =>
  store.read([], (view) => [
    view.stateVersion(),
    ...['default', 'other'].flatMap((each) => [
      view.document(tenantKey(each)),
      ...['a', 'b', 'c'].map((id) => view.document({ kind: 'verdicts', tenant: each, id })),
    ]),
  ])

describe('the engines', () => {
  it('agree on state and log after any changes, failing ones among them, sent at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
        const first = next
        next += changes.flatMap(({ records }) => records).length
        const answers = await Promise.all(
          stores.map(async (store) => {
            let number = first
            const running = changes.map(({ records, fails }) =>
              store.transact([], (transaction) => {
                const start = number
                number += records.length
                const places = records.map(({ tenant: each, effects }, offset) =>
                  transaction.append({ record: record(start + offset, { tenant: each, effects }) }),
                )
                if (fails) throw new Error('on purpose')
                return places
              }),
            )
            const early = await seen(store)
            const settled = await Promise.allSettled(running)
            const places = settled.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))
            return {
              early,
              places,
              late: await seen(store),
              size: store.size(),
              last: await store.query({ newestFirst: true, limit: 10 }),
            }
          }),
        )
        expect(answers[1]).toEqual(answers[0])
        expect(answers[0]!.late).toEqual(answers[0]!.early)
      }),
      { numRuns: 50 },
    )
  })
})
