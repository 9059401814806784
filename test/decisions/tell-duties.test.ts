import { describe, expect, it } from 'vitest'

import { eventsOf } from '../../src/events/events-of-record.ts'
import { type LogEntry, loudObserver } from '../../src/http/log.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { TOLD_QUIET_MS } from '../../src/ledger/told.ts'
import { ask, gateway } from '../support/callers.ts'
import { type TestService, testService } from '../support/test-service.ts'

const costly = (agent = 'finance-agent') => ask(agent, 'purchase', { arguments: { amount: 10_001 } })
const escalating = () => ask('operations-agent', 'request_oauth_scope')

/** Decides, and gives back the body of the record and its events about duties. */
async function decided({ service, store }: TestService, asked = costly(), who = gateway) {
  const { decision_id } = await service.evaluate(who, asked)
  const stored = await store.read([], (view) => view.record('default', decision_id))
  if (stored === undefined) throw new Error('not recorded')
  return { body: stored.record.body, events: eventsOf(stored).filter(({ type }) => type.startsWith('duty.')), id: decision_id }
}

describe('a decision on behalf of a team', () => {
  const forTeam = (id: string, agent = 'finance-agent') =>
    ask(agent, 'purchase', { arguments: { amount: 10_001 }, context: { on_behalf_of: { type: 'team', id } } })
  const proving = { ...gateway, trusted_chain: true }

  it.each([
    ['the owner of the team, where the credential proves it', forTeam('platform'), proving, 'dave'],
    ['the owner of the agent, where only the body says so', forTeam('platform'), gateway, 'carol'],
    ['the owner of the team, where the agent has none', forTeam('platform', 'stranger'), gateway, 'dave'],
    ['the owner of the agent, where nobody knows the team', forTeam('nobody'), proving, 'carol'],
    ['nobody, where neither has one', forTeam('nobody', 'stranger'), proving, null],
  ])('tells %s', async (_whom, asked, who, owner) => {
    const tested = await testService()
    const { body } = await decided(tested, asked, who)
    expect(body['duties']).toMatchObject({ notify_owner: { owner } })
  })

  it('names the team with its owner in its record and in the event, whoever else is told', async () => {
    const { body, events } = await decided(await testService(), forTeam('platform'))
    const team = { id: 'platform', owner: 'dave' }
    expect(body['facts']).toMatchObject({ team, parties: { team: { type: 'team', id: 'platform' }, links: [] } })
    expect(events).toMatchObject([{ data: { owner: 'carol', team } }])
  })

  it('that nobody knows is denied, and has no owner', async () => {
    const { body, events } = await decided(await testService(), forTeam('nobody'))
    expect(body['facts']).not.toHaveProperty('team')
    expect(body['decision']).toMatchObject({
      outcome: 'deny',
      reasons: expect.arrayContaining(['chain_unknown_team']) as unknown,
    })
    expect(events[0]?.data).not.toHaveProperty('team')
  })

  it('asks for an approval with who answers for the team', async () => {
    const tested = await testService()
    await tested.earn('support-agent', 'tickets:light', 2)
    const asked = ask('support-agent', 'update_ticket', {
      resource: { type: 'ticket', id: 'ticket-7' },
      context: { on_behalf_of: { type: 'team', id: 'billing' } },
    })
    const { decision_id, approval } = await tested.service.evaluate(gateway, asked)
    expect(approval?.state).toBe('pending')
    const stored = await tested.store.read([], (view) => view.record('default', decision_id))
    const requested = eventsOf(stored!).find(({ type }) => type === 'approval.requested')
    expect(requested?.data).toMatchObject({ approval: { team: { id: 'billing', owner: 'carol' } } })
  })
})

