import { describe, expect, it } from 'vitest'

import { createEnginePool } from '../../src/risk/rules.ts'

/** A pool of numbered engines that says how many were made and how many were in use at once, each and all together. */
function observedPool(enginesMax: number) {
  const busy = new Set<number>()
  let made = 0
  let most = 0
  const pool = createEnginePool(() => (made += 1), enginesMax)
  const work = (failing = false): Promise<number> =>
    pool.use(async (engine) => {
      expect(busy.has(engine)).toBe(false)
      busy.add(engine)
      most = Math.max(most, busy.size)
      await new Promise((resolve) => setTimeout(resolve, 1))
      busy.delete(engine)
      if (failing) throw new Error('broken')
      return engine
    })
  return { work, made: () => made, most: () => most }
}

describe('an engine pool', () => {
  it('lends each engine to one piece of work at a time, and makes no more than its limit', async () => {
    const pool = observedPool(3)
    const used = await Promise.all(Array.from({ length: 50 }, () => pool.work()))
    expect(new Set(used)).toEqual(new Set([1, 2, 3]))
    expect([pool.made(), pool.most()]).toEqual([3, 3])
  })
  it('throws away an engine whose work failed, and goes on', async () => {
    const pool = observedPool(1)
    await expect(pool.work(true)).rejects.toThrow('broken')
    expect(await pool.work()).toBe(2)
    expect(await pool.work()).toBe(2)
  })
  it('goes on where an engine could not be made', async () => {
    let tries = 0
    const pool = createEnginePool(() => {
      tries += 1
      if (tries === 1) throw new Error('no memory')
      return tries
    }, 1)
    await expect(pool.use((engine) => Promise.resolve(engine))).rejects.toThrow('no memory')
    expect(await pool.use((engine) => Promise.resolve(engine))).toBe(2)
  })
})
