import { lowerLevel } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { AgentTrust, Ladder, PerLayer, TrackRecord } from './agent-trust.ts'
import type { TrustConstants } from './constants.ts'
import { requireAmount, requireFinite } from './finite.ts'
import { activeStrikes, countRequired, dwellLeftMs, evidenceRequired, nextLevel } from './ladder.ts'
import type { LayerReading } from './layer.ts'
import { bandOf, publish } from './phi.ts'
import { type ReadingTerms, readScope, type ScopeReading } from './score.ts'
import type { IncidentState, LayerView, TrustView } from './trust-view.ts'

/** How a scope is to be read. */
export type ViewTerms = ReadingTerms & {
  /** The scope touches sensitive things: while an incident waits for its review, the effective level is 0. */
  readonly sensitive?: boolean | undefined
}

/** Everything known of an agent's trust in one scope at one time. A scope in which nothing happened has a view too. */
export function scopeView(agent: AgentTrust, scope: ScopeKey, terms: ViewTerms, constants: TrustConstants): TrustView {
  const { nowMs, ceilings = [] } = terms
  requireFinite({ nowMs })
  for (const { source, value } of ceilings) requireAmount(`ceiling ${source}`, value)
  const reading = readScope(agent, scope, terms, constants)
  const { ladder, track } = reading.scope
  const score = publish(reading.score)
  const band = bandOf(score, constants)
  const layers = layerViews(reading, nowMs)
  const { opinion, failure_bound, evidence, freshness } = layers[reading.bottleneck]
  const open = reading.incidents.filter((one) => one.review === 'required').map((one) => one.id)
  const quarantined = terms.sensitive === true && open.length > 0
  return {
    scope,
    score,
    band,
    level_granted: ladder.level,
    level_effective: quarantined ? 0 : lowerLevel(ladder.level, band),
    demotion_score: publish(reading.demotionScore),
    bottleneck_layer: reading.bottleneck,
    binding: reading.binding,
    opinion,
    failure_bound,
    confidence: 1 - opinion.u,
    evidence,
    freshness,
    layers,
    incident: { state: incidentState(agent, reading), cap: publish(reading.incidentCap), open: open.toSorted() },
    ladder: ladderView(ladder, nowMs, constants),
    agent_heat_ceiling: publish(reading.agentHeat),
    instrumentation_ceiling: reading.instrumentation,
    ceilings,
    track_record: trackView(track),
  }
}

function layerViews({ layers, liveLayers }: ScopeReading, nowMs: number): PerLayer<LayerView> {
  const view = (layer: keyof typeof layers) => layerView(layers[layer], liveLayers.includes(layer), nowMs)
  return { identity: view('identity'), behaviour: view('behaviour'), context: view('context'), outcome: view('outcome') }
}

function layerView(reading: LayerReading, live: boolean, nowMs: number): LayerView {
  const { tpMs, r, s } = reading
  return {
    live,
    score: publish(reading.trust),
    opinion: reading.opinion,
    failure_bound: reading.failureBound,
    evidence: { r, s },
    evidence_ceiling: publish(reading.evidence),
    heat_ceiling: publish(reading.heat),
    freshness: { tp_ms: tpMs, age_ms: tpMs === null ? null : Math.max(0, nowMs - tpMs), ceiling: publish(reading.fresh) },
  }
}

/** Heat from which a scope is watched: one whole failure not yet cooled. */
const WATCH_UNITS = 1

function incidentState(agent: AgentTrust, { incidents, incidentCap, scope, liveLayers }: ScopeReading): IncidentState {
  if (incidents.some((one) => one.review === 'required')) return 'open'
  if (incidentCap < 1) return 'recovering'
  const heats = liveLayers.map((layer) => (layer === 'identity' ? agent.identity.q : scope.layers[layer].q))
  return Math.max(agent.heat.q, ...heats) >= WATCH_UNITS ? 'watch' : 'clear'
}

function ladderView(ladder: Ladder, nowMs: number, constants: TrustConstants): TrustView['ladder'] {
  const to = nextLevel(ladder.level)
  return {
    k: ladder.k,
    k_required: to === undefined ? null : countRequired(ladder, to, nowMs, constants),
    e: ladder.e,
    e_required: to === undefined ? null : evidenceRequired(ladder, to, nowMs, constants),
    dwell_left_ms: to === undefined ? null : dwellLeftMs(ladder, to, nowMs, constants),
    strikes: activeStrikes(ladder, nowMs, constants),
    restarts: ladder.restarts,
  }
}

function trackView({ good, bad, selfFlagged, failuresByBlastRadius }: TrackRecord): TrustView['track_record'] {
  return {
    good,
    bad,
    accuracy: good + bad === 0 ? null : good / (good + bad),
    failure_detection_rate: bad === 0 ? null : selfFlagged / bad,
    blast_radius_history: failuresByBlastRadius,
  }
}
