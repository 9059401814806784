import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../src/format/time.ts'
import { newActivity } from '../../src/ledger/activity.ts'
import type { Pause } from '../../src/ledger/documents/pause.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { type Pausable, partiesOfApproval, resumedBy, standingPauses } from '../../src/ledger/fold/pauses.ts'
import { activityKey, approvalKey, pausesKey } from '../../src/ledger/keys.ts'
import { memoryState } from './memory-state.ts'

const AGENT = 'mailer'
const SCOPE = 'mail:light'
type State = ReturnType<typeof memoryState>
const at = (state: State, nowMs: number, ...effects: readonly Effect[]) => project(effects, nowMs, 'default', state)
const paused = (id: string, target: Pause['target'], cause: Pause['cause'] = 'incident'): Effect => ({
  kind: 'paused',
  pause: { id, cause, target },
  approvals: [],
  reservations: [],
  complete: true,
})
const scoped = (scope: string): Pause['target'] => ({ kind: 'scope', agent: AGENT, scope })
const marksOf = (state: State, agent = AGENT) => state.document(pausesKey('default', agent))?.marks ?? []
const resumed = (person: string, pauses: readonly string[], of: Partial<Extract<Effect, { kind: 'resumed' }>>): Effect => ({
  kind: 'resumed',
  decision_id: 'd',
  resumption: { person, pauses: [...pauses] },
  request_digest: null,
  accounts: [],
  ...of,
})
const thing: Pausable = {
  own: [AGENT],
  named: [AGENT, 'planner'],
  scope: SCOPE,
  action: 'send',
  since_ms: 10,
  resumptions: [],
  approvers_needed: 1,
}

describe('a pause', () => {
  it('is kept with the agent that it names, or for the whole tenant, with the time of its record', () => {
    const state = memoryState()
    at(state, 5, paused('i', scoped(SCOPE)), paused('c', { kind: 'action', action: 'send' }, 'containment'))
    at(state, 6, paused('t', { kind: 'tenant' }, 'containment'))
    expect(marksOf(state)).toEqual([{ id: 'i', cause: 'incident', target: scoped(SCOPE), at_ms: 5 }])
    expect(marksOf(state, '').map(({ id, at_ms }) => [id, at_ms])).toEqual([
      ['c', 5],
      ['t', 6],
    ])
  })

  it('takes the place of the one before it with the same target, and is forgotten after 31 days', () => {
    const state = memoryState()
    at(state, 5, paused('first', scoped(SCOPE)), paused('other', scoped('mail:full')))
    at(state, 6, paused('second', scoped(SCOPE)))
    expect(marksOf(state).map(({ id }) => id)).toEqual(['other', 'second'])
    at(state, 5 + 31 * DAY_MS, paused('third', scoped('files:full')))
    expect(marksOf(state).map(({ id }) => id)).toEqual(['second', 'third'])
  })

  it.each<[string, Pause['target'], Pause['cause'], (index: number) => Pause['target']]>([
    ['the agent', { kind: 'agent', agent: AGENT }, 'incident', (index) => scoped(`s${index}:light`)],
    ['the tenant', { kind: 'tenant' }, 'containment', (index) => ({ kind: 'action', action: `a${index}` })],
  ])('of which there are too many, the two oldest become one of all of %s', (_what, target, cause, nth) => {
    const state = memoryState()
    for (let index = 0; index < 65; index += 1) at(state, index, paused(`p${index}`, nth(index), cause))
    const marks = marksOf(state, target.kind === 'tenant' ? '' : AGENT)
    expect(marks).toHaveLength(64)
    expect(marks[0]).toEqual({ id: 'p1', cause, target, at_ms: 1 })
  })

  it('that becomes one with a containment reaches what only names the agent, as that did', () => {
    const state = memoryState()
    at(state, 0, paused('c', { kind: 'action', agent: AGENT, action: 'send' }, 'containment'))
    for (let index = 1; index < 65; index += 1) at(state, index, paused(`p${index}`, scoped(`s${index}:light`)))
    expect(marksOf(state)[0]).toMatchObject({ id: 'p1', cause: 'containment', target: { kind: 'agent' } })
  })
})

