import { describe, expect, it } from 'vitest'

import { pausableReservation, pausesKeysOf, pausesOf } from '../../src/approvals/rules/pauses.ts'
import type { DecisionFacts } from '../../src/ledger/decision-facts.ts'
import type { Outstanding } from '../../src/ledger/documents/activity.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { memoryState } from '../ledger/memory-state.ts'

const reserved: Outstanding = { decision_id: 'd', scope: 'mail:light', tool: 'send', verify_by_ms: 99 }
const party = (id: string) => ({ type: 'agent', id })

/** Facts of a decision of this agent, with a link that is proven and one that only the body claims. */
function facts(agent: string | null): DecisionFacts {
  const links = [
    { party: party('planner'), relation: 'chain', claimed: false },
    { party: party('stranger'), relation: 'chain', claimed: true },
  ]
  const parties = { agent: agent === null ? null : party(agent), agent_claimed: false, links, problems: [], human: null }
  return { parties, action: { name: 'send' }, at_ms: 7 } as unknown as DecisionFacts
}

describe('a reservation', () => {
  it('is of its agent and the proven links of its chain; what only the body claims is named', () => {
    expect(pausableReservation(facts('mailer'), reserved, 2)).toEqual({
      own: ['mailer', 'planner'],
      named: ['mailer', 'planner', 'stranger'],
      scope: 'mail:light',
      action: 'send',
      since_ms: 7,
      resumptions: [],
      approvers_needed: 2,
    })
  })

  it('of a person has no agent but those of the chain, and keeps who resumed it', () => {
    const resumptions = [{ person: 'bea', pauses: ['i'] }]
    expect(pausableReservation(facts(null), { ...reserved, resumptions }, 1)).toMatchObject({ own: ['planner'], resumptions })
  })

  it.each([
    ['containment', ['c', 'i']],
    ['incident', ['c']],
  ] as const)('is held by a tenant-wide containment, and by a %s of whom it only names: %s', (cause, held) => {
    const state = memoryState()
    const common = { kind: 'paused' as const, approvals: [], reservations: [], complete: false }
    const target = { kind: 'agent', agent: 'stranger' } as const
    const effects: readonly Effect[] = [
      { ...common, pause: { id: 'i', cause, target } },
      { ...common, pause: { id: 'c', cause: 'containment', target: { kind: 'tenant' } } },
    ]
    project(effects, 7, 'default', state)
    const thing = pausableReservation(facts('mailer'), reserved, 1)
    expect(pausesOf(thing, 'default', state).map(({ id }) => id)).toEqual(held)
    expect(pausesKeysOf('default', ['a', 'a']).map(({ id }) => id)).toEqual(['', 'a'])
  })
})
