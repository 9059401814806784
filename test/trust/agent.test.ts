import { describe, expect, it } from 'vitest'

import { InvariantError, requireFinite } from '../../src/format/error.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import { changeComposition, compositionKind, observeComposition, withClaimedComposition } from '../../src/trust/composition.ts'
import type { Severity } from '../../src/trust/constants.ts'
import { addEvidence, chargeDelegator, takeBack } from '../../src/trust/evidence.ts'
import { addIncident, closeReview, type RaiseIncident, reviewAndSettle } from '../../src/trust/incidents.ts'
import { promoted } from '../../src/trust/ladder.ts'
import { negativeWeight, positiveWeight, severityOf } from '../../src/trust/layer/evidence-weight.ts'
import { conflictOf } from '../../src/trust/layer/opinion.ts'
import { promoteScope, promotionGates } from '../../src/trust/promotion.ts'
import { instrumentationCeiling } from '../../src/trust/score.ts'
import { AgentTrust, INCIDENTS_MAX, newAgentTrust, scopeOf, SCOPES_MAX, VERIFIERS_MAX } from '../../src/trust/stored-trust.ts'
import { scopeView } from '../../src/trust/trust-view.ts'
import { agentAt, bad, C, CRM, DAY, evidence, good, goodEverywhere, layer, MAIL, NOW, repeat, view } from './support.ts'

/** The agent of `agentAt` in two scopes. */
const both = (level: 0 | 1 | 2 | 3 | 4, r: number): AgentTrust => {
  const one = agentAt(level, r)
  return { ...one, scopes: { ...one.scopes, [CRM]: scopeOf(agentAt(level, r, 0, CRM), CRM) } }
}
const open: RaiseIncident = { id: 'i', class: 'injection_suspected', reach: 'agent', cap: 0.4, review: true, atMs: NOW }
/** A failure of an action that reached nothing of others. */
const told = (severity: Severity, selfFlagged = false) => ({ severity, selfFlagged, reach: { blast: 0, reversibility: 0 } })
const ladder = (agent: AgentTrust, scope: ScopeKey = MAIL) => scopeOf(agent, scope).ladder