describe('a decision that comes with notify_owner', () => {
  it('tells the owner of the catalogue: in its record, an event, a metric and a log line', async () => {
    const lines: LogEntry[] = []
    const metrics = createMetrics()
    const loud = loudObserver((line) => lines.push(line))
    const tested = await testService({
      observe: (observation) => {
        metrics.observer(observation)
        loud(observation)
      },
    })
    const { body, events, id } = await decided(tested)
    expect(body['duties']).toEqual({ notify_owner: { told: true, owner: 'carol' } })
    expect(events).toMatchObject([
      {
        type: 'duty.notify_owner',
        data: {
          agent: 'finance-agent',
          action: 'purchase',
          decision_id: id,
          owner: 'carol',
          outcome: 'deny',
          limiting: ['base', 'trust'],
        },
      },
    ])
    expect(await metrics.text()).toContain('gradus_duties_total{duty="notify_owner",result="told"} 1')
    expect(lines).toMatchObject([
      { level: 'warn', event: 'notify_owner', agent: 'finance-agent', owner: 'carol', action: 'purchase', decision: id },
    ])
  })

  it('tells the same once an hour, and of each action by itself; every record says what came of it', async () => {
    const lines: LogEntry[] = []
    const tested = await testService({ observe: loudObserver((line) => lines.push(line)) })
    const told = async (asked = costly()) => {
      const { body, events } = await decided(tested, asked)
      return [(body['duties'] as Record<string, { told: boolean }>)['notify_owner']?.told, events.length]
    }
    expect(await told()).toEqual([true, 1])
    expect(await told()).toEqual([false, 0])
    expect(await told(ask('finance-agent', 'wire_transfer', { arguments: { amount: 10_001 } }))).toEqual([true, 1])
    tested.clock.advance(TOLD_QUIET_MS - 1)
    expect(await told()).toEqual([false, 0])
    tested.clock.advance(1)
    expect(await told()).toEqual([true, 1])
    expect(lines).toHaveLength(3)
    expect(tested.observations.filter(({ kind }) => kind === 'duty')).toHaveLength(5)
  })

  it('makes no storm of made-up agents and actions: each counts as one', async () => {
    const tested = await testService()
    const events = []
    for (const made of ['a', 'b', 'c']) events.push(...(await decided(tested, ask(`bot-${made}`, 'request_oauth_scope'))).events)
    expect(events.map(({ data }) => data['agent'])).toEqual(['bot-a'])
    const activity = await tested.store.read([], (view) =>
      view.document({ kind: 'activity', tenant: 'default', id: 'agents:unknown' }),
    )
    expect(activity?.told?.map(({ what }) => what)).toEqual(['alert_soc', 'permission_escalation'])
  })

  it('says where nobody owns the agent', async () => {
    const tested = await testService({
      policySet: (policySet) => ({ ...policySet, catalogue: { ...policySet.catalogue, owners: () => ({}) } }),
    })
    const { body, events } = await decided(tested)
    expect(body['duties']).toEqual({ notify_owner: { told: true, owner: null } })
    expect(events).toMatchObject([{ data: { owner: null } }])
  })
})

describe('a decision that comes with alert_soc', () => {
  it('alerts, also where it denies', async () => {
    const tested = await testService()
    const { body, events } = await decided(tested, escalating())
    expect(body).toMatchObject({ duties: { alert_soc: { told: true } }, decision: { outcome: 'deny' } })
    expect(events).toMatchObject([
      { type: 'duty.alert_soc', data: { agent: 'operations-agent', limiting: ['base', 'trust', 'category', 'hard'] } },
    ])
  })
})

describe('a decision that is only observed', () => {
  it('tells nobody: it comes with no duty but those of the base', async () => {
    const { body, events } = await decided(await testService({ config: { modes: [{ mode: 'observe' }] } }))
    expect(body['duties']).toBeUndefined()
    expect(events).toEqual([])
  })
})

describe('a decision without such a duty', () => {
  it('has no member about it, and leaves no trace in the activity', async () => {
    const tested = await testService()
    expect((await decided(tested, ask('coding-agent', 'run_tests'))).body['duties']).toBeUndefined()
    const activity = await tested.store.read([], (view) =>
      view.document({ kind: 'activity', tenant: 'default', id: 'coding-agent' }),
    )
    expect(activity).not.toHaveProperty('told')
  })
})
