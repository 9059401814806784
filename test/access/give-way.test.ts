import { describe, expect, it, vi } from 'vitest'

import { giveWay, giveWayInSteps, whileDeciding } from '../../src/access/give-way.ts'

/** A decision that is under way until it is told to end. */
function gatedDecision() {
  let end: () => void = () => undefined
  const decision = whileDeciding(() => new Promise<void>((resolve) => (end = resolve)))
  return { decision, end: () => end() }
}

/** Others that take a turn of the event loop, again and again until they are stopped. */
function takingTurns() {
  const stopping = new AbortController()
  let turns = 0
  const taking = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve))
      turns += 1
    }
  }
  const running = taking()
  return {
    turns: () => turns,
    stop: () => {
      stopping.abort()
      return running
    },
  }
}

describe('work that can wait', () => {
  it('goes on at once where nothing is decided', async () => {
    await expect(giveWay()).resolves.toBeUndefined()
  })

  it('goes on when the decisions under way are done, before the longest time', async () => {
    const one = gatedDecision()
    const two = gatedDecision()
    const order: string[] = []
    const waiting = giveWay().then(() => order.push('went on'))
    one.end()
    await one.decision
    order.push('one is done')
    two.end()
    await two.decision
    order.push('two is done')
    await waiting
    expect(order).toEqual(['one is done', 'two is done', 'went on'])
  })

  it('goes on beside decisions that do not end', async () => {
    const { decision, end } = gatedDecision()
    await expect(giveWay()).resolves.toBeUndefined()
    end()
    await decision
  })

  it('is not held up by a decision that failed', async () => {
    await expect(whileDeciding(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await expect(giveWay()).resolves.toBeUndefined()
  })

  it('takes one step at a time, in the order asked for, with others in between', async () => {
    const others = takingTurns()
    const order: { readonly name: string; readonly turns: number }[] = []
    const work = async (name: string) => {
      for (let at = 0; at < 2; at += 1) {
        await giveWay()
        order.push({ name, turns: others.turns() })
      }
    }
    await Promise.all([work('a'), work('b')])
    await others.stop()
    expect(order.map(({ name }) => name)).toEqual(['a', 'b', 'a', 'b'])
    expect(new Set(order.map((each) => each.turns)).size).toBe(4)
  })

  it('of many small pieces gives way after a millisecond of them, not after each', async () => {
    const others = takingTurns()
    const pieceDone = giveWayInSteps()
    let pieces = 0
    while (others.turns() < 3) {
      pieces += 1
      await pieceDone()
    }
    await others.stop()
    expect(pieces).toBeGreaterThan(6)
  })

  it('stands back while a decision is under way, and goes on after 10 ms of it', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    try {
      const { decision, end } = gatedDecision()
      let isOn = false
      const waiting = giveWay().then(() => (isOn = true))
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      vi.advanceTimersByTime(9)
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      expect(isOn).toBe(false)
      vi.advanceTimersByTime(1)
      await waiting
      end()
      await decision
    } finally {
      vi.useRealTimers()
    }
  })
})