describe('evidence', () => {
  it('of identity is the agent’s: it moves every scope, and a failure demotes every scope', () => {
    const { agent, changes } = addEvidence(both(4, 300), evidence({ layer: 'identity', polarity: 'negative', weight: 4 }), NOW, C)
    expect(agent.scopes[MAIL]?.layers).toEqual(both(4, 300).scopes[MAIL]?.layers)
    expect(changes.map((one) => (one.kind === 'demoted' ? [one.scope, one.from, one.to] : one))).toEqual([
      [MAIL, 4, 2],
      [CRM, 4, 2],
    ])
  })

  it('of failure in one scope heats the agent, and so demotes the other scopes in the same write', () => {
    const after = repeat(5, both(3, 600), (agent) => bad(agent))
    expect([ladder(after, MAIL).level, ladder(after, CRM).level]).toEqual([2, 2])
  })

  it('of failure elsewhere does not strike a scope whose ground only time took', () => {
    const idle = both(4, 600)
    const later = NOW + 120 * DAY
    const small = addEvidence(idle, evidence({ layer: 'context', polarity: 'negative', weight: 1e-7 }), later, C)
    expect(small.changes.map((one) => one.kind === 'demoted' && one.scope)).toEqual([MAIL])
    expect(ladder(small.agent, CRM)).toEqual(ladder(idle, CRM))
  })

  it('of a major failure raises an incident just under the band in force, of this scope only, and ends the run', () => {
    const agent = { ...both(3, 600), heat: { q: 0, tnMs: null } }
    const running = good(agent)
    expect(ladder(running).k).toBe(1)
    const { agent: after, changes } = addEvidence(
      running,
      evidence({ polarity: 'negative', weight: 2.5, kappa: 5, major: true }),
      NOW,
      C,
    )
    expect(changes[0]).toEqual({
      kind: 'incident_raised',
      scope: MAIL,
      incident: `major-${NOW}`,
      class: 'major_outcome_failure',
      cap: 0.8999,
      review: false,
    })
    expect(ladder(after).k).toBe(0)
    expect(view(after, MAIL).incident).toMatchObject({ cap: 0.8999, state: 'recovering' })
    expect(view(after, CRM).incident.state).toBe('watch')
    const configured = {
      ...C,
      incident_rules: { ...C.incident_rules, major_outcome_failure: { cap: 0.1, reach: 'scope', review: true } },
    } as const
    expect(view(bad(running, { weight: 5 }, NOW, configured), MAIL).score).toBe(0.1)
  })

  it('counts for ladder, track record and verifiers once per decision', () => {
    const first = good(agentAt(1, 10), { verifier: 'ann' })
    const again = good(first, { verifier: 'ann', countsForLadder: false })
    const second = repeat(2 * VERIFIERS_MAX, good(again, { verifier: 'bob' }), (agent, i) => good(agent, { verifier: `v${i}` }))
    expect([ladder(first).k, ladder(again).k]).toEqual([1, 1])
    expect(scopeOf(again, MAIL).verifiers).toEqual(['ann'])
    expect(scopeOf(second, MAIL).verifiers).toHaveLength(VERIFIERS_MAX)
    expect(scopeOf(good(first, { verifier: 'light', weight: 0.25 }), MAIL).verifiers).toEqual(['ann'])
    const failed = bad(first, { selfFlagged: true, blastRadius: 2 })
    expect(view(bad(failed, { countsForLadder: false })).track_record).toEqual({
      good: 1,
      bad: 1,
      accuracy: 0.5,
      failure_detection_rate: 1,
      blast_radius_history: [0, 0, 1, 0],
    })
  })

  it('of a failure that turns out graver charges the ladder with the difference, even where it weighs nothing more', () => {
    const failure = { kappa: 1, kappaCounted: 0, incidentId: 'd' }
    const graver = { weight: 0, kappa: 5, kappaCounted: 1, tracked: false, incidentId: 'd', major: true }
    const mild = bad(agentAt(2, 60), failure)
    const { agent, changes } = addEvidence(mild, evidence({ ...graver, polarity: 'negative' }), NOW, C)
    expect(ladder(agent).e).toBeCloseTo(ladder(bad(agentAt(2, 60), { kappa: 5 })).e, 12)
    expect(scopeOf(agent, MAIL)).toMatchObject({ track: { bad: 1 }, incidents: [{ id: 'd' }] })
    expect([agent.heat, scopeOf(agent, MAIL).layers]).toEqual([mild.heat, scopeOf(mild, MAIL).layers])
    expect(changes).toMatchObject([{ kind: 'incident_raised', incident: 'd' }])
    const again = addEvidence(agent, evidence({ ...graver, weight: 1, countsForLadder: false, polarity: 'negative' }), NOW + 9, C)
    expect(scopeOf(again.agent, MAIL).incidents).toEqual(scopeOf(agent, MAIL).incidents)
    expect(bad(mild, { ...graver, kappa: 1 })).toBe(mild)
  })

  it('at the top still counts the run, but bets no more', () => {
    const top = bad(good(agentAt(4, 5000)), { weight: 0.5 })
    expect(ladder(top)).toMatchObject({ level: 4, k: 1, e: 0 })
    expect(ladder(takeBack(good(agentAt(4, 5000)), { ...evidence(), countedForLadder: true }, NOW, C).agent)).toMatchObject({
      k: 0,
      e: 0,
    })
  })

  it('from the future counts as now', () => {
    expect(good(agentAt(1, 10), { eventTimeMs: NOW + DAY }, NOW)).toEqual(good(agentAt(1, 10)))
    expect(takeBack(agentAt(1, 10), evidence({ eventTimeMs: NOW + DAY }), NOW, C)).toEqual(
      takeBack(agentAt(1, 10), evidence(), NOW, C),
    )
  })

  it('weighs by source, stake and severity', () => {
    expect([
      positiveWeight({ source: 'deterministic', stake: 'executed' }, C),
      positiveWeight({ source: 'human', stake: 'proposal' }, C),
      positiveWeight({ source: 'self', stake: 'executed' }, C),
    ]).toEqual([1, 0.4, 0])
    expect(negativeWeight({ source: 'self', stake: 'executed' }, 2, C)).toBe(1)
    expect([severityOf(told('minor', true), C), severityOf(told('minor'), C), severityOf(told('critical', true), C)]).toEqual([
      0.75, 1, 10,
    ])
  })

  it.each([
    ['ambiguous', 0.5, 0.5],
    ['minor', 1, 0.75],
    ['moderate', 2, 2],
    ['major', 5, 5],
    ['critical', 10, 10],
  ] as const)(
    'that is a failure of severity "%s" weighs %d units, and %d where the agent flagged it itself',
    (severity, units, flagged) => {
      const executed = { source: 'deterministic', stake: 'executed' } as const
      const weights = [false, true].map((selfFlagged) => negativeWeight(executed, severityOf(told(severity, selfFlagged), C), C))
      expect(weights).toEqual([units, flagged])
    },
  )

  it.each([
    ['a weight', { weight: NaN }],
    ['an infinite weight', { weight: Infinity }],
    ['a weight below zero', { weight: -1 }],
    ['a severity', { kappa: NaN }],
    ['a severity counted before', { kappaCounted: NaN }],
    ['a total', { total: Infinity }],
    ['a time', { eventTimeMs: NaN }],
    ['a scope', { scope: 'mail' }],
    ['a scope that would be a prototype', { scope: '__proto__' }],
  ])('is refused for what is no %s', (_, wrong) => {
    expect(() => addEvidence(newAgentTrust(), evidence(wrong), NOW, C)).toThrow(InvariantError)
  })

  it('is refused at a time that is none, everywhere', () => {
    const refused = [
      () => addEvidence(newAgentTrust(), evidence(), NaN, C),
      () => takeBack(newAgentTrust(), evidence(), NaN, C),
      () => takeBack(newAgentTrust(), evidence({ weight: NaN }), NOW, C),
      () => chargeDelegator(newAgentTrust(), evidence({ weight: NaN }), NOW, C),
      () => addIncident(newAgentTrust(), { ...open, atMs: NaN }, C),
      () => addIncident(newAgentTrust(), { ...open, cap: NaN }, C),
      () => addIncident(newAgentTrust(), { ...open, reach: 'scope' }, C),
      () => closeReview(newAgentTrust(), { id: 'i', falsePositive: false, atMs: NaN }),
      () => changeComposition(newAgentTrust(), { composition: {}, kind: 'major', nowMs: NaN }, C),
      () => promoteScope(newAgentTrust(), MAIL, { nowMs: NaN, human: true }, C),
      () => scopeView(newAgentTrust(), MAIL, { nowMs: NaN }, C),
      () => scopeView(newAgentTrust(), MAIL, { nowMs: NOW, ceilings: [{ source: 'posture', value: NaN }] }, C),
      () => {
        requireFinite({ x: Infinity })
      },
    ]
    for (const call of refused) expect(call).toThrow(InvariantError)
  })

  it('stops at the limit of scopes', () => {
    const scopes = Object.fromEntries(
      Array.from({ length: SCOPES_MAX }, (_, i) => [`tool${i}:full`, scopeOf(newAgentTrust(), MAIL)]),
    )
    expect(() => good({ ...newAgentTrust(), scopes })).toThrow(`at most ${SCOPES_MAX} scopes`)
  })
})

