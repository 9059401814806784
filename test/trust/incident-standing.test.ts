import { describe, expect, it } from 'vitest'

import { incidentStandings } from '../../src/trust/incident-caps.ts'
import { addIncident, closeReview } from '../../src/trust/incidents.ts'
import { newAgentTrust } from '../../src/trust/stored-trust.ts'
import { agentAt, C, CRM, good, MAIL, NOW, repeat, view } from './support.ts'

const raised = { id: 'i', class: 'injection_suspected', reach: 'agent', cap: 0.4, review: true, atMs: NOW } as const

describe('the standing of incidents', () => {
  it('is open, with its cap in every scope, until a person reviewed it', () => {
    const agent = addIncident(agentAt(3, 500), raised, C).agent
    const worked = repeat(30, agent, (state) => good(state, {}, NOW + 1))
    expect(incidentStandings(worked, NOW + 1, C)).toMatchObject([
      { scope: null, state: 'open', cap: 0.4, scopes: [{ scope: MAIL, cap: 0.4, proven: 0 }] },
    ])
  })

  it('recovers scope by scope by what is proven since, as the score does', () => {
    const agent = closeReview(addIncident(agentAt(3, 500), raised, C).agent, {
      id: 'i',
      falsePositive: false,
      atMs: NOW,
    }).agent
    const worked = good(
      repeat(57, agent, (state) => good(state, {}, NOW + 1)),
      { scope: CRM },
      NOW + 1,
    )
    const [standing] = incidentStandings(worked, NOW + 1, C)
    expect(standing).toMatchObject({ state: 'recovering', cap: 0.4 })
    expect(standing?.scopes).toEqual([
      { scope: CRM, cap: 0.4, proven: 1 },
      { scope: MAIL, cap: view(worked, MAIL, NOW + 1).incident.cap, proven: 57 },
    ])
    expect(view(worked, MAIL, NOW + 1).incident.cap).toBeCloseTo(0.7, 2)
  })

  it('of one scope names it, and is as raised for an agent that did nothing yet', () => {
    const inScope = { ...raised, class: 'major_outcome_failure', reach: 'scope', scope: MAIL, review: false } as const
    expect(incidentStandings(addIncident(agentAt(3, 500), inScope, C).agent, NOW, C)).toMatchObject([
      { scope: MAIL, state: 'recovering', cap: 0.4, scopes: [{ scope: MAIL }] },
    ])
    expect(incidentStandings(addIncident(newAgentTrust(), raised, C).agent, NOW, C)).toMatchObject([{ cap: 0.4, scopes: [] }])
  })

  it('is over once it bounds nothing', () => {
    const weak = { ...raised, cap: 1, review: false }
    expect(incidentStandings(addIncident(agentAt(3, 500), weak, C).agent, NOW, C)).toEqual([])
  })
})
