import { describe, expect, it } from 'vitest'

import { isAlarming, withEscalationAlarm } from '../../src/decisions/rules/escalation.ts'
import type { Verdict } from '../../src/evidence/rules/weighing.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import { DAY_MS, HOUR_MS } from '../../src/format/time.ts'
import { ask, gateway } from '../support/callers.ts'
import { START_MS, type TestService, testService } from '../support/test-service.ts'

const ACTIONS = ['request_oauth_scope', 'modify_permissions', 'grant_agent_access'] as const

/** Asks, and gives back what of the record is about escalation. */
async function attempt({ service, store }: TestService, action: string = ACTIONS[0], agent = 'operations-agent') {
  const { decision_id, outcome } = await service.evaluate(gateway, ask(agent, action))
  const stored = await store.read([], (view) => view.record('default', decision_id))
  if (stored === undefined) throw new Error('not recorded')
  const { body, effects } = stored.record
  const evidence = effects.filter((effect) => effect.kind === 'evidence')
  const events = eventsOf(stored).filter(({ type }) => type === 'escalation.repeated')
  return { outcome, escalation: body['escalation'], watch: body['watch'], evidence, events }
}

describe.each([
  ['no detector', {}],
  ['every detector', { detectors: { layers: ['identity', 'behaviour', 'context'] } }],
])('an agent that asks for permissions, with %s', (_, config) => {
  it('is denied, counted, and an alarm of the behaviour layer from the second time on, whatever it asks for', async () => {
    const tested = await testService({ config })
    const first = await attempt(tested, ACTIONS[0])
    expect(first).toMatchObject({
      outcome: 'deny',
      escalation: { attempts: 1, told: false, owner: expect.any(String) },
      events: [],
    })
    expect(first.evidence.filter(({ layer }) => layer === 'behaviour')).toEqual([])
    const second = await attempt(tested, ACTIONS[1])
    expect(second).toMatchObject({
      outcome: 'deny',
      escalation: { attempts: 2, told: true },
      events: [{ data: { agent: 'operations-agent', attempts: 2, outcome: 'deny', action: ACTIONS[1] } }],
    })
    expect(second.evidence).toMatchObject([{ agent: 'operations-agent', layer: 'behaviour', polarity: 'negative' }])
    expect(second.watch === undefined).toBe(!('detectors' in config))
  })
})

describe('attempts at permission escalation', () => {
  it('lower trust in the write of the second decision, not of the first', async () => {
    const tested = await testService()
    const scope = 'identity:full'
    await tested.earn('operations-agent', scope, 2)
    const failed = async () => {
      const key = { kind: 'agent', tenant: 'default', id: 'operations-agent' } as const
      const stored = await tested.store.read([], (view) => view.document(key))
      return stored?.scopes[scope]?.layers.behaviour.s
    }
    await attempt(tested)
    expect(await failed()).toBe(0)
    await attempt(tested)
    expect(await failed()).toBeGreaterThan(0)
  })

  it('are told once an hour, and forgotten after a day', async () => {
    const tested = await testService()
    const told: unknown[] = []
    const next = async (ms: number) => {
      tested.clock.advance(ms)
      const { escalation, events } = await attempt(tested)
      told.push([(escalation as { attempts: number }).attempts, events.length])
    }
    await next(0)
    await next(1_000)
    await next(1_000)
    await next(HOUR_MS)
    await next(DAY_MS + HOUR_MS)
    expect(told).toEqual([
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 1],
      [1, 0],
    ])
    expect(tested.observations).toContainEqual(
      expect.objectContaining({ kind: 'duty', duty: 'permission_escalation', told: false }),
    )
  })

  it('of agents outside the catalogue are told of, and weigh nothing', async () => {
    const tested = await testService()
    await attempt(tested, ACTIONS[0], 'stranger-1')
    const second = await attempt(tested, ACTIONS[0], 'stranger-2')
    expect(second).toMatchObject({
      escalation: { attempts: 2, owner: null },
      evidence: [],
      events: [{ data: { agent: 'stranger-2' } }],
    })
  })

  it('are not what other denied actions are', async () => {
    const { escalation, events } = await attempt(await testService(), 'delete_records')
    expect({ escalation, events }).toEqual({ escalation: undefined, events: [] })
  })
})

describe('the alarm among the verdicts of detectors', () => {
  const verdict = (layer: Verdict['layer'], gravity: Verdict['gravity']): Verdict => ({
    ...{ layer, gravity, class: 'anomalous', source: 'deterministic', by: 'gradus:detectors', event_time_ms: START_MS },
  })
  const context = verdict('context', 'minor')
  const alarm = verdict('behaviour', 'minor')
  it.each([
    ['stands alone', [], [alarm]],
    ['stands beside another layer', [context], [alarm, context]],
    ['takes the place of a doubt', [verdict('behaviour', 'ambiguous'), context], [alarm, context]],
    ['gives way to what is as grave', [verdict('behaviour', 'moderate')], [verdict('behaviour', 'moderate')]],
  ])('%s', (_, found, together) => {
    expect(withEscalationAlarm(found, 2, START_MS)).toEqual(together)
    expect(withEscalationAlarm(found, 1, START_MS)).toEqual(found)
  })
  it.each([
    [null, false],
    [1, false],
    [2, true],
    [3, true],
  ])('attempt %j: %s', (attempts, alarming) => {
    expect(isAlarming(attempts)).toBe(alarming)
  })
})
