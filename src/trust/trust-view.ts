import { z } from 'zod'

import { Layer } from '../model/layer.ts'
import { Level } from '../model/level.ts'
import { ScopeKey } from '../model/scope.ts'
import { TRUST_ID_CHARS_MAX } from './agent-trust.ts'

/** Milliseconds since 1970-01-01 UTC. */
const timeMs = z.number()

const id = z.string().min(1).max(TRUST_ID_CHARS_MAX)

const unit = z.number().min(0).max(1)

const count = z.number().int().min(0)

const amount = z.number().min(0)

/** A score ceiling from outside (posture, session, chain): who says so, and the score. */
export const ScoreCeiling = z.strictObject({ source: z.string().min(1), value: unit }).readonly()

export type ScoreCeiling = z.infer<typeof ScoreCeiling>

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