describe('taking back and charging', () => {
  it('takes a success out of evidence, counts, incidents and track record, and demotes', () => {
    const atMs = NOW + 1
    const raised = addIncident(agentAt(0, 5), { ...open, review: false }, C).agent
    const scoped = addIncident(raised, { ...open, id: 'j', reach: 'scope', scope: MAIL, review: false }, C).agent
    const given = good(scoped, { eventTimeMs: atMs })
    const { agent } = takeBack(given, { ...evidence({ eventTimeMs: atMs }), countedForLadder: true }, atMs, C)
    expect(scopeOf(agent, MAIL).agentIncidentCounts).toEqual([{ id: 'i', c: 0, tMs: atMs }])
    expect(scopeOf(agent, MAIL).incidents).toMatchObject([{ id: 'j', c: 0 }])
    expect(ladder(agent)).toMatchObject({ k: 0 })
    expect(scopeOf(agent, MAIL).track.good).toBe(0)
    const shaky = { ...agentAt(1, 3), identity: layer(100) }
    const taken = takeBack(shaky, evidence({ layer: 'context' }), NOW, C)
    expect(taken.changes).toMatchObject([{ kind: 'demoted', from: 1, to: 0 }])
    expect(takeBack(agentAt(1, 3), evidence({ layer: 'identity' }), NOW, C).changes).toMatchObject([{ kind: 'demoted' }])
  })

  it('never takes more than there is, and no count for what was too light or too old to count', () => {
    const { agent } = takeBack(agentAt(0, 0.4), evidence({ weight: 0.25, countsForLadder: true }), NOW, C)
    expect(
      scopeOf(takeBack(agent, { ...evidence({ weight: 0.25 }), countedForLadder: true }, NOW, C).agent, MAIL).layers.outcome.r,
    ).toBe(0)
    const heated = bad(agentAt(0, 10))
    const old = takeBack(heated, evidence({ eventTimeMs: NOW - 1 }), NOW, C).agent
    expect([scopeOf(old, MAIL).layers.outcome.q, old.heat.q]).toEqual([1, 1])
    const later = addIncident(agentAt(0, 10), { ...open, reach: 'scope', scope: MAIL, review: false }, C).agent
    const counting = good(later, {}, NOW + 1)
    const kept = takeBack(counting, evidence({ eventTimeMs: NOW }), NOW + 1, C).agent
    expect(scopeOf(kept, MAIL).incidents).toEqual(scopeOf(counting, MAIL).incidents)
    const waiting = addIncident(agentAt(0, 10), open, C).agent
    const counts = {
      ...waiting,
      scopes: { [MAIL]: { ...scopeOf(waiting, MAIL), agentIncidentCounts: [{ id: 'i', c: 3, tMs: NOW }] } },
    }
    expect(scopeOf(takeBack(counts, evidence(), NOW, C).agent, MAIL).agentIncidentCounts).toMatchObject([{ c: 3 }])
  })

  it('charges a delegator with half the failure and as much heat, without touching k, e or track record', () => {
    const { agent, changes } = chargeDelegator(agentAt(3, 600), { scope: MAIL, weight: 10, eventTimeMs: NOW }, NOW, C)
    expect(scopeOf(agent, MAIL).layers.outcome).toMatchObject({ s: 5, q: 5 })
    expect(agent.heat.q).toBe(5)
    expect(scopeOf(agent, MAIL).track.bad).toBe(0)
    expect(scopeOf(agent, MAIL).incidents).toEqual([])
    expect(changes).toMatchObject([{ kind: 'demoted', from: 3 }])
    expect(ladder(agent).e).toBe(0)
  })
})

