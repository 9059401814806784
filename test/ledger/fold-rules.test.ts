import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { detect } from '../../src/detect/detect.ts'
import { DAY_MS } from '../../src/format/time.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { detectorState } from '../../src/ledger/fold/detectors.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { claimsAfter } from '../../src/ledger/fold/verdicts.ts'
import { agentKey, approvalKey, watchKey, watchScopeKey } from '../../src/ledger/keys.ts'
import { DEFAULT_TRUST_CONSTANTS as constants } from '../../src/trust/default-constants.ts'
import { decided, NEW, SETTINGS } from '../detect/support.ts'
import { earned, START_MS } from '../support/test-service.ts'
import { memoryState } from './memory-state.ts'

const agent = 'mailer'
const scope = 'mail:light'
const fold = (state: ReturnType<typeof memoryState>, ...effects: readonly Effect[]) =>
  project(effects, START_MS, 'default', state)

describe('what detectors remember', () => {
  const watched: Effect = { kind: 'watched', agent, scope, observed: decided() }

  it.each<[string, readonly Effect[]]>([
    ['came into force', []],
    ['are in force', [{ kind: 'detectors', settings: null }]],
    [
      'are in force any more',
      [
        { kind: 'detectors', settings: SETTINGS },
        { kind: 'detectors', settings: null },
      ],
    ],
  ])('is nothing where none %s', (_what, before) => {
    const state = memoryState()
    fold(state, ...before, watched)
    expect([state.document(watchKey('default', agent)), state.document(watchScopeKey('default', agent, scope))]).toEqual([
      undefined,
      undefined,
    ])
    expect(detectorState(state, 'default', agent, scope)).toEqual(NEW)
  })

  it('goes on from what they remember, under the settings in force', () => {
    const state = memoryState()
    fold(state, { kind: 'detectors', settings: SETTINGS }, watched, watched)
    const once = detect(NEW, decided(), SETTINGS).state
    expect(detectorState(state, 'default', agent, scope)).toEqual(detect(once, decided(), SETTINGS).state)
  })
})

describe('a canary', () => {
  const digest = 'a'.repeat(64)
  const canary = (requestDigest: string | null): Effect => ({
    kind: 'canary',
    decision_id: 'd',
    request_digest: requestDigest,
    canary: { expected: 'reject', by: 'ada', at_ms: START_MS },
  })
  const asked: Effect = {
    kind: 'approval',
    request_digest: digest,
    step: {
      kind: 'requested',
      approval: {
        id: 'd',
        request_digest: digest,
        agent,
        human: null,
        requester: 'gateway',
        not_by: [],
        action: 'send',
        scope,
        band: 'low',
        requested_at_ms: START_MS,
        expires_at_ms: START_MS + 1_000,
        redeem_within_ms: 1_000,
        approvers_needed: 1,
        votes: [],
        withdrawn_at_ms: null,
        expired_at_ms: null,
        redeemed_by: null,
        stake: 'proposal',
      },
    },
  }

  it('marks the approval of its request where there is one, and makes none', () => {
    const marked = (...effects: readonly Effect[]) => {
      const state = memoryState()
      fold(state, ...effects)
      expect(state.document({ kind: 'verdicts', tenant: 'default', id: 'd' })).toMatchObject({ canary: { expected: 'reject' } })
      return state.document(approvalKey('default', digest))
    }
    expect(marked(asked, canary(digest))).toMatchObject({ id: 'd', canary: true })
    expect(marked(asked, canary(null))).not.toHaveProperty('canary')
    expect(marked(asked, canary('b'.repeat(64)))).not.toHaveProperty('canary')
    expect(marked(canary(digest))).toBeUndefined()
  })
})

/** Trust of the agent in the scope after effects, and what happened on the way. */
const trusted = (...effects: readonly Effect[]) => {
  const state = memoryState()
  const changes = fold(state, ...effects)
  return {
    changes,
    document: state.document(agentKey('default', agent)),
    scope: state.document(agentKey('default', agent))?.scopes[scope],
  }
}

