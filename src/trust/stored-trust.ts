import { z } from 'zod'

import { invariant } from '../format/error.ts'
import type { Layer } from '../model/layer.ts'
import { Level } from '../model/level.ts'
import { ScopeKey } from '../model/scope.ts'
import { IncidentClass } from './constants.ts'

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
const BLAST_RADII = [0, 1, 2, 3] as const
/** How far a failure reached: 0 none, 1 one record, 2 many or shared, 3 organisation or external money. */
export const BlastRadius = z.literal(BLAST_RADII)
export type BlastRadius = z.infer<typeof BlastRadius>

const amount = z.number().min(0)
const count = z.number().int().min(0)
const unit = z.number().min(0).max(1)
/** Milliseconds since 1970-01-01 UTC. */
const timeMs = z.number()
const id = z.string().min(1).max(TRUST_ID_CHARS_MAX)

/**
 * One layer: decayed good (r) and bad (s) evidence valued at `tMs`, heat q, times of the last refreshing positive and the last negative (null:
 * never), and of the last refreshing read in a scope that only reads (`trMs`; absent: never), which keeps nothing fresh but what it is in.
 */
export const LayerState = z
  .strictObject({
    r: amount,
    s: amount,
    q: amount,
    tMs: timeMs,
    tpMs: timeMs.nullable(),
    tnMs: timeMs.nullable(),
    trMs: timeMs.optional(),
  })
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

/** Good outcome evidence from reads while the scope's tools only read: decayed units valued at `tMs`. It says nothing of other actions. */
export const ReadShare = z.strictObject({ r: amount, tMs: timeMs }).readonly()
export type ReadShare = z.infer<typeof ReadShare>

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
    /** What of its good outcome evidence says nothing of actions that do more than read; absent: none. */
    reads: ReadShare.optional(),
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

/** One value per layer. */
export type PerLayer<T> = Readonly<Record<Layer, T>>

/** A layer of which nothing is known. */
export const EMPTY_LAYER: LayerState = { r: 0, s: 0, q: 0, tMs: 0, tpMs: null, tnMs: null }

/** An agent without recent failures. */
export const NO_HEAT: AgentHeat = { q: 0, tnMs: null }

/** The ladder of a scope in which nothing happened. */
export const NEW_LADDER: Ladder = {
  level: 0,
  k: 0,
  e: 0,
  sinceMs: 0,
  kGrant: [0, 0, 0, 0, 0],
  strikes: 0,
  struckAtMs: null,
  restarts: 0,
}

const NEW_SCOPE: ScopeTrust = {
  layers: { behaviour: EMPTY_LAYER, context: EMPTY_LAYER, outcome: EMPTY_LAYER },
  ladder: NEW_LADDER,
  incidents: [],
  agentIncidentCounts: [],
  undo: [],
  track: { good: 0, bad: 0, selfFlagged: 0, failuresByBlastRadius: [0, 0, 0, 0] },
  verifiers: [],
  uncalibrated: [],
  raters: [],
}

/** The trust of an agent of which nothing is known: score 0 in every scope. */
export function newAgentTrust(): AgentTrust {
  return { identity: EMPTY_LAYER, heat: NO_HEAT, incidents: [], composition: null, scopes: {} }
}

/** A scope of the agent; a new one if nothing happened in it yet. */
export function scopeOf(agent: AgentTrust, key: ScopeKey): ScopeTrust {
  const known = Object.hasOwn(agent.scopes, key) ? agent.scopes[key] : undefined
  return known ?? NEW_SCOPE
}

/** The agent with one scope replaced. Throws the error for bugs if the key is none, or the agent would have too many. */
export function withScope(agent: AgentTrust, key: ScopeKey, scope: ScopeTrust): AgentTrust {
  if (!Object.hasOwn(agent.scopes, key)) {
    invariant(ScopeKey.safeParse(key).success, `"${key}" is not a scope ("category:light" or "category:full")`)
    invariant(Object.keys(agent.scopes).length < SCOPES_MAX, `an agent has at most ${SCOPES_MAX} scopes`)
  }
  return { ...agent, scopes: { ...agent.scopes, [key]: scope } }
}

/** The agent with every scope replaced by what `change` makes of it. */
export function mapScopes(agent: AgentTrust, change: (scope: ScopeTrust, key: ScopeKey) => ScopeTrust): AgentTrust {
  return { ...agent, scopes: Object.fromEntries(Object.entries(agent.scopes).map(([key, scope]) => [key, change(scope, key)])) }
}
