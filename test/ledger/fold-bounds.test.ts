import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import type { HeldFiling } from '../../src/ledger/documents/tally.ts'
import type { Effect, EffectOf } from '../../src/ledger/effect.ts'
import { movedUnits } from '../../src/ledger/fold/bounds.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { boundsKey, filingsKey, sessionKey, TOOLS_KEY } from '../../src/ledger/keys.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import { type Hold, HOLDS_MAX, newBounds, SESSION_ENTRIES_MAX, SESSION_MEMORY_MS } from '../../src/trust/bounds.ts'
import { START_MS } from '../support/test-service.ts'
import { memoryState } from './memory-state.ts'

const agent = 'mailer'
const scope: ScopeKey = 'mail:light'
const fold = (state: ReturnType<typeof memoryState>, effects: readonly Effect[], nowMs = START_MS) =>
  project(effects, nowMs, 'default', state)
const hold = (id: string, more: Partial<Hold> = {}): Hold => ({
  id,
  scope,
  reason: 'possible_slander',
  source: 'critic',
  units: 1,
  cap: null,
  at_ms: START_MS,
  ...more,
})
const placed = (one: Hold): Effect => ({ kind: 'hold', agent, hold: one })
const filing = (under: string, decisionId: string): HeldFiling => ({
  hold: under,
  decision_id: decisionId,
  scope,
  reason: 'possible_slander',
  at_ms: START_MS,
  verdict: { layer: 'outcome', class: 'failed', gravity: 'minor', source: 'human', by: 'critic', event_time_ms: START_MS },
})
const boundsAfter = (...effects: readonly Effect[]) => {
  const state = memoryState()
  fold(state, effects)
  return state.document(boundsKey('default', agent)) ?? newBounds()
}
const many = (count: number): Hold[] => Array.from({ length: count }, (_, at) => hold(`h-${String(at)}`))

describe('holds', () => {
  it('of a known id replace it, and are as many as there is room for', () => {
    const all = many(HOLDS_MAX)
    const again = hold('h-7', { units: 9 })
    const { holds } = boundsAfter(...all.map(placed), placed(again))
    expect(holds).toEqual([...all.filter(({ id }) => id !== 'h-7'), again])
  })

  const oldest = fc.record({
    scope: fc.constantFrom<(ScopeKey | null)[]>(scope, 'files:full', null),
    units: fc.integer({ min: 0, max: 9 }),
    cap: fc.constantFrom(null, 0, 0.2, 0.6),
  })

  it('beyond that make one of the two oldest, which caps wherever and as low as both did', () => {
    fc.assert(
      fc.property(oldest, oldest, (first, second) => {
        const all = [hold('first', first), hold('second', second), ...many(HOLDS_MAX - 1)]
        const caps = [first.cap, second.cap].filter((cap) => cap !== null)
        const { holds } = boundsAfter(...all.map(placed))
        expect(holds).toEqual([
          hold('second', {
            scope: first.scope === second.scope ? first.scope : null,
            units: first.units + second.units,
            cap: caps.length === 0 ? null : Math.min(...caps),
          }),
          ...all.slice(2),
        ])
      }),
      { numRuns: 60 },
    )
  })

  it('that become one take along what waits under them, and leave alone what waits under others', () => {
    const state = memoryState()
    const waiting = [filing('h-0', 'd-0'), filing('h-9', 'd-9'), filing('h-0', 'd-1')]
    fold(state, many(HOLDS_MAX).map(placed))
    fold(
      state,
      waiting.map((each): Effect => ({ kind: 'filing', agent, filing: each })),
    )
    fold(state, [placed(hold('one-more'))])
    const heldBy = () => state.document(filingsKey('default', agent))?.held.map((each) => [each.hold, each.decision_id])
    const passed = [
      ['h-1', 'd-0'],
      ['h-9', 'd-9'],
      ['h-1', 'd-1'],
    ]
    expect(heldBy()).toEqual(passed)
    // What was passed on goes with the hold it was passed to.
    fold(state, [
      { kind: 'hold_resolved', agent, id: 'h-5' },
      { kind: 'hold_resolved', agent, id: 'h-1' },
    ])
    expect(heldBy()).toEqual([['h-9', 'd-9']])
    expect(state.document(boundsKey('default', agent))?.holds.some(({ id }) => id === 'h-1' || id === 'h-5')).toBe(false)
  })

  it('without anything that waits under them write nothing of what waits', () => {
    const state = memoryState()
    fold(state, [...many(HOLDS_MAX + 1).map(placed), { kind: 'hold_resolved', agent, id: 'h-9' }])
    expect(state.document(filingsKey('default', agent))).toBeUndefined()
    fold(state, [{ kind: 'filing', agent, filing: filing('h-20', 'd') }, placed(hold('a')), placed(hold('b'))])
    expect(state.document(filingsKey('default', agent))?.held).toEqual([filing('h-20', 'd')])
  })
})

