import { z } from 'zod'

import { requireAmount, requireFinite } from '../format/error.ts'
import { Layer } from '../model/layer.ts'
import { Level, lowerLevel } from '../model/level.ts'
import { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { activeStrikes, countRequired, dwellLeftMs, evidenceRequired, nextLevel } from './ladder.ts'
import type { LayerReading } from './layer/layer.ts'
import { ScoreCeiling } from './score-ceiling.ts'
import { bandOf, publish } from './score-scale.ts'
import { type ReadingTerms, readScope, type ScopeReading } from './score.ts'
import { type AgentTrust, type Ladder, type PerLayer, type TrackRecord, TRUST_ID_CHARS_MAX } from './stored-trust.ts'

/** Milliseconds since 1970-01-01 UTC. */
const timeMs = z.number()

const id = z.string().min(1).max(TRUST_ID_CHARS_MAX)

const unit = z.number().min(0).max(1)

const count = z.number().int().min(0)

const amount = z.number().min(0)

const Opinion = z.strictObject({ b: unit, d: unit, u: unit }).readonly()

const Evidence = z.strictObject({ r: amount, s: amount }).readonly()

const Freshness = z.strictObject({ tp_ms: timeMs.nullable(), age_ms: amount.nullable(), ceiling: unit }).readonly()

/** One layer as it stands at a read. */
export const LayerView = z
  .strictObject({
    live: z.boolean(),
    score: unit,
    opinion: Opinion,
    failure_bound: unit,
    evidence: Evidence,
    evidence_ceiling: unit,
    heat_ceiling: unit,
    freshness: Freshness,
  })
  .readonly()

export type LayerView = z.infer<typeof LayerView>

/** State of a scope towards incidents, worst first: review due, cap still in force, failures still warm, none of it. */
export const IncidentState = z.enum(['open', 'recovering', 'watch', 'clear'])

export type IncidentState = z.infer<typeof IncidentState>

/** Trust of one agent in one scope at one time, as it appears on the wire. Scores are floored to four decimals. */
export const TrustView = z
  .strictObject({
    scope: ScopeKey,
    score: unit,
    band: Level,
    level_granted: Level,
    /** min(granted, band of the score); 0 in a sensitive scope while an incident waits for its review. */
    level_effective: Level,
    /** Score below which the next thing that happens may take the grant: the least of evidence, heat, agent heat and incident caps. */
    demotion_score: unit,
    bottleneck_layer: Layer,
    /** What holds the score where it is: a layer, `agent_heat`, `incident`, `instrumentation`, or the source of a ceiling. */
    binding: z.string(),
    opinion: Opinion,
    failure_bound: unit,
    confidence: unit,
    evidence: Evidence,
    freshness: Freshness,
    layers: z.strictObject({ identity: LayerView, behaviour: LayerView, context: LayerView, outcome: LayerView }).readonly(),
    incident: z
      .strictObject({
        state: IncidentState,
        cap: unit,
        open: z.array(id).readonly(),
      })
      .readonly(),
    ladder: z
      .strictObject({
        k: count,
        /** Null at the top. */
        k_required: count.nullable(),
        e: z.number(),
        e_required: z.number().nullable(),
        dwell_left_ms: amount.nullable(),
        strikes: count,
        restarts: count,
      })
      .readonly(),
    agent_heat_ceiling: unit,
    instrumentation_ceiling: unit,
    ceilings: z.array(ScoreCeiling).readonly(),
    track_record: z
      .strictObject({
        good: count,
        bad: count,
        accuracy: unit.nullable(),
        failure_detection_rate: unit.nullable(),
        blast_radius_history: z.tuple([count, count, count, count]).readonly(),
      })
      .readonly(),
  })
  .readonly()

export type TrustView = z.infer<typeof TrustView>

/** Heat from which a scope is watched: one whole failure not yet cooled. */
const WATCH_UNITS = 1

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
