import { z } from 'zod'
import { Layer, Level, ScopeKey } from './scope.ts'
import { IncidentClass } from './trust-constants.ts'

/** Most distinct verifiers remembered per scope; no level asks for more. */
export const VERIFIERS_MAX = 16
/** Most raters whose share is remembered per scope; beyond it the least one's share passes to whoever comes. */
export const RATERS_MAX = 64
/** Most incidents kept per agent and per scope; the two oldest are then merged, never dropped. */
export const INCIDENTS_MAX = 256
/** Most scopes of one agent. */
export const SCOPES_MAX = 1_024
/** Longest id of an incident or verifier, characters. */
export const TRUST_ID_CHARS_MAX = 512
/** Blast radii, 0 none to 3 organisation. */
export const BLAST_RADII = [0, 1, 2, 3] as const
/** How far a failure reached: 0 none, 1 one record, 2 many or shared, 3 organisation or external money. */
export const BlastRadius = z.literal(BLAST_RADII)
export type BlastRadius = z.infer<typeof BlastRadius>

const amount = z.number().min(0)
const count = z.number().int().min(0)
const unit = z.number().min(0).max(1)
/** Milliseconds since 1970-01-01 UTC. */
const timeMs = z.number()
const id = z.string().min(1).max(TRUST_ID_CHARS_MAX)

/** One layer: decayed good (r) and bad (s) evidence valued at `tMs`, heat q, times of the last refreshing positive and the last negative (null: never). */
export const LayerState = z
  .strictObject({ r: amount, s: amount, q: amount, tMs: timeMs, tpMs: timeMs.nullable(), tnMs: timeMs.nullable() })
  .readonly()
export type LayerState = z.infer<typeof LayerState>

/** Recent outcome failures of the agent in any scope, and when the last one was (null: never). */
export const AgentHeat = z.strictObject({ q: amount, tnMs: timeMs.nullable() }).readonly()
export type AgentHeat = z.infer<typeof AgentHeat>

/** Where an incident stands with the person who must review it. */
export const IncidentReview = z.enum(['none', 'required', 'passed'])
export type IncidentReview = z.infer<typeof IncidentReview>

/**
 * One incident: its cap (score), class, review; `fromMs`: only positives later than this count; `c`: those counted, decayed, valued at `tMs`.
 * `merged`: stands for several old incidents, so that it can be reviewed but no more be declared a false positive.
 */
export const Incident = z
  .strictObject({
    id,
    class: IncidentClass,
    cap: unit,
    review: IncidentReview,
    atMs: timeMs,
    fromMs: timeMs,
    c: amount,
    tMs: timeMs,
    merged: z.boolean(),
  })
  .readonly()
export type Incident = z.infer<typeof Incident>

/** Verified outcome positives of one scope since an incident of the agent. */
export const IncidentCount = z.strictObject({ id, c: amount, tMs: timeMs }).readonly()
export type IncidentCount = z.infer<typeof IncidentCount>

/** The ladder of a scope: granted level, incident-free count k, e-process e, times, what earned each level, strikes, restarts. */
export const Ladder = z
  .strictObject({
    level: Level,
    k: count,
    e: z.number(),
    sinceMs: timeMs,
    kGrant: z.tuple([count, count, count, count, count]).readonly(),
    strikes: count,
    struckAtMs: timeMs.nullable(),
    restarts: count,
  })
  .readonly()
export type Ladder = z.infer<typeof Ladder>

/** The ladder as it was before an incident, given back if the incident was a false positive and nothing else took the level since. */
export const LadderUndo = z.strictObject({ id, before: Ladder, struckAtMs: timeMs.nullable() }).readonly()
export type LadderUndo = z.infer<typeof LadderUndo>

/** Undecayed record of verified decisions, for people. */
export const TrackRecord = z
  .strictObject({
    good: count,
    bad: count,
    selfFlagged: count,
    failuresByBlastRadius: z.tuple([count, count, count, count]).readonly(),
  })
  .readonly()
export type TrackRecord = z.infer<typeof TrackRecord>

/** What one rater, a person or an agent that judges, alone stands for in a scope: decayed outcome units valued at `tMs`, and ladder counts `k` since it last started over. */
export const RaterShare = z.strictObject({ id, r: amount, tMs: timeMs, k: count }).readonly()
export type RaterShare = z.infer<typeof RaterShare>

