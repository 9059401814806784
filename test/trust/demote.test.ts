import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { type Level, LEVELS } from '../../src/model/level.ts'
import { demoteScope } from '../../src/trust/demotion.ts'
import { addIncident, reviewAndSettle } from '../../src/trust/incidents.ts'
import { evidenceRequired } from '../../src/trust/ladder.ts'
import { scopeOf } from '../../src/trust/stored-trust.ts'
import { agentAt, C, CRM, MAIL, NOW, RUNS, view } from './support.ts'

const injection = (id: string) =>
  ({ id, class: 'injection_suspected', reach: 'agent', cap: 0.4, review: true, atMs: NOW }) as const
const ladderOf = (agent: Parameters<typeof scopeOf>[0]) => scopeOf(agent, MAIL).ladder

describe("a person's demotion", () => {
  it('takes the rungs above a level: no strike, k and e start over, and the start-over is paid for', () => {
    const before = agentAt(3, 500, 0, MAIL, { verifiers: ['a', 'b'] })
    const grown = {
      ...before,
      scopes: { [MAIL]: { ...scopeOf(before, MAIL), ladder: { ...ladderOf(before), k: 9, e: 2, strikes: 1 } } },
    }
    const { agent, changes } = demoteScope(grown, { scope: MAIL, level: 1, nowMs: NOW + 5 }, C)
    expect(ladderOf(agent)).toEqual({ ...ladderOf(grown), level: 1, k: 0, e: 0, sinceMs: NOW + 5, restarts: 1 })
    expect(scopeOf(agent, MAIL).verifiers).toEqual([])
    expect(evidenceRequired(ladderOf(agent), 2, NOW, C) - evidenceRequired(ladderOf(grown), 2, NOW, C)).toBeCloseTo(Math.LN2)
    const score = view(grown).demotion_score
    expect(changes).toEqual([{ kind: 'demoted', scope: MAIL, from: 3, to: 1, demotion_score: score, by: 'person' }])
    expect(view(agent).score).toBe(view(grown).score)
    expect(view(agent).level_effective).toBe(1)
  })

  it('that takes nothing changes nothing, not even a time; nor in a scope that is not there', () => {
    const agent = agentAt(2, 100)
    for (const level of [2, 3, 4] as const) expect(demoteScope(agent, { scope: MAIL, level, nowMs: NOW }, C).agent).toBe(agent)
    expect(demoteScope(agent, { scope: CRM, level: 0, nowMs: NOW }, C)).toEqual({ agent, changes: [] })
  })

  it('holds against the false positive of an incident before it, which gives back its strike and no rung above', () => {
    const before = agentAt(3, 500)
    const fallen = addIncident(before, injection('i'), C).agent
    expect(ladderOf(fallen)).toMatchObject({ level: 1, strikes: 1 })
    const { agent, changes } = demoteScope(fallen, { scope: MAIL, level: 1, nowMs: NOW + 1 }, C)
    expect(changes).toEqual([])
    const cleared = reviewAndSettle(agent, { id: 'i', falsePositive: true, atMs: NOW + 2 }, C)
    expect(ladderOf(cleared.agent)).toMatchObject({ level: 1, strikes: 0, restarts: 1 })
    const untouched = reviewAndSettle(fallen, { id: 'i', falsePositive: true, atMs: NOW + 2 }, C)
    expect(ladderOf(untouched.agent)).toMatchObject({ level: 3, strikes: 0, restarts: 0 })
  })

  it('never lifts, and doing it twice is doing it once', () => {
    const levels = fc.constantFrom<Level>(...LEVELS)
    fc.assert(
      fc.property(levels, levels, fc.boolean(), (granted, level, fell) => {
        const start = agentAt(granted, 800)
        const before = fell ? addIncident(start, injection('i'), C).agent : start
        const once = demoteScope(before, { scope: MAIL, level, nowMs: NOW }, C).agent
        expect(ladderOf(once).level).toBe(Math.min(ladderOf(before).level, level))
        expect(view(once).level_effective).toBeLessThanOrEqual(view(before).level_effective)
        expect(demoteScope(once, { scope: MAIL, level, nowMs: NOW + 1 }, C).agent).toBe(once)
        const cleared = reviewAndSettle(once, { id: 'i', falsePositive: true, atMs: NOW + 1 }, C).agent
        expect(ladderOf(cleared).level).toBeLessThanOrEqual(level)
      }),
      { numRuns: RUNS },
    )
  })
})
