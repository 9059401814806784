import { describe, expect, test } from 'vitest'

import { type Event, EVENT_TYPES } from '../../src/events/event.ts'
import { eventsOf } from '../../src/events/events-of-record.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import type { AuditRecord } from '../../src/ledger/record.ts'
import { administrator, ask, caller, gateway, verifier } from '../support/callers.ts'
import { START_MS, testService } from '../support/test-service.ts'

const AT = new Date(START_MS).toISOString()
const DIGEST = 'd'.repeat(64)

function recordWith(effects: readonly Effect[], more: Partial<AuditRecord> = {}): AuditRecord {
  const record = recordOf({
    kind: 'operator',
    id: 'record-1',
    caller: caller('ops', { roles: ['operator'] }),
    atMs: START_MS,
    agent: 'coding-agent',
    action: 'deploy',
    decisionId: 'decision-1',
    body: {},
    effects,
  })
  return { ...record, ...more }
}

function eventsIn(record: AuditRecord): readonly Event[] {
  return eventsOf({ leafIndex: 41, record, state: 'whole' })
}

const approval = {
  id: 'decision-1',
  request_digest: DIGEST,
  agent: 'coding-agent',
  human: null,
  requester: 'gateway',
  not_by: [],
  action: 'deploy',
  scope: 'deployment:full' as const,
  band: 'high' as const,
  requested_at_ms: START_MS,
  expires_at_ms: START_MS + 900_000,
  expired_at_ms: null,
  redeem_within_ms: 900_000,
  approvers_needed: 2,
  votes: [],
  withdrawn_at_ms: null,
  redeemed_by: null,
  stake: 'proposal' as const,
}
const vote = { person: 'mara', verdict: 'approve' as const, reason: 'looked at it', at_ms: START_MS }
const override = {
  id: 'override-1',
  agent: 'coding-agent',
  scope: 'deployment:full' as const,
  action: null,
  people: ['mara'],
  reason: 'site is down',
  at_ms: START_MS,
  until_ms: START_MS + 60_000,
}
const incident = {
  id: 'incident-1',
  class: 'kill_switch' as const,
  reach: 'agent' as const,
  scope: null,
  cap: 0,
  review: true,
}
const containment = { id: 'c-1', target: { kind: 'tenant' as const }, by: 'person' as const, reason: 'stop', at_ms: START_MS }
const hold = { id: 'h-1', scope: null, reason: 'disagreement' as const, source: 'critic', units: 2, cap: 0.6999, at_ms: START_MS }
const step = (of: Extract<Effect, { kind: 'approval' }>['step']): Effect => ({
  kind: 'approval',
  request_digest: DIGEST,
  step: of,
})

describe('each kind of effect is told as one event', () => {
  test.each<[Event['type'], Effect, object, Partial<AuditRecord>?]>([
    [
      'approval.requested',
      step({ kind: 'requested', approval }),
      {
        approval: {
          request_digest: DIGEST,
          state: 'pending',
          scope: 'deployment:full',
          band: 'high',
          approvers_needed: 2,
          ends_at: new Date(START_MS + 900_000).toISOString(),
        },
      },
      { kind: 'decision' },
    ],
    [
      'approval.decided',
      step({ kind: 'voted', vote }),
      { approval: { request_digest: DIGEST, state: 'approved', verdict: 'approve', person: 'mara' } },
      { outcome: 'approved' },
    ],
    ['approval.withdrawn', step({ kind: 'withdrawn' }), { approval: { request_digest: DIGEST, state: 'withdrawn' } }],
    ['approval.expired', step({ kind: 'expired' }), { approval: { request_digest: DIGEST, state: 'expired' } }],
    [
      'approval.redeemed',
      step({ kind: 'redeemed', by: 'decision-2' }),
      { approval: { request_digest: DIGEST, state: 'redeemed', redeemed_by: 'decision-2' } },
    ],
    [
      'override.opened',
      { kind: 'override', override },
      {
        override: {
          id: 'override-1',
          people: ['mara'],
          reason: 'site is down',
          until: new Date(START_MS + 60_000).toISOString(),
        },
      },
    ],
    [
      'override.confirmed',
      { kind: 'override', override: { ...override, people: ['mara', 'noor'] } },
      { override: { people: ['mara', 'noor'] } },
    ],
    ['override.ended', { kind: 'override_ended', id: 'override-1' }, { override: { id: 'override-1' } }],
    ['incident.raised', { kind: 'incident', agent: 'other', incident }, { agent: 'other', incident }],
    [
      'incident.reviewed',
      { kind: 'review', agent: 'other', incident_id: 'incident-1', false_positive: true },
      { agent: 'other', incident: { id: 'incident-1', false_positive: true } },
    ],
    ['hold.placed', { kind: 'hold', agent: 'other', hold }, { agent: 'other', hold }],
    ['hold.resolved', { kind: 'hold_resolved', agent: 'other', id: 'h-1' }, { agent: 'other', hold: { id: 'h-1' } }],
    [
      'session.bounded',
      { kind: 'session', agent: 'other', session: 's-1', cap: { source: 'session:risk', value: 0.49 }, used: null },
      { agent: 'other', session: 's-1', cap: { source: 'session:risk', value: 0.49 }, used: null },
    ],
    ['containment.set', { kind: 'contain', containment }, { containment }],
    ['containment.lifted', { kind: 'lift', id: 'c-1' }, { containment: { id: 'c-1' } }],
    [
      'agent.promoted',
      { kind: 'promote', agent: 'other', scope: 'deployment:full', level: 2, human: true },
      { agent: 'other', scope: 'deployment:full', level: 2 },
    ],
  ])('%s', (type, effect, data, more = {}) => {
    const header = {
      tenant: 'default',
      agent: 'coding-agent',
      action: 'deploy',
      decision_id: 'decision-1',
      actor: 'credential:ops',
      record_id: 'record-1',
      leaf_index: 41,
    }
    const events = eventsIn(recordWith([effect], more))
    expect(events).toMatchObject([{ type, timestamp: AT, data: { ...header, ...data } }])
    expect(EVENT_TYPES).toContain(type)
  })

  test('what only counts is not told', () => {
    const scope = 'deployment:full' as const
    const quiet: readonly Effect[] = [
      { kind: 'posture', agent: 'a', posture: {} },
      { kind: 'coverage', agent: 'a', scope, verified: 1, missed: 0 },
      { kind: 'timed_ceiling', agent: 'a', source: 's', value: 1, until_ms: START_MS },
      { kind: 'seen', agent: 'a', action: 'deploy', denied: false, domains: [] },
      { kind: 'release', agent: 'a', decision_id: 'd' },
      { kind: 'owe', agent: 'a', scope, decision_id: 'd', verify_by_ms: START_MS },
      { kind: 'delegator', agent: 'a', scope, weight: 1, event_time_ms: START_MS },
      { kind: 'charge', agent: 'a', scope, tool: null, decision_id: 'd', amount: 1, verify_by_ms: null },
    ]
    expect(eventsIn(recordWith(quiet))).toEqual([])
    expect(eventsIn(recordWith([]))).toEqual([])
  })
})

