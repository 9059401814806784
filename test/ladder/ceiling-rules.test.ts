import { describe, expect, it } from 'vitest'

import {
  ceilingsFor,
  type CeilingSubject,
  formerScopes,
  isIdentified,
  provenPosture,
} from '../../src/ladder/rules/score-ceilings.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { DEFAULT_TRUST_CONSTANTS as constants } from '../../src/trust/default-constants.ts'
import type { Posture } from '../../src/trust/posture.ts'
import { memoryState } from '../ledger/memory-state.ts'
import { earned, START_MS } from '../support/test-service.ts'

const agent = 'mailer'
const scope = 'mail:light'
const stateAfter = (...effects: readonly Effect[]) => {
  const state = memoryState()
  project(effects, START_MS, 'default', state)
  return state
}
const posture = (known: Posture): Effect => ({ kind: 'posture', agent, posture: known })
/** A session that an enforcement point vouches for. */
const named = (name: string) => ({ name, vouched: true })
const unattested = { attested: { ok: false } }

describe('the ceilings of an agent', () => {
  const ceilings = (effects: readonly Effect[], more: Partial<CeilingSubject> = {}) =>
    ceilingsFor(stateAfter(...effects), { tenant: 'default', agent, scope, nowMs: START_MS, ...more }, constants)

  it('are none where nothing is known of it', () => {
    expect(ceilings([])).toEqual([])
    expect(ceilings([], { session: named('s'), posture: { attested: { ok: true } } })).toEqual([])
  })

  it('are by what is stored and by what the credential of the caller proves, the stricter of both', () => {
    const expected = [{ source: 'posture:unattested', value: constants.posture.unattested }]
    expect(ceilings([posture(unattested)])).toEqual(expected)
    expect(ceilings([posture(unattested)], { posture: { attested: { ok: true } } })).toEqual(expected)
    expect(ceilings([posture({ attested: { ok: true } })], { posture: unattested })).toEqual(expected)
    expect(ceilings([posture({ attested: { ok: true } })], { posture: {} })).toEqual([])
  })

  it('are, in a session, the scores of the agents whose output it used; 0 for one that nobody knows', () => {
    const used = (id: string): Effect => ({ kind: 'session', agent, session: 's', cap: null, used: id })
    const stranger = ceilings([used('stranger')], { session: named('s') })
    expect(stranger.map(({ value }) => value)).toEqual([0])
    const history = [...earned('reader', scope, 40, START_MS), used('reader')]
    const [known] = ceilings(history, { session: named('s'), isKnown: (id) => id === 'reader' })
    expect(known?.value).toBeGreaterThan(0.3)
    expect(ceilings(history, { session: named('s') })).toEqual([known])
    expect(ceilings(history, { session: named('s'), isKnown: () => false }).map(({ value }) => value)).toEqual([0])
    expect(ceilings(history, { session: named('another') })).toEqual([])
  })
})

describe('the former scopes of a tool', () => {
  const at = (place: string): Effect => ({ kind: 'tools', places: { send: place } })
  const former = (tool: string, ...effects: readonly Effect[]) =>
    formerScopes(stateAfter(...effects), { tenant: 'default', agent, tool })

  it('are those that it came from, and none of one that never moved or that nobody knows', () => {
    expect(former('send')).toEqual([])
    expect(former('send', at(scope))).toEqual([])
    expect(former('constructor', at('files:full'), at(scope))).toEqual([])
    expect(former('send', at('files:full'), at(scope))).toEqual(['files:full'])
  })

  it('count until the agent has proven itself with it where it is now', () => {
    const successes = (units: number) =>
      earned(agent, scope, units, START_MS).map((each): Effect => ({ ...each, tool: 'send' }) as Effect)
    expect(former('send', at('files:full'), at(scope), ...successes(56))).toEqual(['files:full'])
    expect(former('send', at('files:full'), at(scope), ...successes(57))).toEqual([])
  })
})

describe('what a credential proves', () => {
  it('is of its own agent, and of nobody else', () => {
    expect(provenPosture({ agent, posture: unattested }, agent)).toEqual(unattested)
    expect(provenPosture({ agent, posture: unattested }, 'reader')).toBeUndefined()
  })
})

describe('an agent', () => {
  it.each<[string, boolean, Posture | undefined, Posture | undefined]>([
    ['is identified by its own credential', true, {}, undefined],
    [
      'is not identified by the credential of somebody else, whatever is known of it',
      false,
      undefined,
      { attested: { ok: true } },
    ],
    ['is not identified by a certificate that is over', false, { certificate_not_after_ms: START_MS - 1 }, undefined],
    ['is identified by one in its last millisecond', true, { certificate_not_after_ms: START_MS }, undefined],
    ['is not identified where its workload is known not to be attested', false, {}, unattested],
    ['is identified where nothing that is known of it is wanting', true, {}, { attested: { ok: true }, delegator_mfa: true }],
  ])('%s', (_name, expected, proven, stored) => {
    const state = stateAfter(...(stored === undefined ? [] : [posture(stored)]))
    expect(isIdentified(state, { tenant: 'default', agent, nowMs: START_MS, posture: proven }, constants)).toBe(expected)
  })
})