describe('incidents', () => {
  it('of the agent cap every scope, present and future, and count separately in each', () => {
    const { agent } = addIncident(both(3, 600), { ...open, review: false }, C)
    const counted = repeat(57, agent, (state) => good(state, {}, NOW + 1))
    expect(view(counted, MAIL, NOW + 1).incident.cap).toBeCloseTo(0.7, 3)
    expect(view(counted, CRM, NOW + 1).incident.cap).toBe(0.4)
    expect(view(counted, 'new:full', NOW + 1).incident.cap).toBe(0.4)
  })

  it('of the agent keep their counts while others come and are reviewed', () => {
    const first = addIncident(agentAt(3, 600), { ...open, review: false }, C).agent
    const counted = repeat(57, first, (state) => good(state, {}, NOW + 1))
    const second = addIncident(counted, { ...open, id: 'j', cap: 0.9, atMs: NOW + 1 }, C).agent
    const reviewed = closeReview(second, { id: 'j', falsePositive: false, atMs: NOW + 1 }).agent
    for (const agent of [second, reviewed]) {
      expect(view(agent, MAIL, NOW + 1).incident.cap).toBeCloseTo(0.7, 3)
      expect(scopeOf(agent, MAIL).agentIncidentCounts).toMatchObject([{ id: 'i' }])
    }
  })

  it('of a scope cap that scope only', () => {
    const { agent } = addIncident(both(3, 600), { ...open, reach: 'scope', scope: MAIL }, C)
    expect([view(agent, MAIL).score, view(agent, CRM).level_granted]).toEqual([0.4, 3])
  })

  it('open in a sensitive scope leave read-only, whatever the score', () => {
    const { agent } = addIncident(agentAt(3, 600), open, C)
    const terms = { nowMs: NOW, ceilings: [] }
    expect(scopeView(agent, MAIL, { ...terms, sensitive: true }, C)).toMatchObject({
      score: 0.4,
      level_granted: 1,
      level_effective: 0,
    })
    expect(scopeView(agent, MAIL, terms, C)).toMatchObject({ level_effective: 1, incident: { state: 'open', open: ['i'] } })
  })

  it('raised again keep the lower cap and the stricter review, and count anew', () => {
    const first = good(addIncident(agentAt(3, 600), { ...open, review: false }, C).agent, {}, NOW + 1)
    const { agent } = addIncident(first, { ...open, cap: 0.6, atMs: NOW + 2 }, C)
    expect(agent.incidents).toMatchObject([{ id: 'i', cap: 0.4, review: 'required', fromMs: NOW + 2, c: 0 }])
    expect(scopeOf(agent, MAIL).agentIncidentCounts).toEqual([])
    const softer = addIncident(agent, { ...open, review: false, atMs: NOW + 1 }, C).agent
    expect(softer.incidents).toMatchObject([{ review: 'required', fromMs: NOW + 2 }])
  })

  it('that were false give back what they took, unless something else took it since', () => {
    const raised = addIncident(both(3, 600), open, C).agent
    const cleared = closeReview(raised, { id: 'i', falsePositive: true, atMs: NOW + 1 })
    expect(cleared.changes.map((one) => one.kind)).toEqual(['incident_reviewed', 'restored', 'restored'])
    expect([ladder(cleared.agent, MAIL).level, ladder(cleared.agent, CRM).strikes]).toEqual([3, 0])
    const struck = repeat(100, raised, (agent) => bad(agent, {}, NOW + 1))
    const late = closeReview(struck, { id: 'i', falsePositive: true, atMs: NOW + 2 }).agent
    expect(ladder(late).level).toBe(0)
    const mild = addIncident(agentAt(1, 600), open, C).agent
    const unmoved = closeReview(mild, { id: 'i', falsePositive: true, atMs: NOW + 1 })
    expect(unmoved.changes.map((one) => one.kind)).toEqual(['incident_reviewed'])
  })

  it('that were false give back only what trust supports by now, and the failures of the meantime take their part', () => {
    const failed = repeat(5, addIncident(agentAt(3, 600), open, C).agent, (agent) => bad(agent, {}, NOW + 1))
    expect(ladder(failed)).toMatchObject({ level: 1, strikes: 1 })
    const review = { id: 'i', falsePositive: true, atMs: NOW + 2 }
    const { agent, changes } = reviewAndSettle(failed, review, C)
    expect(changes).toMatchObject([
      { kind: 'incident_reviewed', false_positive: true },
      { kind: 'restored', from: 1, to: 3 },
      { kind: 'demoted', from: 3, to: 2 },
    ])
    expect(ladder(agent)).toMatchObject({ level: 2, k: 0, e: 0, strikes: 1, struckAtMs: NOW + 2 })
    expect(reviewAndSettle(addIncident(both(3, 600), open, C).agent, review, C)).toEqual(
      closeReview(addIncident(both(3, 600), open, C).agent, review),
    )
    expect(reviewAndSettle(failed, { ...review, falsePositive: false }, C)).toEqual(
      closeReview(failed, { ...review, falsePositive: false }),
    )
  })

  it('that is false under another leaves alone what the other would give back', () => {
    const first = addIncident(agentAt(3, 600), { ...open, cap: 0.65 }, C).agent
    const second = addIncident(first, { ...open, id: 'j', atMs: NOW + 1 }, C).agent
    const failed = repeat(16, second, (agent) => bad(agent, {}, NOW + 1))
    const { agent, changes } = reviewAndSettle(failed, { id: 'j', falsePositive: true, atMs: NOW + 2 }, C)
    expect(changes.map(({ kind }) => kind)).toEqual(['incident_reviewed', 'restored', 'demoted'])
    expect(scopeOf(agent, MAIL).undo).toEqual(scopeOf(failed, MAIL).undo.filter(({ id }) => id === 'i'))
  })

  it('that were false, one of two and then the other, give everything back in the end', () => {
    const two = ['i', 'j'].reduce((agent, id) => addIncident(agent, { ...open, id }, C).agent, both(3, 600))
    for (const [first, second] of [
      ['i', 'j'],
      ['j', 'i'],
    ] as const) {
      const one = reviewAndSettle(two, { id: first, falsePositive: true, atMs: NOW + 1 }, C).agent
      expect([ladder(one, MAIL).level, ladder(one, CRM).level]).toEqual([1, 1])
      const none = reviewAndSettle(one, { id: second, falsePositive: true, atMs: NOW + 2 }, C).agent
      expect([ladder(none, MAIL), ladder(none, CRM)]).toEqual([ladder(both(3, 600), MAIL), ladder(both(3, 600), CRM)])
    }
  })

  it('reviewed twice stay reviewed; a promotion or a new composition ends what could be given back', () => {
    const raised = addIncident(agentAt(3, 600), open, C).agent
    const once = closeReview(raised, { id: 'i', falsePositive: false, atMs: NOW + 1 }).agent
    const twice = closeReview(once, { id: 'i', falsePositive: false, atMs: NOW + 9 }).agent
    expect(twice.incidents).toEqual(once.incidents)
    expect(scopeOf(once, MAIL).undo).toEqual([])
    const changed = changeComposition(raised, { composition: { prompt: 'x' }, kind: 'minor', nowMs: NOW + 1 }, C).agent
    expect(ladder(closeReview(changed, { id: 'i', falsePositive: true, atMs: NOW + 2 }).agent).level).toBe(1)
  })

  it('of a scope are reviewed where they are, and unknown ones change nothing', () => {
    const raised = addIncident(both(3, 600), { ...open, reach: 'scope', scope: MAIL }, C).agent
    const reviewed = closeReview(raised, { id: 'i', falsePositive: true, atMs: NOW + 1 })
    expect(reviewed.changes).toMatchObject([
      { kind: 'incident_reviewed', scope: MAIL, false_positive: true },
      { kind: 'restored', scope: MAIL },
    ])
    expect(closeReview(raised, { id: 'unknown', falsePositive: true, atMs: NOW })).toEqual({ agent: raised, changes: [] })
  })

  it('beyond the limit are merged at their strictest, never dropped, and a merged one cannot be declared false', () => {
    const each = (i: number): RaiseIncident => ({
      ...open,
      id: `i${i}`,
      cap: i === 1 ? 0.1 : 0.5,
      review: i % 2 === 0,
      atMs: NOW + i,
    })
    const full = repeat(INCIDENTS_MAX + 1, agentAt(3, 600), (agent, i) => addIncident(agent, each(i), C).agent)
    expect(full.incidents).toHaveLength(INCIDENTS_MAX)
    expect(full.incidents[0]).toMatchObject({ id: 'i1', cap: 0.1, review: 'none', fromMs: NOW + 3, merged: true })
    const declared = closeReview(full, { id: 'i1', falsePositive: true, atMs: NOW + 1000 })
    expect(declared.agent.incidents).toHaveLength(INCIDENTS_MAX)
    expect(declared.changes).toMatchObject([{ kind: 'incident_reviewed', false_positive: false }])
    const waiting = repeat(
      INCIDENTS_MAX + 1,
      agentAt(3, 600),
      (agent, i) => addIncident(agent, { ...each(2 * i), cap: 1 - i / 1000 }, C).agent,
    )
    expect(waiting.incidents[0]).toMatchObject({ id: 'i2', review: 'required', cap: 0.999, merged: true })
    const reviewed = closeReview(waiting, { id: 'i2', falsePositive: true, atMs: NOW + 9999 }).agent
    expect(reviewed.incidents[0]).toMatchObject({ id: 'i2', review: 'passed' })
    expect(AgentTrust.safeParse(full).success).toBe(true)
  })
})

