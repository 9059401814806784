import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { leq } from '../../src/lattice/meet.ts'
import type { Ceiling } from '../../src/model/ceiling.ts'
import { decide, observe } from '../../src/pdp/decide.ts'
import type { DecisionInputs } from '../../src/pdp/decision-inputs.ts'
import { concede, inputs, OPEN } from './arbitraries.ts'

const approval = { id: 'd1', same_policy_set: true }
const override = { id: 'o1', lifts_incidents: false }
const given = (more: Partial<DecisionInputs>, ...terms: Ceiling[]): DecisionInputs => ({
  ...OPEN,
  graduation: [...(OPEN.graduation as Ceiling[]).filter(({ source }) => !terms.some((each) => each.source === source)), ...terms],
  ...more,
})

describe('a valid approval', () => {
  it.each(['trust', 'risk', 'category', 'context', 'guardrails', 'pact'] as const)(
    'lets what %s asks approval for run guarded',
    (source) => {
      const asked = given({}, concede(source, 'require_approval'))
      expect(decide(asked).outcome).toBe('require_approval')
      expect(decide({ ...asked, approval })).toMatchObject({
        outcome: 'allow_guarded',
        decision: true,
        reasons: [`approved:d1:${source}_require_approval`],
      })
    },
  )

  it('lets a weak link and an exceeded budget run guarded', () => {
    const link = {
      party: { type: 'agent', id: 'x' },
      relation: 'chain',
      known: true,
      level_effective: 2,
      tier: 'standard',
    } as const
    const asked = given({ links: [link], budget_refusals: [{ guardrail: 'actions_per_hour_max', have: 3, limit: 2 }] })
    expect(decide(asked).outcome).toBe('require_approval')
    expect(decide({ ...asked, approval }).outcome).toBe('allow_guarded')
  })

  it.each(['deny', 'suggest'] as const)('never lifts a %s', (outcome) => {
    const asked = given({ approval }, concede('category', outcome))
    expect(decide(asked).outcome).toBe(outcome)
  })

  it('satisfies a base that asks for it, where the same policies asked; the base stays as it answered', () => {
    const base = { outcome: 'require_approval', reason: 'r' } as const
    expect(decide(given({ base }))).toMatchObject({ outcome: 'require_approval', base_granted: 'require_approval' })
    const lifted = { outcome: 'allow_guarded', base: 'require_approval', base_granted: 'allow_guarded' }
    expect(decide(given({ approval, base }))).toMatchObject({ ...lifted, reasons: ['approved:d1:r'] })
    const older = { ...approval, same_policy_set: false }
    expect(decide(given({ approval: older, base }))).toMatchObject({
      outcome: 'require_approval',
      base_granted: 'require_approval',
    })
    expect(decide(given({ approval, base: { ...base, cause: 'trap' } })).outcome).toBe('deny')
    expect(decide(given({ approval, base: { ...base, outcome: 'suggest' } })).outcome).toBe('suggest')
    expect(observe(given({ approval, base }))).toMatchObject({ outcome: 'require_approval', base_granted: 'require_approval' })
  })

  it('lets what the cap of an incident asks approval for run guarded, and does not reach a review that is due', () => {
    const capped = { cap: 0.5, level: 2, due: [] } as const
    expect(decide(given({ incidents: capped })).outcome).toBe('require_approval')
    expect(decide(given({ approval, incidents: capped }))).toMatchObject({
      outcome: 'allow_guarded',
      reasons: ['approved:d1:incident_cap:level_2'],
    })
    const due = { ...capped, due: ['i1'] }
    expect(decide(given({ approval, incidents: due })).outcome).toBe('suggest')
    expect(decide(given({ approval, incidents: due, sensitive: true })).outcome).toBe('deny')
  })

  it('reaches no containment', () => {
    expect(decide(given({ approval, containment: [{ kind: 'agent', by: 'person', reason: 'r' }] })).outcome).toBe('deny')
  })

  it('keeps the duties and bounds of what it lifts', () => {
    const bound = { ...concede('category', 'require_approval'), guardrails: { amount_max: 5 } }
    const decision = decide(given({ approval }, bound))
    expect(decision.guardrails).toEqual({ amount_max: 5 })
    expect(decision.obligations.map(({ id }) => id)).toContain('post_verify')
  })
})

