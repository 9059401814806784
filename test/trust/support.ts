import fc from 'fast-check'

import { DAY_MS } from '../../src/format/time.ts'
import { type Layer, LAYERS } from '../../src/model/layer.ts'
import type { Level } from '../../src/model/level.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import type { TrustConstants } from '../../src/trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { addEvidence, type Evidence } from '../../src/trust/evidence.ts'
import {
  type AgentTrust,
  EMPTY_LAYER,
  type LayerState,
  newAgentTrust,
  scopeOf,
  type ScopeTrust,
  withScope,
} from '../../src/trust/stored-trust.ts'
import { scopeView, type TrustView } from '../../src/trust/trust-view.ts'

export const C: TrustConstants = DEFAULT_TRUST_CONSTANTS
export const DAY = DAY_MS
export const HOUR = DAY_MS / 24
export const NOW = Date.parse('2026-06-01T12:00:00Z')
export const MAIL: ScopeKey = 'mail:full'
export const CRM: ScopeKey = 'crm:full'
export const RUNS = Number(process.env['GRADUS_RUNS'] ?? '300')

/** A layer with evidence valued and refreshed at a time. */
export function layer(r: number, s = 0, more: Partial<LayerState> = {}, atMs = NOW): LayerState {
  return { ...EMPTY_LAYER, r, s, tMs: atMs, tpMs: r > 0 ? atMs : null, ...more }
}

/** An agent whose layers all hold the same evidence, at a granted level in one scope. */
export function agentAt(level: Level, r: number, s = 0, scope: ScopeKey = MAIL, more: Partial<ScopeTrust> = {}): AgentTrust {
  const one = layer(r, s)
  const fresh = scopeOf(newAgentTrust(), scope)
  const trust: ScopeTrust = {
    ...fresh,
    layers: { behaviour: one, context: one, outcome: one },
    ladder: { ...fresh.ladder, level },
    ...more,
  }
  return withScope({ ...newAgentTrust(), identity: one }, scope, trust)
}

export function evidence(more: Partial<Evidence> = {}): Evidence {
  return { scope: MAIL, layer: 'outcome', polarity: 'positive', weight: 1, eventTimeMs: NOW, countsForLadder: true, ...more }
}

export function good(
  agent: AgentTrust,
  more: Partial<Evidence> = {},
  nowMs = more.eventTimeMs ?? NOW,
  constants = C,
): AgentTrust {
  return addEvidence(agent, evidence({ eventTimeMs: nowMs, ...more }), nowMs, constants).agent
}

export function bad(agent: AgentTrust, more: Partial<Evidence> = {}, nowMs = more.eventTimeMs ?? NOW, constants = C): AgentTrust {
  return addEvidence(agent, evidence({ eventTimeMs: nowMs, polarity: 'negative', ...more }), nowMs, constants).agent
}

/** One positive in every layer. */
export function goodEverywhere(
  agent: AgentTrust,
  more: Partial<Evidence> = {},
  nowMs = more.eventTimeMs ?? NOW,
  constants = C,
): AgentTrust {
  return LAYERS.reduce((state, one: Layer) => good(state, { ...more, layer: one }, nowMs, constants), agent)
}

export function repeat(times: number, agent: AgentTrust, step: (agent: AgentTrust, i: number) => AgentTrust): AgentTrust {
  let state = agent
  for (let i = 0; i < times; i++) state = step(state, i)
  return state
}

export function view(agent: AgentTrust, scope: ScopeKey = MAIL, nowMs = NOW, constants = C): TrustView {
  return scopeView(agent, scope, { nowMs }, constants)
}

const weights = fc.constantFrom(0.05, 0.15, 0.25, 0.35, 0.5, 0.8, 1, 2, 5, 10)
/** One random evidence event within 200 days before NOW. */
export const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  scope: fc.constantFrom(MAIL, CRM, 'mail:light'),
  layer: fc.constantFrom(...LAYERS),
  polarity: fc.constantFrom('positive', 'positive', 'positive', 'negative'),
  weight: weights,
  eventTimeMs: fc.integer({ min: 0, max: 200 * 24 }).map((hours) => NOW - hours * HOUR),
  countsForLadder: fc.boolean(),
})

/** A number from 0 to `max`: evenly spread as often as not, because `fc.double` alone is near 0 nearly always. */
export const spread = (max: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.double({ min: 0, max, noNaN: true }),
    fc.integer({ min: 0, max: 100_000 }).map((share) => (max * share) / 100_000),
  )

/** A random agent: solid ground in all layers, then random evidence in random order. */
export const anyAgent: fc.Arbitrary<AgentTrust> = fc
  .record({
    level: fc.constantFrom<Level>(0, 1, 2, 3, 4),
    r: spread(3000),
    s: spread(20),
    events: fc.array(anyEvidence, { maxLength: 30 }),
  })
  .map(({ level, r, s, events }) => events.reduce((agent, one) => addEvidence(agent, one, NOW, C).agent, agentAt(level, r, s)))