describe('composition', () => {
  it.each([
    [null, { model: 'a' }, null],
    [{ model: 'a' }, null, null],
    [{}, {}, null],
    [{ model: 'a', prompt: 'p' }, { model: 'a', prompt: 'p' }, null],
    [{ model: 'a' }, { model: 'b' }, 'major'],
    [{ model: 'a' }, {}, 'major'],
    [{ model: 'a', prompt: 'p' }, { model: 'a', prompt: 'q' }, 'minor'],
    [{ model: 'a' }, { model: 'a', tool_catalogue: 't' }, 'minor'],
  ])('from %j to %j is %s', (old, next, kind) => {
    expect(compositionKind(old, next)).toBe(kind)
  })

  it('seen first is remembered, the same again is nothing, another is applied', () => {
    const seen = observeComposition(agentAt(3, 600), { model: 'a' }, NOW, C)
    expect(seen).toEqual({ agent: { ...agentAt(3, 600), composition: { model: 'a' } }, changes: [] })
    expect(observeComposition(seen.agent, { model: 'a' }, NOW, C)).toEqual({ agent: seen.agent, changes: [] })
    const minor = observeComposition(seen.agent, { model: 'a', prompt: 'p' }, NOW, C)
    expect(minor.changes).toEqual([{ kind: 'composition_changed', change: 'minor', scopes_lowered: [] }])
    expect(minor.agent.identity.r).toBeCloseTo(420, 9)
    expect(scopeOf(minor.agent, MAIL)).toMatchObject({ verifiers: [], ladder: { level: 3, restarts: 1 } })
  })

  it('that says only a part leaves the rest as it is stored, on writing as on reading', () => {
    const known = { ...agentAt(4, 5000), composition: { model: 'a', prompt: 'p' } }
    for (const part of [{}, { model: 'a' }, { prompt: 'p' }])
      expect(observeComposition(known, part, NOW, C)).toEqual({ agent: known, changes: [] })
    const { agent, changes } = observeComposition(known, { prompt: 'q' }, NOW, C)
    expect(changes).toMatchObject([{ kind: 'composition_changed', change: 'minor' }])
    expect(agent.composition).toEqual({ model: 'a', prompt: 'q' })
    expect(agent).toEqual(withClaimedComposition(known, { prompt: 'q' }, NOW, C))
    expect(observeComposition(agent, { model: 'b' }, NOW, C).agent.composition).toEqual({ model: 'b', prompt: 'q' })
  })

  it('claimed by a caller nobody trusts only lowers what is read', () => {
    const known = { ...agentAt(4, 5000), composition: { model: 'a', prompt: 'p' } }
    expect(withClaimedComposition(known, { model: 'a' }, NOW, C)).toBe(known)
    expect(view(withClaimedComposition(known, { model: 'b' }, NOW, C)).level_effective).toBe(2)
  })
})

