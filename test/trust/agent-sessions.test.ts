import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  type AgentSessions,
  everywhereUntil,
  type FoundInjection,
  INJECTIONS_MAX,
  injectionsWith,
  SHARED_ENTRIES_MAX,
  unvouchedCeilings,
  withInjection,
  withSession,
} from '../../src/trust/agent-sessions.ts'

const NOW_MS = 1_000
const found = (record_id: string, until_ms: number, everywhere_until_ms: number | null = null): FoundInjection => ({
  record_id,
  decision_id: null,
  action: null,
  by: 'detectors',
  confidence: 0.9,
  reason: 'signs of prompt injection',
  at_ms: NOW_MS,
  until_ms,
  everywhere_until_ms,
})
const cap = (value: number, until_ms: number) => ({ caps: [{ value }], used: [], until_ms })
const least = (sessions: AgentSessions | undefined, atMs: number) =>
  Math.min(1, ...unvouchedCeilings(sessions, atMs, () => 0.5).map(({ value }) => value))

describe('what bounds the sessions of an agent together', () => {
  it('is nothing where nothing bounds any', () => {
    expect(unvouchedCeilings(undefined, NOW_MS, () => 0)).toEqual([])
  })

  it('is the lowest ceiling of all of them for as long as each lasts', () => {
    const sessions = withSession(withSession(undefined, cap(0.4, 1_100), NOW_MS), cap(0.69, 1_200), NOW_MS)
    expect([1_050, 1_100, 1_200].map((atMs) => least(sessions, atMs))).toEqual([0.4, 0.69, 1])
    expect(unvouchedCeilings(sessions, 1_150, () => 0)).toEqual([{ source: 'session:unvouched', value: 0.69 }])
  })

  it('forgets what another one outlasts at its value or below, and what is over', () => {
    const longer = withSession(withSession(undefined, cap(0.69, 1_100), NOW_MS), cap(0.4, 1_200), NOW_MS)
    expect(longer.caps).toEqual([{ value: 0.4, until_ms: 1_200 }])
    expect(withSession(longer, cap(0.49, 1_200), NOW_MS).caps).toEqual([{ value: 0.4, until_ms: 1_200 }])
    expect(withSession(longer, cap(0.9, 1_300), 1_200).caps).toEqual([{ value: 0.9, until_ms: 1_300 }])
  })

  it('holds the agents whose output any session rests on, for as long as that one lasts', () => {
    const first = withSession(undefined, { caps: [], used: ['reader', 'writer'], until_ms: 1_100 }, NOW_MS)
    const sessions = withSession(first, { caps: [], used: ['writer'], until_ms: 1_200 }, NOW_MS)
    expect(unvouchedCeilings(sessions, 1_099, (agent) => (agent === 'reader' ? 0.2 : 0.3))).toEqual([
      { source: 'session:output_of:reader', value: 0.2 },
      { source: 'session:output_of:writer', value: 0.3 },
    ])
    expect(unvouchedCeilings(sessions, 1_100, () => 0.3)).toEqual([{ source: 'session:output_of:writer', value: 0.3 }])
    expect(withSession(sessions, cap(1, 2_000), 1_200).used).toEqual([])
  })

  it('trusts nothing until the last has ended where more agents were used than are remembered', () => {
    const used = Array.from({ length: SHARED_ENTRIES_MAX }, (_, at) => `agent-${String(at)}`)
    const full = withSession(undefined, { caps: [], used, until_ms: 1_500 }, NOW_MS)
    expect([full.used.length, full.caps]).toEqual([SHARED_ENTRIES_MAX, []])
    const over = withSession(full, { caps: [], used: ['one more'], until_ms: 1_200 }, NOW_MS)
    expect(over).toMatchObject({ used: [], caps: [{ value: 0, until_ms: 1_500 }] })
  })

  it('never loses a cap: never above any of them, also where they are more than can be remembered', () => {
    const entry = fc.record({ value: fc.integer({ min: 0, max: 100 }), lasts: fc.integer({ min: 1, max: 500 }) })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 120 }), fc.nat(700), (entries, later) => {
        let sessions: AgentSessions | undefined
        entries.forEach(({ value, lasts }, at) => {
          sessions = withSession(sessions, cap(value / 100, at + lasts), at)
        })
        const atMs = entries.length + later
        const open = entries.filter(({ lasts }, at) => at + lasts > atMs).map(({ value }) => value / 100)
        expect(least(sessions, atMs)).toBeLessThanOrEqual(Math.min(1, ...open))
        expect(sessions?.caps.length ?? 0).toBeLessThanOrEqual(SHARED_ENTRIES_MAX)
        if (entries.length <= SHARED_ENTRIES_MAX) expect(least(sessions, atMs)).toBe(Math.min(1, ...open))
      }),
    )
  })

  it('folds the caps that end first into their lowest until the last of them', () => {
    const many = Array.from({ length: SHARED_ENTRIES_MAX + 2 }, (_, at) => cap(at / 100, 2_000 + at))
    const sessions = many.reduce<AgentSessions | undefined>((before, each) => withSession(before, each, NOW_MS), undefined)
    expect(sessions?.caps[0]).toEqual({ value: 0, until_ms: 2_002 })
    expect(sessions?.caps).toHaveLength(SHARED_ENTRIES_MAX)
  })
})

describe('findings of an injection', () => {
  it('are kept once by their record while they last', () => {
    const one = withInjection(undefined, found('a', 1_100), NOW_MS)
    expect(withInjection(one, found('a', 1_200), NOW_MS).injections).toEqual([found('a', 1_200)])
    expect(withInjection(one, found('b', 1_200), 1_100).injections).toEqual([found('b', 1_200)])
    expect(withSession(one, cap(0.4, 1_300), NOW_MS).injections).toEqual([found('a', 1_100)])
  })

  it('those that last longest are kept, and the one that lowers everything for longest', () => {
    const wide = found('wide', 1_001, 1_001)
    const many = Array.from({ length: INJECTIONS_MAX + 2 }, (_, at) => found(`f-${String(at)}`, 1_100 + at))
    const kept = many.reduce((before, each) => injectionsWith(before, each, NOW_MS), injectionsWith([], wide, NOW_MS))
    expect(kept.map(({ record_id }) => record_id)).toEqual(['wide', 'f-9', 'f-8', 'f-7', 'f-6', 'f-5', 'f-4', 'f-3'])
    expect([everywhereUntil(wide), everywhereUntil(found('b', 2))]).toEqual([1_001, 0])
  })

  it('lose no end: neither that of the session, nor that of everything', () => {
    const entry = fc.record({
      until: fc.integer({ min: 1_001, max: 1_100 }),
      wide: fc.option(fc.integer({ min: 1_001, max: 1_100 })),
    })
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), (entries) => {
        const all = entries.map(({ until, wide }, at) =>
          found(`f-${String(at)}`, until, wide === null ? null : Math.min(wide, until)),
        )
        const kept = all.reduce<readonly FoundInjection[]>((before, each) => injectionsWith(before, each, NOW_MS), [])
        const last = (of: (each: FoundInjection) => number, list: readonly FoundInjection[]) => Math.max(...list.map(of))
        expect(last(({ until_ms }) => until_ms, kept)).toBe(last(({ until_ms }) => until_ms, all))
        expect(last(everywhereUntil, kept)).toBe(last(everywhereUntil, all))
      }),
    )
  })
})
