import { describe, expect, it } from 'vitest'

import { createHoldBack } from '../../src/http/connection/slow-refusals.ts'

describe('refusals of one source', () => {
  it('are answered at once until there are too many, then later, while those of others are not held back', async () => {
    let nowMs = 1_000_000
    const holdBack = createHoldBack(() => nowMs)
    const atOnce = Array.from({ length: 200 }, () => holdBack('192.0.2.1')).filter((held) => held === undefined)
    expect(atOnce).toHaveLength(100)
    expect(holdBack('192.0.2.2')).toBeUndefined()
    await holdBack('192.0.2.1')
    nowMs += 10_000
    expect(holdBack('192.0.2.1')).toBeUndefined()
  })

  it('of any number of sources take bounded memory: all begin anew when there are too many', () => {
    const holdBack = createHoldBack(() => 0)
    for (let attempt = 0; attempt < 101; attempt += 1) void holdBack('first')
    expect(holdBack('first')).toBeInstanceOf(Promise)
    for (let source = 0; source < 10_000; source += 1) void holdBack(`other-${source}`)
    expect(holdBack('first')).toBeUndefined()
  })
})