describe('units with a tool that moved', () => {
  const success = (more: Partial<EffectOf<'evidence'>> = {}): Effect => ({
    kind: 'evidence',
    agent,
    scope,
    layer: 'outcome',
    polarity: 'positive',
    weight: 1,
    kappa: 0,
    event_time_ms: START_MS,
    verifier: null,
    counts: true,
    self_flagged: false,
    blast: 0,
    tool: 'send',
    ...more,
  })
  const taken = (weight: number): Effect => ({
    kind: 'take_back',
    agent,
    scope,
    layer: 'outcome',
    weight,
    event_time_ms: START_MS,
    counted: true,
    tool: 'send',
  })

  it('are those of its successes that stand, in its scope, and never below none', () => {
    const units = (...effects: readonly Effect[]) => movedUnits(boundsAfter(...effects), scope, 'send')
    expect(units()).toBe(0)
    expect(units(success(), success({ weight: 0.5 }))).toBe(1.5)
    expect(units(success(), success({ polarity: 'negative', kappa: 1 }))).toBe(1)
    expect(units(success(), success({ layer: 'context' }))).toBe(1)
    expect(units(success(), success({ scope: 'files:full' }), success({ tool: 'read' }))).toBe(1)
    expect(units(success(), taken(0.25))).toBe(0.75)
    expect(units(taken(1), success())).toBe(1)
  })

  it('are none where no tool is named', () => {
    const untooled = success()
    delete (untooled as { tool?: string }).tool
    expect(boundsAfter(untooled).moved).toEqual({})
  })
})

describe('places of tools', () => {
  it('remember no scope for a tool that is new, and keep one that is named no more', () => {
    const state = memoryState()
    fold(state, [{ kind: 'tools', places: { constructor: 'a:full' } }])
    fold(state, [{ kind: 'tools', places: { send: scope } }])
    fold(state, [{ kind: 'tools', places: { constructor: 'b:full' } }])
    expect(Object.entries(state.document(TOOLS_KEY) ?? {})).toEqual([
      ['constructor', { scope: 'b:full', from: ['a:full'] }],
      ['send', { scope, from: [] }],
    ])
  })
})

describe('a session', () => {
  const bounded = (more: Partial<EffectOf<'session'>>): Effect => ({
    kind: 'session',
    agent,
    session: 's',
    cap: null,
    used: null,
    ...more,
  })
  const key = sessionKey('default', agent, 's')
  const cap = (source: string, value: number) => ({ cap: { source, value } })

  it('remembers each agent once and the least cap of each source, and forgets all of it when its time is over', () => {
    const state = memoryState()
    fold(state, [bounded({ used: 'a' }), bounded({ used: 'a' }), bounded(cap('x', 0.5)), bounded(cap('x', 0.6))])
    fold(state, [bounded(cap('y', 0.7)), bounded(cap('x', 0.4))])
    const caps = [cap('y', 0.7).cap, cap('x', 0.4).cap]
    expect(state.document(key)).toEqual({ caps, used: ['a'], until_ms: START_MS + SESSION_MEMORY_MS })
    const laterMs = START_MS + SESSION_MEMORY_MS
    fold(state, [bounded({ used: 'b' })], laterMs)
    expect(state.document(key)).toEqual({ caps: [], used: ['b'], until_ms: laterMs + SESSION_MEMORY_MS })
  })

  it.each([
    ['agents', (at: number) => bounded({ used: `a-${String(at)}` })],
    ['caps', (at: number) => bounded(cap(`x-${String(at)}`, 0.5))],
  ])('with more %s than it remembers is not trusted at all', (_of, nth) => {
    const state = memoryState()
    fold(
      state,
      Array.from({ length: SESSION_ENTRIES_MAX }, (_, at) => nth(at)),
    )
    const { caps = [], used = [] } = state.document(key) ?? {}
    expect([...caps, ...used]).toHaveLength(SESSION_ENTRIES_MAX)
    fold(state, [nth(SESSION_ENTRIES_MAX)])
    expect(state.document(key)).toMatchObject({ caps: [{ source: 'session:too_much', value: 0 }], used })
  })
})

describe('ceilings with an end, coverage and posture', () => {
  it('replace what is known of their source, and forget what is over', () => {
    const ceiling = (source: string, value: number, untilMs: number): Effect => ({
      kind: 'timed_ceiling',
      agent,
      source,
      value,
      until_ms: untilMs,
    })
    const state = memoryState()
    fold(state, [ceiling('a', 0.5, START_MS + 1), ceiling('b', 0.4, START_MS + DAY_MS), ceiling('b', 0.6, START_MS + DAY_MS)])
    fold(state, [ceiling('c', 0.3, START_MS + DAY_MS)], START_MS + 1)
    expect(state.document(boundsKey('default', agent))?.timed.map(({ source, value }) => [source, value])).toEqual([
      ['b', 0.6],
      ['c', 0.3],
    ])
  })

  it('take what was so later, member by member; of the time of the record where none is told', () => {
    const state = memoryState()
    fold(state, [{ kind: 'posture', agent, posture: { delegator_mfa: true }, event_time_ms: START_MS - 5 }])
    fold(state, [{ kind: 'posture', agent, posture: { attested: { ok: true } } }])
    const late: Effect = {
      kind: 'posture',
      agent,
      posture: { delegator_mfa: false, attested: { ok: false } },
      event_time_ms: START_MS - 1,
    }
    fold(state, [late, { kind: 'coverage', agent, scope, verified: 3, missed: 1 }])
    expect(state.document(boundsKey('default', agent))).toMatchObject({
      posture: { delegator_mfa: false, attested: { ok: true } },
      posture_ms: { delegator_mfa: START_MS - 1, attested: START_MS },
      coverage: { [scope]: { verified: 3, missed: 1, t_ms: START_MS } },
    })
  })
})