describe('promotion', () => {
  const ready = repeat(60, agentAt(1, 100), (agent) => goodEverywhere(agent, { verifier: 'ann' }, NOW + 1))

  it('is refused with every gate that stands in the way, and what there is and what is needed', () => {
    const refused = promoteScope(newAgentTrust(), MAIL, { nowMs: NOW, human: false }, C)
    expect(refused.kind === 'refused' && refused.failed.map(({ gate }) => gate)).toEqual([
      'score',
      'consensus',
      'verifiers',
      'count',
      'evidence',
    ])
    const gates = promotionGates(ready, MAIL, { nowMs: NOW + 1, human: false }, C)
    expect(gates.map(({ gate, passed }) => [gate, passed])).toEqual([
      ['incident', true],
      ['score', true],
      ['consensus', true],
      ['conflict', true],
      ['verifiers', true],
      ['largest_rater', true],
      ['count', true],
      ['evidence', true],
      ['dwell', true],
      ['human', true],
    ])
    expect(gates.find(({ gate }) => gate === 'count')).toEqual({ gate: 'count', passed: true, have: 60, need: 20 })
  })

  it('is one rung, starts counting anew and remembers what earned the rung', () => {
    const risen = promoteScope(ready, MAIL, { nowMs: NOW + 1, human: false }, C)
    expect(risen).toMatchObject({ kind: 'promoted', changes: [{ kind: 'promoted', scope: MAIL, from: 1, to: 2 }] })
    expect(risen.kind === 'promoted' && scopeOf(risen.agent, MAIL)).toMatchObject({
      verifiers: [],
      ladder: { level: 2, k: 0, e: 0, sinceMs: NOW + 1, kGrant: [0, 0, 60, 0, 0] },
    })
  })

  it('ends at the top', () => {
    const refused = promoteScope(agentAt(4, 5000), MAIL, { nowMs: NOW, human: true }, C)
    expect(refused).toMatchObject({ kind: 'refused', failed: [{ gate: 'top', passed: false }] })
    expect(promoted(ladder(agentAt(4, 5000)), NOW)).toEqual(ladder(agentAt(4, 5000)))
    expect(view(agentAt(4, 5000)).ladder).toMatchObject({ k_required: null, e_required: null, dwell_left_ms: null })
  })

  it('waits for open incidents, for dwelling, for verifiers, for people at the top, and under ceilings', () => {
    const failed = (agent: AgentTrust, more: object = {}) =>
      promotionGates(agent, MAIL, { nowMs: NOW + 1, human: false, ...more }, C)
        .filter((gate) => !gate.passed)
        .map(({ gate }) => gate)
    expect(failed(addIncident(ready, { ...open, cap: 0.9 }, C).agent)).toContain('incident')
    expect(failed(ready, { ceilings: [{ source: 'posture', value: 0.49 }] })).toEqual(['score'])
    expect(failed(ready, { verifiers: 0 })).toEqual(['verifiers'])
    expect(failed(ready, { conflict: 0.31 })).toEqual(['conflict'])
    const own = scopeOf(agentAt(3, 9000), MAIL)
    const nearTop = {
      ...agentAt(3, 9000),
      scopes: { [MAIL]: { ...own, ladder: { ...own.ladder, k: 2000, e: 9, sinceMs: NOW } } },
    }
    expect(failed(nearTop, { verifiers: 3 })).toEqual(['dwell', 'human'])
  })

  it('needs more once there were strikes: a higher score, twice the run per relapse, more evidence', () => {
    const own = scopeOf(ready, MAIL)
    const struck = (strikes: number, struckAtMs: number) =>
      promotionGates(
        { ...ready, scopes: { [MAIL]: { ...own, ladder: { ...own.ladder, strikes, struckAtMs } } } },
        MAIL,
        { nowMs: NOW, human: false },
        C,
      )
    const need = (gate: string, gates: ReturnType<typeof struck>) => gates.find((one) => one.gate === gate)?.need
    expect([1, 2, 3, 9].map((n) => need('count', struck(n, NOW)))).toEqual([20, 40, 80, 160])
    expect(need('score', struck(1, NOW))).toBe(0.52)
    expect(need('evidence', struck(2, NOW))).toBeCloseTo(Math.log(20) + 2 * Math.LN2, 12)
    expect(need('count', struck(9, NOW - 181 * DAY))).toBe(20)
  })

  it('sees layers that contradict each other', () => {
    const sure = { b: 0.98, d: 0.01, u: 0.01 }
    const doubting = { b: 0.5, d: 0.49, u: 0.01 }
    expect(conflictOf([sure, sure])).toBe(0)
    expect(conflictOf([sure, doubting])).toBeCloseTo(0.48 * 0.99 * 0.99, 12)
    expect(conflictOf([{ b: 0, d: 0, u: 1 }, sure])).toBe(0)
  })
})