/** Everything known of one scope of an agent. */
export const ScopeTrust = z
  .strictObject({
    layers: z.strictObject({ behaviour: LayerState, context: LayerState, outcome: LayerState }).readonly(),
    ladder: Ladder,
    incidents: z.array(Incident).max(INCIDENTS_MAX).readonly(),
    agentIncidentCounts: z.array(IncidentCount).max(INCIDENTS_MAX).readonly(),
    undo: z
      .array(LadderUndo)
      .max(2 * INCIDENTS_MAX)
      .readonly(),
    track: TrackRecord,
    /** Distinct verifiers of counted positives since the ladder last started over. */
    verifiers: z.array(id).max(VERIFIERS_MAX).readonly(),
    /** Those of them that are raters and have not seen enough canaries; they do not count for the top. */
    uncalibrated: z.array(id).max(VERIFIERS_MAX).readonly().default([]),
    /** What rests on one rater's word alone, by rater. */
    raters: z.array(RaterShare).max(RATERS_MAX).readonly().default([]),
  })
  .readonly()
export type ScopeTrust = z.infer<typeof ScopeTrust>

/** What an agent is made of: opaque names or digests. */
export const Composition = z
  .strictObject({ model: z.string().optional(), prompt: z.string().optional(), tool_catalogue: z.string().optional() })
  .readonly()
export type Composition = z.infer<typeof Composition>

/** The whole trust state of one agent: one aggregate, stored as one JSON document. */
export const AgentTrust = z
  .strictObject({
    identity: LayerState,
    heat: AgentHeat,
    incidents: z.array(Incident).max(INCIDENTS_MAX).readonly(),
    composition: Composition.nullable(),
    scopes: z
      .record(ScopeKey, ScopeTrust)
      .refine((scopes) => Object.keys(scopes).length <= SCOPES_MAX, `an agent has at most ${SCOPES_MAX} scopes`)
      .readonly(),
  })
  .readonly()
export type AgentTrust = z.infer<typeof AgentTrust>

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

/** The gates of a promotion, in the order in which they are named. */
export const GATES = [
  'top',
  'incident',
  'score',
  'consensus',
  'conflict',
  'verifiers',
  'largest_rater',
  'count',
  'evidence',
  'dwell',
  'human',
] as const
/** One gate of a promotion. */
export const GateName = z.enum(GATES)
export type GateName = z.infer<typeof GateName>

/** Whether a gate is passed, what there is and what is needed (scores, counts, log e-values, milliseconds; 1 and 0 for yes and no). */
export const Gate = z.strictObject({ gate: GateName, passed: z.boolean(), have: z.number(), need: z.number() }).readonly()
export type Gate = z.infer<typeof Gate>

const scopeAnd = { scope: ScopeKey }
/** Something a write did beyond adding evidence. */
export const TrustChange = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('demoted'),
      ...scopeAnd,
      from: Level,
      to: Level,
      demotion_score: unit,
      /** A person took it, not the score. */
      by: z.literal('person').optional(),
    })
    .readonly(),
  z.strictObject({ kind: z.literal('promoted'), ...scopeAnd, from: Level, to: Level }).readonly(),
  z.strictObject({ kind: z.literal('restored'), ...scopeAnd, from: Level, to: Level, incident: id }).readonly(),
  z
    .strictObject({
      kind: z.literal('incident_raised'),
      scope: ScopeKey.nullable(),
      incident: id,
      class: IncidentClass,
      cap: unit,
      review: z.boolean(),
    })
    .readonly(),
  z
    .strictObject({ kind: z.literal('incident_reviewed'), scope: ScopeKey.nullable(), incident: id, false_positive: z.boolean() })
    .readonly(),
  z
    .strictObject({
      kind: z.literal('composition_changed'),
      change: z.enum(['major', 'minor']),
      scopes_lowered: z.array(ScopeKey).readonly(),
    })
    .readonly(),
])
export type TrustChange = z.infer<typeof TrustChange>

/** The state after a write, and what the write did. */
export type TrustWrite = { readonly agent: AgentTrust; readonly changes: readonly TrustChange[] }

/** One value per layer. */
export type PerLayer<T> = Readonly<Record<Layer, T>>
