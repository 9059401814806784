import { describe, expect, it } from 'vitest'

import { decodeBase64 } from '../../src/audit/base64.ts'
import { noteVerifier, openCheckpoint } from '../../src/audit/note.ts'
import { verifyConsistency, verifyInclusion } from '../../src/audit/tree.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import type { Store } from '../../src/ledger/store.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { contain, record, tenantKey, verdict } from './records.ts'

/** The log's name in every contract run. */
export const ORIGIN = 'gradus.test/audit'

/** How an engine is opened for the contract: empty, and again over what the last one left (undefined: it forgets). */
export type Engine = {
  readonly name: string
  readonly open: () => Promise<Store & { readonly vkey: string }>
  readonly reopen?: (store: Store) => Promise<Store>
}

const SECRET = '/body/request/context'
const touchesTenant = [tenantKey()]
const append = (store: Store, ...numbers: readonly number[]): Promise<readonly number[]> =>
  store.transact([], (transaction) => numbers.map((number) => transaction.append({ record: record(number) }).leafIndex))
const containments = (store: Store): Promise<readonly string[]> =>
  store.read(touchesTenant, (view) => (view.document(tenantKey())?.containments ?? []).map(({ id }) => id))

/** What every store engine does alike. */
export function storeContract({ name, open, reopen }: Engine): void {
  const withStore = (run: (store: Store & { readonly vkey: string }) => Promise<void>) => async (): Promise<void> => {
    const store = await open()
    try {
      await run(store)
    } finally {
      await store.close()
    }
  }
  describe(`a ${name} store`, () => {
    it(
      'starts empty, with a signed head of the empty tree',
      withStore(async (store) => {
        expect(store.size()).toBe(0)
        expect(await store.tenants()).toEqual([])
        expect((await store.checkpoint()).split('\n').slice(0, 2)).toEqual([ORIGIN, '0'])
        expect(await store.proof(0)).toBeUndefined()
        expect(store.fenced()).toBeUndefined()
      }),
    )

    it(
      'gives leaf indexes in the order of the appends and keeps the records',
      withStore(async (store) => {
        expect(await append(store, 1, 2)).toEqual([0, 1])
        expect(await append(store, 3)).toEqual([2])
        expect(store.size()).toBe(3)
        const found = await store.query({ limit: 10 })
        expect(found.map(({ leafIndex, state }) => [leafIndex, state])).toEqual([0, 1, 2].map((index) => [index, 'whole']))
        expect(found[1]!.record).toEqual(record(2))
        expect(await store.tenants()).toEqual(['default'])
      }),
    )

    it.each([
      ['actor', 'a'.repeat(129)],
      ['tenant', 't'.repeat(129)],
      ['agent', 'a'.repeat(513)],
      ['decision_id', 'd'.repeat(65)],
    ])('refuses a record that nobody could verify: %s', (member, value) =>
      withStore(async (store) => {
        const change = store.transact([], (transaction) => transaction.append({ record: { ...record(1), [member]: value } }))
        await expect(change).rejects.toThrow('would not be read again')
        expect(store.size()).toBe(0)
        expect(await append(store, 1)).toEqual([0])
      })(),
    )

    it(
      'shows effects at once inside the transaction and to later ones',
      withStore(async (store) => {
        const seen = await store.transact(touchesTenant, (transaction) => {
          const before = transaction.stateVersion()
          transaction.append({ record: record(1, { effects: [contain('a')] }) })
          const inside = transaction.document(tenantKey())?.containments.length
          return {
            before,
            after: transaction.stateVersion(),
            inside,
            record: transaction.record('default', record(1).id)?.leafIndex,
          }
        })
        expect(seen).toEqual({ before: 0, after: 1, inside: 1, record: 0 })
        expect(await containments(store)).toEqual(['a'])
      }),
    )

    it(
      'leaves nothing of a change that throws',
      withStore(async (store) => {
        await store.transact(touchesTenant, (transaction) =>
          transaction.append({ record: record(1, { effects: [contain('a')] }) }),
        )
        const constants = { ...DEFAULT_TRUST_CONSTANTS, prior_units: 4 }
        const failing = store.transact(touchesTenant, (transaction) => {
          transaction.append({ record: record(2, { effects: [contain('b'), verdict('d'), { kind: 'constants', constants }] }) })
          transaction.append({ record: record(3, { effects: [{ kind: 'lift', id: 'a' }] }) })
          throw new Error('changed my mind')
        })
        await expect(failing).rejects.toThrow('changed my mind')
        const tripping: Effect = { kind: 'seen', agent: 'trap', action: 'x', denied: false, domains: [] }
        await expect(
          store.transact([], (transaction) => transaction.append({ record: record(4, { effects: [contain('c'), tripping] }) })),
        ).rejects.toThrow('the projector tripped')
        expect(await containments(store)).toEqual(['a'])
        expect(await store.list('verdicts', 'default')).toEqual([])
        expect(await store.read([], (view) => view.constants())).toEqual(DEFAULT_TRUST_CONSTANTS)
        expect(await store.read([], (view) => view.stateVersion())).toBe(1)
        expect(await append(store, 2)).toEqual([1])
      }),
    )

    it(
      'refuses a second record of the same id in one tenant, not in two',
      withStore(async (store) => {
        await append(store, 5)
        await expect(append(store, 5)).rejects.toMatchObject({ code: 'conflict' })
        await expect(append(store, 4, 4)).rejects.toMatchObject({ code: 'conflict' })
        const other = await store.transact([], (transaction) => transaction.append({ record: record(5, { tenant: 'other' }) }))
        expect(other.leafIndex).toBe(1)
        expect(await store.tenants()).toEqual(['default', 'other'])
      }),
    )

    it.each([
      ['a lone surrogate', { text: '\ud800' }],
      ['nesting without end', Array.from({ length: 200 }).reduce<Record<string, object>>((inner) => ({ inner }), {})],
    ])('refuses a record with %s before anything is changed', async (_what, body) => {
      await withStore(async (store) => {
        const bad = { ...record(1), body: body as never, effects: [contain('a')] }
        await expect(store.transact([], (transaction) => transaction.append({ record: bad }))).rejects.toThrow(/canonical/)
        expect(await containments(store)).toEqual([])
        expect(await append(store, 1)).toEqual([0])
      })()
    })

    it(
      'refuses a record that is too large for a leaf, and takes one whose size is in sealed members',
      withStore(async (store) => {
        const text = 'x'.repeat(3_000_000)
        const large = record(1, { body: { open: text } })
        const sealed = record(2, { body: { request: { context: { text } } } })
        await expect(store.transact([], (transaction) => transaction.append({ record: large }))).rejects.toMatchObject({
          code: 'too_large',
        })
        await store.transact([], (transaction) => transaction.append({ record: sealed }))
        expect((await store.query({ limit: 1 }))[0]!.record).toEqual(sealed)
      }),
    )

    it(
      'keeps the order of 1,000 concurrent transactions, each with its own place',
      withStore(async (store) => {
        const numbers = Array.from({ length: 1_000 }, (_, index) => index)
        const places = await Promise.all(numbers.map((number) => append(store, number + 1)))
        expect(places.flat()).toEqual(numbers)
        const found = await store.query({ limit: 1_000 })
        expect(found.map(({ record: each }) => each.id)).toEqual(numbers.map((number) => record(number + 1).id))
      }),
    )

    it(
      'finds a record and a document whether they are durable yet or not',
      withStore(async (store) => {
        const first = store.transact([], (transaction) =>
          transaction.append({ record: record(1, { effects: [verdict('d', 'ci')] }) }),
        )
        const key = { kind: 'verdicts', tenant: 'default', id: 'd' } as const
        const heard = (): Promise<readonly string[] | undefined> => store.read([key], (view) => view.document(key)?.heard)
        expect(await heard()).toEqual(['ci'])
        expect(await store.read([], (view) => view.record('default', record(1).id)?.record.at)).toBe(record(1).at)
        await first
        expect(await heard()).toEqual(['ci'])
        await store.transact([key], (transaction) =>
          transaction.append({ record: record(2, { effects: [verdict('d', 'human')] }) }),
        )
        expect(await heard()).toEqual(['ci', 'human'])
        expect(await store.list('verdicts', 'default')).toEqual(['d'])
        expect(await store.list('verdicts', 'other')).toEqual([])
        expect(await store.read([], (view) => view.record('other', record(1).id))).toBeUndefined()
      }),
    )

    it(
      'keeps tenants apart whatever their names look like',
      withStore(async (store) => {
        for (const [number, tenant] of ['a', 'a/', 'A', 'a%2F', 'ä'].entries()) {
          await store.transact([], (transaction) =>
            transaction.append({ record: record(1, { tenant, effects: [contain(String(number))] }) }),
          )
        }
        const seen = await store.read([], (view) =>
          ['a', 'a/', 'A', 'a%2F', 'ä'].map((tenant) => view.document(tenantKey(tenant))?.containments[0]?.id),
        )
        expect(seen).toEqual(['0', '1', '2', '3', '4'])
      }),
    )

    it(
      'answers queries by every filter, paged both ways',
      withStore(async (store) => {
        await store.transact([], (transaction) => {
          for (let number = 0; number < 300; number += 1) {
            const more = {
              agent: `agent-${number % 3}`,
              user: number % 5 === 0 ? 'ada' : null,
              outcome: number % 2 === 0 ? 'allow' : 'deny',
            }
            transaction.append({
              record: record(number, { ...more, kind: number % 7 === 0 ? 'outcome' : 'decision', action: `a${number % 4}` }),
            })
          }
        })
        const ids = async (query: Parameters<Store['query']>[0]): Promise<readonly number[]> =>
          (await store.query(query)).map(({ leafIndex }) => leafIndex)
        const all = Array.from({ length: 300 }, (_, index) => index)
        expect(await ids({ tenant: 'default', limit: 1_000 })).toEqual(all)
        expect(await ids({ tenant: 'other', limit: 10 })).toEqual([])
        expect(await ids({ agent: 'agent-1', limit: 1_000 })).toEqual(all.filter((each) => each % 3 === 1))
        expect(await ids({ user: 'ada', outcome: 'deny', limit: 1_000 })).toEqual(
          all.filter((each) => each % 5 === 0 && each % 2 === 1),
        )
        expect(await ids({ kinds: ['outcome'], limit: 1_000 })).toEqual(all.filter((each) => each % 7 === 0))
        expect(await ids({ kinds: ['outcome', 'decision'], action: 'a2', limit: 1_000 })).toEqual(
          all.filter((each) => each % 4 === 2),
        )
        expect(await ids({ kinds: [], limit: 10 })).toEqual([])
        expect(await ids({ decisionId: record(9).id, limit: 10 })).toEqual([9])
        expect(await ids({ since: record(10).at, until: record(13).at, limit: 10 })).toEqual([10, 11, 12])
        expect(await ids({ from: 290, limit: 5 })).toEqual([290, 291, 292, 293, 294])
        expect(await ids({ newestFirst: true, limit: 3 })).toEqual([299, 298, 297])
        expect(await ids({ newestFirst: true, from: 297, limit: 250 })).toEqual(all.slice(47, 297).reverse())
      }),
    )

    it.each([{ limit: 0 }, { limit: 1_001 }, { limit: 1.5 }, { limit: 1, since: 'yesterday' }, { limit: 1, from: -1 }])(
      'refuses the query %j',
      async (query) => {
        await withStore(async (store) => {
          await expect(store.query(query)).rejects.toMatchObject({ code: 'bad_request' })
        })()
      },
    )

    it(
      'proves every record under a signed head',
      withStore(async (store) => {
        await append(store, ...Array.from({ length: 70 }, (_, index) => index + 1))
        const verifier = noteVerifier(store.vkey)
        if (!verifier.ok) throw new Error(verifier.error.message)
        for (const leafIndex of [0, 1, 15, 16, 63, 64, 69]) {
          const proof = (await store.proof(leafIndex))!
          const opened = openCheckpoint(proof.checkpoint, [verifier.verifier], ORIGIN)
          if (!opened.ok) throw new Error(opened.error.message)
          const { size, root } = opened.checkpoint
          const claim = {
            index: leafIndex,
            size,
            root,
            leafHash: decodeBase64(proof.leafHash)!,
            proof: proof.path.map((each) => decodeBase64(each)!),
          }
          expect(verifyInclusion(claim)).toBe(true)
          expect(verifyInclusion({ ...claim, index: (leafIndex + 1) % 70 })).toBe(false)
        }
        expect(await store.proof(70)).toBeUndefined()
      }),
    )

    it(
      'proves that its newest signed tree continues each older one',
      withStore(async (store) => {
        const verifier = noteVerifier(store.vkey)
        if (!verifier.ok) throw new Error(verifier.error.message)
        const headOf = (note: string) => {
          const opened = openCheckpoint(note, [verifier.verifier], ORIGIN)
          if (!opened.ok) throw new Error(opened.error.message)
          return opened.checkpoint
        }
        const older = []
        for (let first = 1; first <= 40; first += 13) {
          await append(store, ...Array.from({ length: 13 }, (_, index) => first + index))
          await store.proof(store.size() - 1)
          older.push(headOf(await store.checkpoint()))
        }
        for (const { size: firstSize, root: firstRoot } of older) {
          const growth = (await store.growth(firstSize))!
          const { size: secondSize, root: secondRoot } = headOf(growth.checkpoint)
          expect(secondSize).toBe(growth.size)
          const claim = { firstSize, firstRoot, secondSize, secondRoot, proof: growth.path.map((each) => decodeBase64(each)!) }
          expect(verifyConsistency(claim)).toBe(true)
          if (firstSize < secondSize) expect(verifyConsistency({ ...claim, firstRoot: secondRoot })).toBe(false)
        }
        expect(await store.growth(0)).toMatchObject({ size: store.size(), path: [] })
        expect(await store.growth(store.size() + 1)).toBeUndefined()
      }),
    )

    it(
      'masks members at writing and erases them later, and the proof stays',
      withStore(async (store) => {
        const secret = record(1, {
          body: { request: { context: { customer: 'Ada', card: { number: '4242', expires: '12/30' } } } },
        })
        const masked = ['/body/request/context/card/number', '/body/request/nothing']
        const key = secret.id
        const states = await store.transact([], (transaction) => {
          transaction.append({ record: secret, masked })
          return transaction.record('default', key)
        })
        const kept = { request: { context: { customer: 'Ada', card: { expires: '12/30' } } } }
        expect(states).toMatchObject({ state: 'masked', record: { body: kept } })
        expect((await store.query({ limit: 1 }))[0]).toMatchObject({ state: 'masked', record: { body: kept } })
        const before = await store.proof(0)
        expect(await store.erasable(0, ['/body/other', SECRET, '/body/request'])).toEqual([SECRET, '/body/request'])
        expect(await store.erase([0], [SECRET])).toBe(1)
        expect(await store.erasable(0, [SECRET])).toEqual([])
        await expect(store.erasable(1, [SECRET])).rejects.toMatchObject({ code: 'not_found' })
        expect(await store.erase([0], [SECRET])).toBe(0)
        expect((await store.query({ limit: 1 }))[0]).toMatchObject({
          state: 'erased',
          record: { body: { request: {} } },
        })
        expect((await store.proof(0))!.leafHash).toBe(before!.leafHash)
        await expect(store.erase([1], [SECRET])).rejects.toMatchObject({ code: 'not_found' })
      }),
    )

    it.each(['/effects/0', '/body', 'body/x', '/agent', '/body/__proto__'])(
      'refuses to mask %j, and the record with it',
      async (pointer) => {
        await withStore(async (store) => {
          const change = store.transact([], (transaction) => transaction.append({ record: record(1), masked: [pointer] }))
          await expect(change).rejects.toMatchObject({ code: 'bad_policy' })
          expect(store.size()).toBe(0)
        })()
      },
    )

    it(
      'archives the bytes of a policy set once per digest',
      withStore(async (store) => {
        await store.archive('abc', Uint8Array.of(1, 2, 3))
        await store.archive('abc', Uint8Array.of(9))
        expect(Uint8Array.from((await store.archived('abc'))!)).toEqual(Uint8Array.of(1, 2, 3))
        expect(await store.archived('other')).toBeUndefined()
      }),
    )

    it('refuses work after it is closed, and closes twice', async () => {
      const store = await open()
      await store.close()
      await store.close()
      await expect(append(store, 1)).rejects.toMatchObject({ code: 'not_ready' })
      await expect(store.read([], () => 1)).rejects.toMatchObject({ code: 'not_ready' })
      await expect(store.query({ limit: 1 })).rejects.toMatchObject({ code: 'not_ready' })
    })

    if (reopen !== undefined) {
      it('has everything again after it is closed and opened', async () => {
        const store = await open()
        const constants = { ...DEFAULT_TRUST_CONSTANTS, prior_units: 4 }
        await store.transact(touchesTenant, (transaction) => {
          transaction.append({ record: record(1, { effects: [contain('a'), verdict('d'), { kind: 'constants', constants }] }) })
        })
        await store.archive('abc', Uint8Array.of(1))
        await store.close()
        const again = await reopen(store)
        try {
          expect(again.size()).toBe(1)
          expect(await containments(again)).toEqual(['a'])
          expect(await again.list('verdicts', 'default')).toEqual(['d'])
          expect(await again.read([], (view) => [view.stateVersion(), view.constants().prior_units])).toEqual([1, 4])
          expect(await again.read([], (view) => view.record('default', record(1).id)?.leafIndex)).toBe(0)
          expect(await again.archived('abc')).toBeDefined()
          await expect(append(again, 1)).rejects.toMatchObject({ code: 'conflict' })
          expect(await append(again, 2)).toEqual([1])
          expect((await again.checkpoint()).split('\n')[1]).toBe('1')
        } finally {
          await again.close()
        }
      })

      it('lets times rise also where the clock stepped back before it was opened again', async () => {
        const store = await open()
        await store.transact([], (transaction) => transaction.append({ record: record(1) }))
        await store.close()
        const again = await reopen(store)
        try {
          const earlier = record(2, { at: new Date(Date.parse(record(1).at) - 60_000).toISOString() })
          await again.transact([], (transaction) => transaction.append({ record: earlier }))
          expect((await again.query({ limit: 10 })).map((each) => each.record.at)).toEqual([record(1).at, record(1).at])
        } finally {
          await again.close()
        }
      })
    }
  })
}