describe('an emergency override', () => {
  it('takes trust and context out, and says so loudly', () => {
    const asked = given({ override }, concede('trust', 'deny'), concede('context', 'deny'))
    const decision = decide(asked)
    expect(decision.outcome).toBe('allow')
    expect(decision.obligations.map(({ id }) => id)).toEqual(['notify_owner', 'override_audit'])
    expect(decision.ceilings.find(({ source }) => source === 'trust')?.reason).toBe('override:o1')
  })

  it('answers the approval a category asks for, and not its denial', () => {
    expect(decide(given({ override }, concede('category', 'require_approval'))).outcome).toBe('allow')
    expect(decide(given({ override }, concede('category', 'deny'))).outcome).toBe('deny')
  })

  it('leaves risk, chain, containment, escalation and the kill switch as they are', () => {
    expect(decide(given({ override }, concede('risk', 'require_approval'))).outcome).toBe('require_approval')
    const link = {
      party: { type: 'agent', id: 'x' },
      relation: 'chain',
      known: false,
      level_effective: 4,
      tier: 'standard',
    } as const
    expect(decide(given({ override, links: [link] })).outcome).toBe('deny')
    expect(decide(given({ override, containment: [{ kind: 'action', by: 'incident', reason: 'r' }] })).outcome).toBe('deny')
    expect(decide(given({ override, action: { category: 'permission_escalation' } })).outcome).toBe('deny')
    expect(decide(given({ override, kill_switch: true })).outcome).toBe('deny')
  })

  it('takes the cap of an incident and a review that is due out where enough people stand behind it', () => {
    const incidents = { cap: 0.5, level: 2, due: ['i1'] } as const
    expect(decide(given({ override, incidents })).outcome).toBe('suggest')
    const enough = { ...override, lifts_incidents: true }
    const decision = decide(given({ override: enough, incidents, sensitive: true }))
    expect(decision.outcome).toBe('allow')
    expect(decision.ceilings.find(({ source }) => source === 'incident')?.reason).toBe(
      'override:o1:incident_review_due:sensitive:i1: an operator has to review it',
    )
    expect(decide(given({ override: enough, incidents: 'unknown' })).outcome).toBe('deny')
    expect(decide(given({ override: enough, base: { outcome: 'suggest', reason: 'r' } })).outcome).toBe('suggest')
  })

  it('does not stand in for a term that is missing', () => {
    expect(decide({ ...OPEN, graduation: [concede('risk'), concede('category')], override }).reasons).toContain(
      'term_missing:trust',
    )
  })
})

describe('observe mode', () => {
  it('answers the base with nothing added, whatever the other terms are', () => {
    fc.assert(
      fc.property(inputs, (each) => {
        const base = decide({ ...each, graduation: OPEN.graduation, observed: ['trust', 'risk', 'category', 'chain', 'hard'] })
        const answered = observe(each)
        expect(leq(answered, { outcome: answered.base, obligations: [], guardrails: {} })).toBe(true)
        if (each.containment === 'unknown' || each.containment.length > 0 || base.outcome === 'deny') return
        expect(answered.outcome).toBe(answered.base)
      }),
    )
  })

  it('denies a failing base, what a person contained, and containment nobody knows; not what an incident contained', () => {
    const entry = (by: 'person' | 'incident') => [{ kind: 'agent', by, reason: 'r' }] as const
    expect(observe({ ...OPEN, base: null }).outcome).toBe('deny')
    expect(observe({ ...OPEN, containment: entry('person') }).outcome).toBe('deny')
    expect(observe({ ...OPEN, containment: 'unknown' }).outcome).toBe('deny')
    expect(observe({ ...OPEN, containment: entry('incident') }).outcome).toBe('allow')
  })

  it('keeps the duties the base itself asks for, and denies where they cannot be done', () => {
    const obligations = [{ id: 'redact_sensitive', performer: 'pep' as const }]
    const base = { outcome: 'allow', reason: 'r', obligations } as const
    expect(observe({ ...OPEN, base }).outcome).toBe('deny')
    expect(observe({ ...OPEN, base, supported_obligations: ['redact_sensitive'] })).toMatchObject({
      outcome: 'allow',
      obligations,
    })
  })

  it('of a single term leaves the others in force, and never takes a missing one for there', () => {
    const asked = given({ observed: ['category'] }, concede('category', 'deny'), concede('trust', 'require_approval'))
    expect(decide(asked).outcome).toBe('require_approval')
    expect(decide({ ...OPEN, graduation: [], observed: ['trust', 'risk', 'category'] }).outcome).toBe('deny')
  })
})
