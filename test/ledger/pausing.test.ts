import { describe, expect, it } from 'vitest'

import { UNKNOWN_AGENTS_ACCOUNT } from '../../src/ledger/accounts.ts'
import { newActivity } from '../../src/ledger/activity.ts'
import { consequencesOf } from '../../src/ledger/changes.ts'
import type { Approval } from '../../src/ledger/documents/approval.ts'
import type { Effect, EffectOf } from '../../src/ledger/effect.ts'
import { activityKey, approvalKey, inboxKey, pausesKey } from '../../src/ledger/keys.ts'
import { pauseEffects } from '../../src/ledger/pausing.ts'
import { memoryState } from './memory-state.ts'

const AGENT = 'mailer'
const SCOPE = 'mail:light'
const NOW = 1_000
type State = ReturnType<typeof memoryState>

const approvalOf = (id: string, more: Partial<Approval>): Approval => ({
  id,
  request_digest: id.padEnd(64, '0'),
  agent: AGENT,
  human: null,
  requester: 'gateway',
  not_by: ['gateway'],
  action: 'send',
  scope: SCOPE,
  band: 'low',
  requested_at_ms: 0,
  expires_at_ms: NOW + 1,
  redeem_within_ms: 9,
  approvers_needed: 1,
  votes: [],
  withdrawn_at_ms: null,
  expired_at_ms: null,
  redeemed_by: null,
  stake: 'proposal',
  ...more,
})

/** A state in which these approvals wait. */
function waiting(...approvals: readonly Approval[]): State {
  const state = memoryState()
  const open = approvals.map(({ id, request_digest, agent, expires_at_ms: until_ms }) => ({
    id,
    request_digest,
    agent,
    until_ms,
  }))
  state.put(inboxKey('default'), { open })
  for (const each of approvals) state.put(approvalKey('default', each.request_digest), each)
  return state
}

function running(state: State, account: string, ids: readonly string[], scope = SCOPE): State {
  const outstanding = ids.map((decision_id) => ({ decision_id, scope, tool: 'send', verify_by_ms: NOW + 1 }))
  state.put(activityKey('default', account), { ...newActivity(), outstanding })
  return state
}

const incident = (scope: string | null, id = 'i'): Effect => ({
  kind: 'incident',
  agent: AGENT,
  incident: { id, class: 'injection_suspected', reach: scope === null ? 'agent' : 'scope', scope, cap: 0.4, review: true },
})
const contain = (target: EffectOf<'contain'>['containment']['target']): Effect => ({
  kind: 'contain',
  containment: { id: 'c', target, by: 'person', reason: 'r', at_ms: NOW },
})
const pausedIn = (state: State, ...effects: readonly Effect[]): readonly EffectOf<'paused'>[] =>
  consequencesOf(effects, NOW, 'default', state).effects.flatMap((effect) => (effect.kind === 'paused' ? [effect] : []))

describe('what a write pauses', () => {
  it('is named with the incident: what waits and what runs in its reach, of the agent itself, in time', () => {
    const state = waiting(
      approvalOf('a', {}),
      approvalOf('b', { scope: 'files:light' }),
      approvalOf('c', { agent: 'other', not_by: [AGENT] }),
      approvalOf('d', { expires_at_ms: NOW }),
    )
    running(state, AGENT, ['r'])
    const target = { kind: 'scope', agent: AGENT, scope: SCOPE }
    expect(pausedIn(state, incident(SCOPE))).toEqual([
      { kind: 'paused', pause: { id: 'i', cause: 'incident', target }, approvals: ['a'], reservations: ['r'], complete: true },
    ])
    expect(state.document(pausesKey('default', AGENT))?.marks).toEqual([{ id: 'i', cause: 'incident', target, at_ms: NOW }])
  })

  it('of a whole agent is in every scope', () => {
    const state = running(waiting(approvalOf('a', {}), approvalOf('b', { scope: 'files:light' })), AGENT, ['r'], 'files:full')
    expect(pausedIn(state, incident(null))).toMatchObject([
      { pause: { target: { kind: 'agent', agent: AGENT } }, approvals: ['a', 'b'], reservations: ['r'] },
    ])
  })

  it.each<[string, State]>([
    ['nothing waits or runs', memoryState()],
    [
      'only something in another scope does',
      running(waiting(approvalOf('a', { scope: 'files:light' })), AGENT, ['r'], 'files:full'),
    ],
    ['only something of another agent does', running(waiting(approvalOf('a', { agent: 'other' })), 'other', ['r'])],
  ])('by an incident is nothing where %s', (_what, state) => {
    expect(pausedIn(state, incident(SCOPE))).toEqual([])
    expect(state.document(pausesKey('default', AGENT))).toBeUndefined()
  })

  it('may be more than is named where agents outside the catalogue run something', () => {
    const state = running(memoryState(), UNKNOWN_AGENTS_ACCOUNT, ['r'])
    const target = { kind: 'scope', agent: AGENT, scope: SCOPE }
    expect(pausedIn(state, incident(SCOPE))).toMatchObject([
      { pause: { target }, approvals: [], reservations: [], complete: false },
    ])
  })

  it('is named up to 256 times', () => {
    const ids = Array.from({ length: 300 }, (_each, index) => `d${index}`)
    const state = running(waiting(...ids.map((id) => approvalOf(id, {}))), AGENT, ids)
    const [paused] = pausedIn(state, incident(null))
    expect(paused).toMatchObject({ complete: false })
    expect([paused?.approvals.length, paused?.reservations.length]).toEqual([256, 256])
  })

  it('by a containment is recorded always, also of what only names the agent, or names none', () => {
    const state = waiting(approvalOf('a', { agent: 'other', not_by: [AGENT] }), approvalOf('b', { agent: 'other' }))
    expect(pausedIn(state, contain({ kind: 'agent', agent: AGENT }))).toMatchObject([{ approvals: ['a'], complete: false }])
    expect(pausedIn(state, contain({ kind: 'action', action: 'send' }))).toMatchObject([
      { approvals: ['a', 'b'], complete: false },
    ])
    expect(pausedIn(memoryState(), contain({ kind: 'tenant' }))).toMatchObject([
      { approvals: [], reservations: [], complete: false },
    ])
  })

  it('has one cause for each target, the incident where a level went too, and none twice', () => {
    const state = waiting(approvalOf('a', {}))
    const demoted = (scope: string) => ({ agent: AGENT, kind: 'demoted', scope, from: 2, to: 1, demotion_score: 0.5 }) as const
    const raised = (scope: string | null) =>
      ({
        agent: AGENT,
        kind: 'incident_raised',
        scope,
        incident: 'i',
        class: 'injection_suspected',
        cap: 0.4,
        review: true,
      }) as const
    const moment = { tenant: 'default', nowMs: NOW }
    const causes = (...changes: Parameters<typeof pauseEffects>[1]) =>
      pauseEffects([], changes, moment, state).map((effect) => (effect.kind === 'paused' ? effect.pause.id : null))
    expect(causes(demoted(SCOPE))).toEqual([`${SCOPE}:${NOW}`])
    expect(causes(demoted(SCOPE), raised(SCOPE))).toEqual(['i'])
    expect(causes(demoted(SCOPE), raised(null))).toEqual(['i'])
    expect(causes(demoted(SCOPE), raised('files:light'))).toEqual([`${SCOPE}:${NOW}`])
    const known = pauseEffects([], [raised(SCOPE)], moment, state)
    expect(pauseEffects(known, [raised(SCOPE)], moment, state)).toEqual([])
  })
})
