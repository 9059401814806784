import { describe, expect, it } from 'vitest'

import { gravestFirst } from '../../src/incidents/rules/gravest-first.ts'
import { capOfReport } from '../../src/incidents/rules/reported-cap.ts'
import { stoppingIncident } from '../../src/incidents/rules/stopping-incident.ts'
import { DEFAULT_TRUST_CONSTANTS as constants } from '../../src/trust/default-constants.ts'
import { addIncident } from '../../src/trust/incidents.ts'
import { newAgentTrust } from '../../src/trust/stored-trust.ts'

const NOW_MS = 1_000_000

describe('the cap of an incident', () => {
  it('is that of its class, or the lower one that is asked for', () => {
    expect(capOfReport({ class: 'kill_switch' }, undefined, NOW_MS, constants)).toBe(0)
    const { cap } = constants.incident_rules.injection_suspected
    expect(cap).not.toBeNull()
    expect(capOfReport({ class: 'injection_suspected' }, undefined, NOW_MS, constants)).toBe(cap)
    expect(capOfReport({ class: 'injection_suspected', cap: 0.01 }, undefined, NOW_MS, constants)).toBe(0.01)
    expect(capOfReport({ class: 'injection_suspected', cap: 1 }, undefined, NOW_MS, constants)).toBe(cap)
  })

  it('of a class without one of its own is just under the band of the scope, as it stands', () => {
    const least = constants.major_caps[0]
    const classes = Object.entries(constants.incident_rules).filter(([, rule]) => rule.cap === null)
    expect(classes.length).toBeGreaterThan(0)
    for (const [of] of classes) {
      const incident = { class: of as keyof typeof constants.incident_rules }
      expect(capOfReport({ ...incident, scope: 'crm:full' }, undefined, NOW_MS, constants)).toBe(least)
      expect(capOfReport(incident, undefined, NOW_MS, constants)).toBe(least)
    }
  })
})

describe('a kill switch', () => {
  const raised = (of: 'kill_switch' | 'injection_weak') =>
    addIncident(
      newAgentTrust(),
      { id: 'i1', class: of, reach: 'agent', scope: undefined, cap: 0, review: true, atMs: NOW_MS },
      constants,
    ).agent

  it('stops its agent while it waits for a review, and no other incident does', () => {
    expect(stoppingIncident(raised('kill_switch'))?.id).toBe('i1')
    expect(stoppingIncident(raised('injection_weak'))).toBeUndefined()
    expect(stoppingIncident(undefined)).toBeUndefined()
  })

  it('that a person reviewed stops nobody', () => {
    const { incidents } = raised('kill_switch')
    expect(stoppingIncident({ incidents: incidents.map((one) => ({ ...one, review: 'passed' })) })).toBeUndefined()
  })
})

describe('incidents are listed', () => {
  it('by whether they wait for a person, then by cap, the newest first', () => {
    const at = (state: 'open' | 'recovering', cap: number, since: string) => ({ state, cap, since })
    const old = '2026-01-01T00:00:00.000Z'
    const young = '2026-02-01T00:00:00.000Z'
    const inOrder = [
      at('open', 0, old),
      at('open', 0.5, young),
      at('open', 0.5, old),
      at('recovering', 0, young),
      at('recovering', 0.4, old),
    ]
    expect(inOrder.toReversed().toSorted(gravestFirst)).toEqual(inOrder)
    expect(inOrder.toSorted(gravestFirst)).toEqual(inOrder)
  })
})
