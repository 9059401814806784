import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project, type ProjectionState } from '../../src/ledger/fold/fold.ts'
import { LAYERS } from '../../src/model/layer.ts'
import type { Level } from '../../src/model/level.ts'
import { DEFAULT_TRUST_CONSTANTS as constants } from '../../src/trust/default-constants.ts'
import { promotionGates } from '../../src/trust/promotion.ts'
import type { AgentTrust } from '../../src/trust/stored-trust.ts'
import { operator } from '../support/callers.ts'
import { START_MS, testService, type TestService } from '../support/test-service.ts'
import { memoryState } from './memory-state.ts'

const agent = 'support-agent'
const scope = 'tickets:light'
const key = { kind: 'agent', tenant: 'default', id: agent } as const

function memory(stored?: AgentTrust): ProjectionState {
  const state = memoryState()
  if (stored !== undefined) state.put(key, stored)
  return state
}

/** Evidence of so many units in every layer. */
const units = (good: number, bad: number, atMs: number): Effect[] =>
  LAYERS.flatMap((layer) =>
    (
      [
        ['positive', good],
        ['negative', bad],
      ] as const
    )
      .filter(([, weight]) => weight > 0)
      .flatMap(([polarity, weight]) =>
        Array.from({ length: Math.ceil(weight) }, (_, index): Effect => ({
          kind: 'evidence',
          agent,
          scope,
          layer,
          polarity,
          weight: Math.min(1, weight - index),
          kappa: polarity === 'positive' ? 0 : 1,
          event_time_ms: atMs,
          verifier: `v${String(index % 3)}`,
          counts: layer === 'outcome',
          self_flagged: false,
          blast: 0,
        })),
      ),
  )

describe('a recorded promotion', () => {
  it('is projected with the time its gates were read at, however much later it gets its place in the log', () => {
    const state = fc.record({
      level: fc.constantFrom<Level>(0, 1, 2, 3),
      good: fc.double({ min: 3, max: 70, noNaN: true }),
      bad: fc.constantFrom(0, 0, 0.1),
      idleDays: fc.constantFrom(0, 1, 7, 7.5, 30, 31),
      lagMs: fc.constantFrom(0, 1, 1_000, 60_000, 3 * DAY_MS),
      human: fc.boolean(),
    })
    let promotions = 0
    fc.assert(
      fc.property(state, ({ level, good, bad, idleDays, lagMs, human }) => {
        const before = memory()
        project(units(good, bad, START_MS), START_MS, 'default', before)
        const known = before.document(key)
        const trust = known?.scopes[scope]
        if (known === undefined || trust === undefined) throw new Error('the agent has a record')
        const ladder = { ...trust.ladder, level, k: 2_000, e: 20, sinceMs: START_MS - 90 * DAY_MS }
        const after = memory({ ...known, scopes: { [scope]: { ...trust, ladder } } })
        const atMs = START_MS + idleDays * DAY_MS
        const stored = after.document(key)
        if (stored === undefined) throw new Error('the agent is stored')
        if (!promotionGates(stored, scope, { nowMs: atMs, human }, constants).every(({ passed }) => passed)) return
        promotions += 1
        const to = (level + 1) as Level
        const changes = project(
          [{ kind: 'promote', agent, scope, level: to, human, at_ms: atMs }],
          atMs + lagMs,
          'default',
          after,
        )
        expect(changes).toEqual([{ kind: 'promoted', scope, from: level, to }])
        expect(after.document(key)?.scopes[scope]?.ladder).toMatchObject({ level: to, sinceMs: atMs })
      }),
      { numRuns: 300 },
    )
    expect(promotions).toBeGreaterThan(30)
  })

  it('does not fail because something else was recorded between reading the clock and taking its turn', async () => {
    const race: { intrude?: () => Promise<void> } = {}
    const tested: TestService = await testService({
      store: (store) => ({
        ...store,
        transact: async (touches, change) => {
          const { intrude } = race
          delete race.intrude
          await intrude?.()
          return store.transact(touches, change)
        },
      }),
    })
    // Exactly at the threshold of L1: any time at all takes it away.
    const at = tested.clock.nowMs()
    const light = Array.from({ length: 5 }, () => units(0.4, 0, at).filter(isOutcome)).flat()
    await tested.write([...units(3, 0, at), ...light])
    race.intrude = async () => {
      tested.clock.advance(60_000)
      await tested.write([])
      tested.clock.set(at)
    }
    expect(await tested.service.promoteDue()).toBe(1)
    const { scopes } = await tested.service.agentTrust(operator, agent)
    expect(scopes.find((one) => one.scope === scope)?.level_granted).toBe(1)
  })
})

describe('a review that finds nothing', () => {
  it('gives the level back as far as trust supports it, and says so', () => {
    const state = memory()
    project([...units(150, 0, START_MS), ...units(150, 0, START_MS)], START_MS, 'default', state)
    const stored = state.document(key)
    const trust = stored?.scopes[scope]
    if (stored === undefined || trust === undefined) throw new Error('the agent has a record')
    const granted = memory({ ...stored, scopes: { [scope]: { ...trust, ladder: { ...trust.ladder, level: 3 } } } })
    const incident = { id: 'i', class: 'injection_suspected', reach: 'agent', scope: null, cap: 0.4, review: true } as const
    project([{ kind: 'incident', agent, incident }], START_MS + 1, 'default', granted)
    project(units(0, 5, START_MS + 2).filter(isOutcome), START_MS + 2, 'default', granted)
    const review: Effect = { kind: 'review', agent, incident_id: 'i', false_positive: true }
    expect(project([review], START_MS + 3, 'default', granted)).toMatchObject([
      { kind: 'incident_reviewed' },
      { kind: 'restored', from: 1, to: 3 },
      { kind: 'demoted', from: 3, to: 2 },
    ])
    expect(granted.document(key)?.scopes[scope]?.ladder.level).toBe(2)
  })
})

const isOutcome = (effect: Effect): boolean => effect.kind === 'evidence' && effect.layer === 'outcome'
