import { describe, expect, it } from 'vitest'

import { FairQueue, type FairQueueBounds } from '../../src/access/fair-queue.ts'

/** A queue whose work ends when it is told to, and the order in which its work began. */
function gated(bounds: FairQueueBounds) {
  const queue = new FairQueue(bounds, (waiting) => new Error(`full: ${waiting}`))
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const ask = (tenant: string, credential: string | null, name: string) =>
    queue.run({ tenant, credential }, () => {
      begun.push(name)
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)))
    })
  /** Ends what began, one after the other, until as many have begun and ended as said. */
  const endAll = async (count: number) => {
    for (let at = 0; at < count; at += 1) {
      await settled()
      ends.get(begun[at] ?? '')?.()
    }
    await settled()
  }
  return { queue, begun, ask, endAll }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the fair queue', () => {
  it('takes turns over tenants, then over the credentials of a tenant', async () => {
    const { begun, ask, endAll } = gated({ atATimeMax: 1, ofTenantMax: 1, waitingMax: 9 })
    const all = [
      ...['a1', 'a2', 'a3'].map((name) => ask('acme', 'one', name)),
      ...['b1', 'b2'].map((name) => ask('acme', null, name)),
      ...['c1', 'c2'].map((name) => ask('other', 'one', name)),
    ]
    await endAll(7)
    expect(begun).toEqual(['a1', 'a2', 'c1', 'b1', 'c2', 'a3', 'b2'])
    expect(await Promise.all(all)).toHaveLength(7)
  })

  it('leaves room for others when the work of one tenant does not end', async () => {
    const { begun, ask } = gated({ atATimeMax: 3, ofTenantMax: 2, waitingMax: 9 })
    for (const name of ['a1', 'a2', 'a3', 'a4']) void ask('acme', 'one', name)
    void ask('other', 'one', 'b1')
    await settled()
    expect(begun).toEqual(['a1', 'a2', 'b1'])
  })

  it('refuses what is too much for one credential, and only that', async () => {
    const { begun, ask } = gated({ atATimeMax: 1, ofTenantMax: 1, waitingMax: 1 })
    for (const name of ['a1', 'a2']) void ask('acme', 'one', name)
    await expect(ask('acme', 'one', 'a3')).rejects.toThrow('full: 1')
    void ask('acme', 'two', 'b1')
    await settled()
    expect(begun).toEqual(['a1'])
  })

  it('goes on after work that failed', async () => {
    const { queue } = gated({ atATimeMax: 1, ofTenantMax: 1, waitingMax: 1 })
    const of = { tenant: 'acme', credential: 'one' }
    await expect(queue.run(of, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await expect(queue.run(of, () => Promise.resolve(1))).resolves.toBe(1)
  })

  it('never begins the work of who has left, and gives its place to the next', async () => {
    const { queue, ask, begun, endAll } = gated({ atATimeMax: 1, ofTenantMax: 1, waitingMax: 1 })
    const of = { tenant: 'acme', credential: 'one' }
    const first = ask('acme', 'one', 'a1')
    const leaving = new AbortController()
    const left = queue.run(of, () => Promise.resolve(begun.push('never')), leaving.signal)
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    const next = ask('acme', 'one', 'a2')
    await endAll(2)
    expect(await Promise.all([first, next])).toEqual(['a1', 'a2'])
    expect(begun).toEqual(['a1', 'a2'])
    await expect(queue.run(of, () => Promise.resolve(1), leaving.signal)).rejects.toThrow('left')
  })
})
