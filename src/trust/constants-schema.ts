import { z } from 'zod'

import { Layer, LAYERS } from '../model/layer.ts'
import { Level } from '../model/level.ts'

/** Where a signal's judgement came from; decides its weight. */
export const EvidenceSource = z.enum([
  'deterministic',
  'human',
  'ci',
  'end_user',
  'llm_judge',
  'signed_import',
  'self',
  'silence',
])
export type EvidenceSource = z.infer<typeof EvidenceSource>

/** What was at stake when the judged action was decided: a read, a proposal that did not run, an executed action. */
export const EvidenceStake = z.enum(['read', 'proposal', 'executed'])
export type EvidenceStake = z.infer<typeof EvidenceStake>

/** How bad a failure was, from an uncorroborated complaint to a hard cap. */
export const Severity = z.enum(['ambiguous', 'minor', 'moderate', 'major', 'critical'])
export type Severity = z.infer<typeof Severity>

/** The classes of incident; each has its cap, reach and review in the constants. */
export const IncidentClass = z.enum([
  'injection_suspected',
  'injection_weak',
  'injection_confirmed',
  'exfiltration',
  'permission_escalation',
  'credential_compromise',
  'kill_switch',
  'major_outcome_failure',
  'other',
])
export type IncidentClass = z.infer<typeof IncidentClass>

/** Whether an incident caps every scope of the agent, or one. */
export const IncidentReach = z.enum(['agent', 'scope'])
export type IncidentReach = z.infer<typeof IncidentReach>

/** A score, share or weight, 0 to 1. */
export const unit = z.number().min(0).max(1)
/** A number above 0. */
export const positive = z.number().positive()
/** One number per level, L0 to L4. */
const perLevel = <T extends z.ZodType>(number: T) => z.tuple([number, number, number, number, number]).readonly()

/** Factors on a failure of one blast radius: reversible, hard to undo, irreversible. */
const reachRow = z.tuple([positive.min(1).max(10), positive.min(1).max(10), positive.min(1).max(10)]).readonly()

/** What an incident of a class does by default: score cap 0–1 (null: just under the band in force), reach, and whether a person must review it. */
export const IncidentRule = z.strictObject({ cap: unit.nullable(), reach: IncidentReach, review: z.boolean() }).readonly()
export type IncidentRule = z.infer<typeof IncidentRule>

/** Ceilings from what is verified about credentials and workloads: by the age of a credential, its points rising in age and falling in ceiling. */
export const PostureRules = z.strictObject({
  credential_age: z
    .array(z.strictObject({ age_days: z.number().min(0), ceiling: unit }).readonly())
    .max(16)
    .readonly(),
  certificate_expired: unit,
  unattested: unit,
  delegator_without_mfa: unit,
})
export type PostureRules = z.infer<typeof PostureRules>

/** Those in force unless configured otherwise; also where constants were recorded before there were any. */
export const DEFAULT_POSTURE_RULES: PostureRules = {
  credential_age: [
    { age_days: 90, ceiling: 0.69 },
    { age_days: 180, ceiling: 0.49 },
  ],
  certificate_expired: 0.49,
  unattested: 0.49,
  delegator_without_mfa: 0.69,
}

/** A point of the risk-appetite map: an upper bound on the failure rate, and the score it is worth. */
const Anchor = z.strictObject({ failure_bound: positive.max(1), trust: unit }).readonly()
/** A point of the freshness curve: days since the last verified positive, and the ceiling at that age. */
const FreshnessPoint = z.strictObject({ age_days: z.number().min(0), ceiling: unit }).readonly()