describe('a success', () => {
  const success = (verifier: string | null): Effect => ({
    kind: 'evidence',
    agent,
    scope,
    layer: 'outcome',
    polarity: 'positive',
    weight: 1,
    kappa: 0,
    event_time_ms: START_MS,
    verifier,
    counts: true,
    self_flagged: false,
    blast: 0,
  })
  const after = (...verifiers: readonly (string | null)[]) => trusted(...verifiers.map(success)).scope

  it('of nobody in particular counts like any other, and is no verifier of the scope', () => {
    expect(after(null, null)?.verifiers).toEqual([])
    expect(after('v', null, 'w', 'v')?.verifiers).toHaveLength(2)
    expect(after(null, null)?.ladder).toEqual(after('v', 'w')?.ladder)
  })
})

describe('what moves the trust of an agent', () => {
  const good = earned(agent, scope, 40, START_MS)
  const grant: Effect = { kind: 'promote', agent, scope, level: 1, human: true }

  it('is a failure of one that acted for it: a share of it, in the outcome, and no failure of its own', () => {
    const charged = trusted(...good, { kind: 'delegator', agent, scope, weight: 1.5, event_time_ms: START_MS })
    const before = trusted(...good)
    expect(charged.scope?.layers.outcome.s).toBe(1.5 * constants.delegator_share)
    expect(charged.scope?.layers.context).toEqual(before.scope?.layers.context)
    expect(charged.scope?.track).toEqual(before.scope?.track)
  })

  it('is a person who takes rungs away, down to the level that stays', () => {
    const before = memoryState()
    project([...good], START_MS - DAY_MS, 'default', before)
    fold(before, grant)
    expect(fold(before, { kind: 'demote', agent, scope, level: 0 })).toEqual([
      expect.objectContaining({ kind: 'demoted', from: 1, to: 0 }),
    ])
    expect(before.document(agentKey('default', agent))?.scopes[scope]?.ladder.level).toBe(0)
  })

  it('is what it is made of: another model keeps a part of what it earned', () => {
    const made = (model: string): Effect => ({ kind: 'composition', agent, composition: { model } })
    const first = trusted(made('one'), ...good).scope?.layers.outcome.r ?? 0
    expect(trusted(made('one'), ...good, made('one')).scope?.layers.outcome.r).toBe(first)
    expect(trusted(made('one'), ...good, made('two')).scope?.layers.outcome.r).toBeLessThan(first)
  })

  it.each([scope, null])('is an incident in %s once, however often it is told of', (where) => {
    const incident: Effect = {
      kind: 'incident',
      agent,
      incident: { id: 'i', class: 'other', reach: where === null ? 'agent' : 'scope', scope: where, cap: 0.4, review: true },
    }
    const once = trusted(...good, incident)
    expect(once.changes).not.toEqual([])
    const twice = trusted(...good, incident, incident)
    expect(twice.document).toEqual(once.document)
    expect(twice.changes).toEqual(once.changes)
    // What a person reviewed stays reviewed.
    const review: Effect = { kind: 'review', agent, incident_id: 'i', false_positive: false }
    expect(trusted(...good, incident, review, incident).document).toEqual(trusted(...good, incident, review).document)
  })
})

describe('claims of a success', () => {
  const claims = fc.array(
    fc.record({ source: fc.constantFrom('ann', 'bea', 'cem'), claim: fc.constantFrom(undefined, 0, 0.3, 0.5, 0.8, 1) }),
    { maxLength: 12 },
  )

  it('are kept as the heaviest, and the heaviest of anybody else', () => {
    fc.assert(
      fc.property(claims, (all) => {
        const { best, second = 0 } = all.reduce<ReturnType<typeof claimsAfter>>(
          (before, { source, claim }) => claimsAfter(before, { source, ...(claim === undefined ? {} : { claim }) }),
          {},
        )
        const heaviest = (of: (source: string) => boolean) =>
          Math.max(0, ...all.flatMap(({ source, claim = 0 }) => (of(source) ? [claim] : [])))
        expect(best?.weight ?? 0).toBe(heaviest(() => true))
        expect(second).toBe(heaviest((source) => source !== best?.by))
      }),
    )
  })

  it('are of a rater where the heaviest is', () => {
    const byRater = claimsAfter({}, { source: 'ann', claim: 0.8, rater: true })
    expect(byRater).toEqual({ best: { by: 'ann', rater: true, weight: 0.8 }, second: 0 })
    expect(claimsAfter(byRater, { source: 'checks', claim: 1 })).toEqual({
      best: { by: 'checks', rater: false, weight: 1 },
      second: 0.8,
    })
  })
})