describe('the view', () => {
  it('of a scope without history is read-only, with nothing borrowed from an agent without history', () => {
    expect(view(newAgentTrust())).toMatchObject({
      scope: MAIL,
      score: 0,
      band: 0,
      level_granted: 0,
      level_effective: 0,
      demotion_score: 0,
      opinion: { b: 0, d: 0, u: 1 },
      failure_bound: 1,
      confidence: 0,
      evidence: { r: 0, s: 0 },
      freshness: { tp_ms: null, age_ms: null, ceiling: 0 },
      incident: { state: 'clear', cap: 1, open: [] },
      agent_heat_ceiling: 1,
      instrumentation_ceiling: 1,
      track_record: { good: 0, bad: 0, accuracy: null, failure_detection_rate: null, blast_radius_history: [0, 0, 0, 0] },
    })
  })

  it('names what binds: layer, heat, incident, instrumentation or a ceiling', () => {
    const agent = agentAt(4, 5000)
    const binding = (one: AgentTrust, more: object = {}) => scopeView(one, MAIL, { nowMs: NOW, ...more }, C).binding
    expect(binding(agentAt(4, 50))).toBe('identity')
    expect(binding({ ...agent, heat: { q: 4, tnMs: NOW } })).toBe('agent_heat')
    expect(binding(addIncident(agent, open, C).agent)).toBe('incident')
    expect(binding(agent, { liveLayers: ['identity', 'behaviour'] })).toBe('instrumentation')
    expect(binding(agent, { ceilings: [{ source: 'credential_age', value: 0.69 }] })).toBe('credential_age')
  })

  it('leaves out layers that are not live, at the price of the instrumentation ceiling', () => {
    const own = scopeOf(agentAt(4, 5000), MAIL)
    const blind = { ...agentAt(4, 5000), scopes: { [MAIL]: { ...own, layers: { ...own.layers, context: layer(0) } } } }
    expect(view(blind).score).toBe(0)
    const three = scopeView(blind, MAIL, { nowMs: NOW, liveLayers: ['identity', 'behaviour', 'outcome'] }, C)
    expect(three).toMatchObject({ score: 0.6999, layers: { context: { live: false }, outcome: { live: true } } })
    const configured = { ...C, live_layers: ['identity', 'behaviour', 'outcome'] } as const
    expect(bad(blind, { weight: 0.5 }, NOW, configured).scopes[MAIL]?.ladder.level).toBe(4)
  })

  it.each([
    [[], 0.2999],
    [['behaviour', 'context', 'outcome'], 0.2999],
    [['identity', 'behaviour'], 0.4999],
    [['identity', 'behaviour', 'context'], 0.6999],
    [['identity', 'behaviour', 'outcome'], 0.6999],
    [['identity', 'behaviour', 'context', 'outcome'], 1],
  ] as const)('with live layers %j can reach %d', (layers, ceiling) => {
    expect(instrumentationCeiling(layers, C)).toBe(ceiling)
    expect(scopeView(agentAt(4, 1e6), MAIL, { nowMs: NOW, liveLayers: layers }, C).score).toBe(ceiling)
  })

  it('tells warm failures from none', () => {
    const warm = { ...agentAt(3, 600), identity: layer(600, 0, { q: 1 }) }
    expect(view(warm).incident.state).toBe('watch')
    expect(view(agentAt(3, 600)).incident.state).toBe('clear')
  })
})