/** Every constant with its range; what must hold between them is in `constants-invariants.ts`. */
export const TRUST_CONSTANTS_SHAPE = {
  /** W = z²: weight of ignorance, in units of evidence; 3 gives the rule of three (about 95.8 % one-sided). Range 1–10. */
  prior_units: z.number().min(1).max(10),
  /** Risk appetite φ: failure bound → score, log-linear between points. From (1, 0), bounds falling, scores rising, to score 1. */
  anchors: z.array(Anchor).min(2).max(16).readonly(),
  /** Half-life of good evidence, days; never longer than that of bad evidence. */
  half_life_positive_days: positive.max(3650),
  /** Half-life of bad evidence, days. */
  half_life_negative_days: positive.max(3650),
  /** Ceiling by days since the last verified positive, linear between points, 0 after the last. Ages rise, ceilings fall. */
  freshness: z.array(FreshnessPoint).min(1).max(16).readonly(),
  /** Good runs that recent-failure heat is held against; more makes heat milder. Units. */
  heat_prior_units: positive.max(10_000),
  /** Units of good evidence that halve the heat. */
  heat_half_life_units: positive.max(10_000),
  /** A positive lighter than this does not refresh freshness. Weight, 0–1. */
  refresh_weight_min: unit,
  /** A positive lighter than this does not count in k and e. Weight, 0–1. */
  count_weight_min: unit,
  /** A positive lighter than this does not cool the agent's heat. Weight, 0–1. */
  agent_heat_weight_min: unit,
  /** Share of good evidence kept when the composition changes: model (major), prompt or tool catalogue (minor). 0–1. */
  composition_keep: z.strictObject({ major: unit, minor: unit }).readonly(),
  /** Most good evidence kept over a major change, per layer. Units. */
  composition_major_units_max: z.number().min(0),
  /** Highest granted level after a major change. */
  composition_major_level_max: Level,
  /** Clean days after which strikes no longer count. */
  strike_days: positive.max(3650),
  /** Largest share of the other scopes' evidence that a scope borrows. 0–1. */
  backoff_share_max: unit,
  /** Most evidence that a scope borrows. Units. */
  backoff_units_max: z.number().min(0),
  /** Score at which each level's band begins; rising from 0. */
  thresholds: perLevel(unit),
  /** What the score must be above the threshold once there are strikes. Score, 0–1. */
  hysteresis: unit,
  /** How far demotion trust may dip under the threshold before the grant is taken. Score, 0–1. */
  demote_margin: unit,
  /** Verified decisions without incident needed for each level. */
  count_min: perLevel(z.number().int().min(0)),
  /** Days on the level below before each level. */
  dwell_days: perLevel(z.number().min(0)),
  /** How often repeated strikes double the needed count, at most. */
  strike_doublings_max: z.number().int().min(0).max(10),
  /** Failure rate p0 that each level must be shown to be better than. 0–1, falling. */
  rate_limit: perLevel(positive.max(1)),
  /** p1/p0: the failure rate the e-process bets on, relative to p0. Between 0 and 1. */
  rate_ratio: positive.max(0.99),
  /** Chance α of ever promoting an agent that is worse than p0. 0–1. */
  promotion_alpha: perLevel(positive.max(1)),
  /** Smallest and largest severity that a failure counts with in the e-process. */
  severity_bounds: z.strictObject({ min: positive, max: positive }).readonly(),
  /** Distinct verifiers needed for each level. */
  verifiers_min: perLevel(z.number().int().min(0).max(16)),
  /** Largest disagreement between two layers at which promotion is possible. 0–1. */
  conflict_max: unit,
  /** Layers that detectors are configured for; the others count as not instrumented. */
  live_layers: z.array(Layer).max(LAYERS.length).readonly(),
  /** Score ceiling by what is instrumented: identity or behaviour missing, only those two, one more, all four. */
  instrumentation: z.strictObject({ blind: unit, two: unit, three: unit, four: unit }).readonly(),
  /** An outcome failure of at least this weight is a major failure. */
  major_weight_min: positive,
  /** Cap of a major failure by the band in force: just under that band. */
  major_caps: perLevel(unit),
  /** Share of a child's failure that its delegator is charged with. 0–1. */
  delegator_share: unit,
  /** ρ: weight of a judgement by its source. 0–1; an agent's own word and silence are 0. */
  source_weights: z.record(EvidenceSource, unit).readonly(),
  /** Smallest ρ of a negative. 0–1. */
  source_weight_negative_min: unit,
  /** η: weight by what was at stake. 0–1. */
  stake_weights: z.record(EvidenceStake, unit).readonly(),
  /** κ: weight of a failure by its severity. */
  severity_weights: z.record(Severity, positive.max(30)).readonly(),
  /** m: factor on κ of a failure by blast radius (row, 0–3) and reversibility (column, 0–2; 2 irreversible). 1–10, falling nowhere. Absent: 1 everywhere. */
  blast_weights: z.tuple([reachRow, reachRow, reachRow, reachRow]).readonly().optional(),
  /** Factor on κ of a minor failure that the agent itself flagged. 0–1. */
  self_flagged_share: unit,
  /** Ceilings on the score from what is no evidence: something over a limit that waits for a person; coverage below its minimum; a session at high or medium risk; an unaudited MCP server on the path; a new agent of an owner whose agent had fallen. */
  bound_ceilings: z
    .strictObject({
      hold: unit,
      coverage: unit,
      session_high: unit,
      session_medium: unit,
      mcp_unaudited: unit,
      whitewash: unit,
    })
    .readonly(),
  /** Share of sampled and due decisions that must have been verified. 0–1. */
  coverage_min: unit,
  /** Half-life of coverage, days. */
  coverage_half_life_days: positive.max(3650),
  /** Ceilings from what is verified about the credentials and the workload of an agent. */
  posture: PostureRules.readonly().default(DEFAULT_POSTURE_RULES),
  /** How much a scope, a rater or a source may say in a time; units. Positives: per day of a scope's layer, and of a rater about an agent. Failures: per hour of a source that nobody corroborates. Complaints: per 30 days of a rater that nobody corroborates. */
  budgets: z
    .strictObject({
      scope_positive_per_day: positive.max(1_000_000),
      rater_positive_per_day: positive.max(1_000_000),
      factual_per_hour: positive.max(1_000_000),
      ambiguous_per_30_days: positive.max(1_000_000),
    })
    .readonly(),
  /** Canaries after which a rater weighs what they caught, and counts as a distinct verifier for the top. */
  canaries_min: z.number().int().min(1).max(1_000),
  /** Which decisions have to be verified at the top: the least share and the least number a day of a scope; and what a success weighs that nobody was asked to verify. */
  sampling: z
    .strictObject({ top_share: unit, top_per_day_min: z.number().int().min(0).max(1_000_000), unsampled_share: unit })
    .readonly(),
  /** Level from which a person has to sign a promotion. Absent: the highest. */
  signature_level: Level.optional(),
  /**
   * What agents of the high consequence tier need beyond that: factors on counts and days of the gates, further distinct verifiers, the
   * level from which a person signs, and what has to be verified at the top. It never asks for less. Absent: nothing.
   */
  high_tier: z
    .strictObject({
      count_factor: z.number().min(1).max(100),
      dwell_factor: z.number().min(1).max(100),
      verifiers_more: z.number().int().min(0).max(16),
      signature_level: Level,
      top_share: unit,
      top_per_day_min: z.number().int().min(0).max(1_000_000),
    })
    .readonly()
    .optional(),
  /** How long a new agent is held back whose owner's other agent had fallen, days. */
  whitewash_days: positive.max(3650),
  /** Cap, reach and review of each class of incident. */
  incident_rules: z.record(IncidentClass, IncidentRule).readonly(),
}