test('a policy set is told with the one before it, and modes that were loosened on their own', async () => {
  const { service, store } = await testService()
  const [first] = await store.query({ kinds: ['policy_set'], limit: 1 })
  const activated = first?.record as AuditRecord
  const policySet = { digest: service.policySet().digest, former: null }
  expect(eventsIn(activated)).toMatchObject([{ type: 'policy_set.activated', data: { policy_set: policySet } }])
  const loosened = { ...activated, body: { ...activated.body, modes_loosened: ['tenant acme: enforce to observe'] } }
  expect(eventsIn(loosened)).toMatchObject([
    { type: 'policy_set.activated' },
    { type: 'mode.loosened', data: { modes: ['tenant acme: enforce to observe'] } },
  ])
})

test('an agent that falls is told with its scope and levels, by what brought it down', async () => {
  const { service, store, earn } = await testService()
  await earn('coding-agent', 'source_control:full', 3)
  const from = store.size()
  await service.raiseIncident(administrator, { agent: 'coding-agent', class: 'kill_switch' })
  const [raised] = (await store.query({ from, limit: 10 })).map(eventsOf)
  expect(raised?.map(({ type }) => type)).toEqual(['incident.raised', 'agent.demoted'])
  expect(raised?.[1]?.data).toMatchObject({ agent: 'coding-agent', scope: 'source_control:full', from: 3 })
})

test('a grave failure is told as the incident and the fall that it is, and shows no argument', async () => {
  const { service, store, earn } = await testService()
  await earn('finance-agent', 'bookkeeping:light', 3)
  const decision = await service.evaluate(
    gateway,
    ask('finance-agent', 'categorise_expense', {
      arguments: { amount: 12, currency: 'EUR', note: 'hunter2' },
      resource: { type: 'expense', id: 'e-1', properties: { note: 'hunter2' } },
      context: { purpose: 'hunter2' },
    }),
  )
  const from = store.size()
  const answer = await service.reportOutcome(verifier, {
    decision_id: decision.decision_id,
    class: 'harmful',
    result: { said: 'hunter2' },
    detail: 'hunter2',
  })
  const [stored] = await store.query({ from, limit: 1 })
  const events = eventsOf(stored!)
  expect(stored?.record.body['changes']).toEqual(answer.changes.map((change) => ({ agent: 'finance-agent', ...change })))
  expect(events.map(({ type }) => type).sort()).toEqual(['agent.demoted', 'incident.raised'])
  for (const { data } of events)
    expect(data).toMatchObject({ agent: 'finance-agent', action: 'categorise_expense', decision_id: decision.decision_id })
  const all = (await store.query({ limit: 1_000 })).flatMap(eventsOf)
  expect(JSON.stringify(all)).not.toContain('hunter2')
})