describe('what is paused', () => {
  const mark = (more: Partial<Pause> = {}): Pause => ({ id: 'i', cause: 'incident', target: scoped(SCOPE), at_ms: 10, ...more })

  it.each<[string, Partial<Pause>, boolean]>([
    ['is from the same moment', {}, true],
    ['came after it', { at_ms: 9 }, false],
    ['is in another scope', { target: scoped('mail:full') }, false],
    ['only names the agent of an incident', { target: { kind: 'agent', agent: 'planner' } }, false],
    ['only names the agent of a containment', { target: { kind: 'agent', agent: 'planner' }, cause: 'containment' }, true],
    ['is of a tenant that is contained', { target: { kind: 'tenant' }, cause: 'containment' }, true],
  ])('%s', (_what, more, holds) => {
    expect(standingPauses(thing, [mark(more)])).toHaveLength(holds ? 1 : 0)
  })

  it('goes on once as many distinct people as it takes said so of each pause, in whatever order', () => {
    const ids = ['a', 'b', 'c']
    const word = fc.record({ person: fc.constantFrom('bea', 'cem', 'dora'), pauses: fc.subarray(ids, { minLength: 1 }) })
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), (words, approvers_needed) => {
        const state = memoryState()
        state.put(activityKey('default', AGENT), {
          ...newActivity(),
          outstanding: [
            { decision_id: 'd', scope: SCOPE, tool: 'send', verify_by_ms: 99 },
            { decision_id: 'e', scope: SCOPE, tool: 'send', verify_by_ms: 99 },
          ],
        })
        for (const { person, pauses } of words) at(state, 20, resumed(person, pauses, { accounts: [AGENT] }))
        const [first, second] = state.document(activityKey('default', AGENT))?.outstanding ?? []
        const { resumptions = [] } = first ?? {}
        const standing = standingPauses(
          { ...thing, resumptions, approvers_needed },
          ids.map((id) => mark({ id, at_ms: 15 })),
        )
        const people = (id: string) => new Set(words.filter(({ pauses }) => pauses.includes(id)).map(({ person }) => person))
        expect(standing.map(({ id }) => id)).toEqual(ids.filter((id) => people(id).size < approvers_needed))
        for (const id of ids) expect(new Set(resumedBy(id, { resumptions }))).toEqual(people(id))
        expect(second?.resumptions).toBeUndefined()
      }),
    )
  })

  it('that is not kept any more cannot go on, and nothing is made of it', () => {
    const state = memoryState()
    at(state, 20, resumed('bea', ['i'], { request_digest: 'a'.repeat(64), accounts: [AGENT] }))
    expect(state.written()).toEqual([])
  })

  it('is an approval too: its word is kept with it', () => {
    const digest = 'a'.repeat(64)
    const state = memoryState()
    const approval = {
      id: 'd',
      request_digest: digest,
      agent: null,
      human: 'ann',
      requester: 'gateway',
      not_by: ['gateway', 'ann'],
      action: 'send',
      scope: SCOPE,
      band: 'low',
      requested_at_ms: 0,
      expires_at_ms: 99,
      redeem_within_ms: 9,
      approvers_needed: 1,
      votes: [],
      withdrawn_at_ms: null,
      expired_at_ms: null,
      redeemed_by: null,
      stake: 'proposal',
    } as const
    at(state, 0, {
      kind: 'approval',
      request_digest: digest,
      step: { kind: 'requested', approval: { ...approval, not_by: [...approval.not_by], votes: [] } },
    })
    at(state, 20, resumed('bea', ['i'], { request_digest: digest }))
    const kept = state.document(approvalKey('default', digest))
    expect(kept?.resumptions).toEqual([{ person: 'bea', pauses: ['i'] }])
    expect(kept === undefined ? undefined : partiesOfApproval(kept)).toMatchObject({ own: [], named: ['gateway', 'ann'] })
    expect(kept === undefined ? undefined : partiesOfApproval({ ...kept, agent: AGENT })).toMatchObject({ own: [AGENT] })
  })
})
