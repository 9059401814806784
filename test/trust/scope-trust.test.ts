import { describe, expect, it } from 'vitest'

import { scopeTrust } from '../../src/trust/scope-trust-answer.ts'
import { agentAt, C, MAIL, NOW } from './support.ts'

describe('a scope as people see it', () => {
  it('names the next rung with every gate and what is missing', () => {
    const { next } = scopeTrust(agentAt(3, 600), MAIL, { nowMs: NOW }, C)
    expect(next?.level).toBe(4)
    expect(next?.gates.some(({ gate, passed }) => gate === 'human' && !passed)).toBe(true)
  })

  it('has no next rung at the top', () => {
    expect(scopeTrust(agentAt(4, 600), MAIL, { nowMs: NOW }, C).next).toBeNull()
  })

  it('asks only the layers that have a source for what they say together', () => {
    const live = scopeTrust(agentAt(3, 600), MAIL, { nowMs: NOW, liveLayers: ['outcome'] }, C)
    const { layers, fused_opinion, conflict } = live
    expect(layers.behaviour.live).toBe(false)
    expect(fused_opinion.u).toBeCloseTo(layers.outcome.opinion.u, 4)
    expect(conflict).toBe(0)
  })
})
