import { z } from 'zod'
import { LAYERS, Layer, Level } from './scope.ts'

/** Milliseconds in a day. */
export const DAY_MS = 86_400_000

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

const unit = z.number().min(0).max(1)
const positive = z.number().positive()
/** One number per level, L0 to L4. */
const perLevel = <T extends z.ZodType>(number: T) => z.tuple([number, number, number, number, number]).readonly()

/** What an incident of a class does by default: score cap 0–1 (null: just under the band in force), reach, and whether a person must review it. */
export const IncidentRule = z.strictObject({ cap: unit.nullable(), reach: IncidentReach, review: z.boolean() }).readonly()
export type IncidentRule = z.infer<typeof IncidentRule>

/** A point of the risk-appetite map: an upper bound on the failure rate, and the score it is worth. */
const Anchor = z.strictObject({ failure_bound: positive.max(1), trust: unit }).readonly()
/** A point of the freshness curve: days since the last verified positive, and the ceiling at that age. */
const FreshnessPoint = z.strictObject({ age_days: z.number().min(0), ceiling: unit }).readonly()

const shape = {
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
  /** Factor on κ of a minor failure that the agent itself flagged. 0–1. */
  self_flagged_share: unit,
  /** Cap, reach and review of each class of incident. */
  incident_rules: z.record(IncidentClass, IncidentRule).readonly(),
}

type Checked = z.infer<z.ZodObject<typeof shape>>
const rising = (numbers: readonly number[]): boolean => numbers.every((x, i) => i === 0 || x >= (numbers[i - 1] ?? x))
const strictlyRising = (numbers: readonly number[]): boolean =>
  numbers.every((x, i) => i === 0 || x > (numbers[i - 1] ?? -Infinity))
const falling = (numbers: readonly number[]): boolean => rising(numbers.map((x) => -x))

/** Each invariant between constants: the member to blame, what must hold, and the test. */
const INVARIANTS: readonly { readonly path: keyof Checked; readonly message: string; readonly holds: (c: Checked) => boolean }[] =
  [
    {
      path: 'half_life_positive_days',
      message: 'must be at most half_life_negative_days, or silence would raise trust',
      holds: (c) => c.half_life_positive_days <= c.half_life_negative_days,
    },
    {
      path: 'anchors',
      message:
        'must start at {failure_bound: 1, trust: 0}, fall strictly in failure_bound, rise strictly in trust and end at trust 1',
      holds: ({ anchors }) =>
        anchors[0]?.failure_bound === 1 &&
        anchors[0].trust === 0 &&
        strictlyRising(anchors.map((a) => -a.failure_bound)) &&
        strictlyRising(anchors.map((a) => a.trust)) &&
        anchors.at(-1)?.trust === 1,
    },
    {
      path: 'freshness',
      message: 'must rise strictly in age_days, never rise in ceiling, and end at ceiling 0',
      holds: ({ freshness }) =>
        strictlyRising(freshness.map((p) => p.age_days)) &&
        falling(freshness.map((p) => p.ceiling)) &&
        freshness.at(-1)?.ceiling === 0,
    },
    {
      path: 'thresholds',
      message: 'must start at 0 and rise strictly',
      holds: ({ thresholds }) => thresholds[0] === 0 && strictlyRising(thresholds),
    },
    {
      path: 'count_min',
      message: 'must not fall with the level',
      holds: (c) => rising(c.count_min),
    },
    {
      path: 'dwell_days',
      message: 'must not fall with the level',
      holds: (c) => rising(c.dwell_days),
    },
    {
      path: 'verifiers_min',
      message: 'must not fall with the level',
      holds: (c) => rising(c.verifiers_min),
    },
    {
      path: 'rate_limit',
      message: 'must fall strictly with the level and be below 1 from level 1 on',
      holds: (c) => strictlyRising(c.rate_limit.map((p) => -p)) && c.rate_limit[1] < 1,
    },
    {
      path: 'severity_bounds',
      message: 'min must be at most max, and at least count_weight_min (a failure may not count less than a success)',
      holds: (c) => c.severity_bounds.min <= c.severity_bounds.max && c.severity_bounds.min >= c.count_weight_min,
    },
    {
      path: 'composition_keep',
      message: 'major must be at most minor',
      holds: ({ composition_keep: keep }) => keep.major <= keep.minor,
    },
    {
      path: 'live_layers',
      message: 'must not name a layer twice',
      holds: (c) => new Set(c.live_layers).size === c.live_layers.length,
    },
    {
      path: 'instrumentation',
      message: 'must not fall from blind over two and three to four',
      holds: ({ instrumentation: i }) => rising([i.blind, i.two, i.three, i.four]),
    },
    {
      path: 'major_caps',
      message: 'must not rise above the band: each cap must be below the threshold of its level (level 0: of level 1)',
      holds: (c) => c.major_caps.every((cap, band) => cap < (c.thresholds[Math.max(1, band)] ?? 1)),
    },
    {
      path: 'source_weights',
      message: "an agent's own word (self) and silence must weigh 0",
      holds: ({ source_weights: rho }) => rho.self === 0 && rho.silence === 0,
    },
    {
      path: 'incident_rules',
      message: 'major_outcome_failure must reach the scope only, and every other class must have a cap',
      holds: ({ incident_rules: rules }) =>
        Object.entries(rules).every(([name, rule]) =>
          name === 'major_outcome_failure' ? rule.reach === 'scope' : rule.cap !== null,
        ),
    },
    {
      path: 'severity_weights',
      message: 'must rise from ambiguous to critical',
      holds: ({ severity_weights: k }) => rising([k.ambiguous, k.minor, k.moderate, k.major, k.critical]),
    },
  ]

/** Every number of the trust model. Configuration: versioned with the policy set; docs/trust-model.md explains each. */
export const TrustConstants = z
  .strictObject(shape)
  .superRefine((constants, context) => {
    for (const { path, message, holds } of INVARIANTS) {
      if (!holds(constants)) context.addIssue({ code: 'custom', path: [path], message })
    }
  })
  .readonly()
export type TrustConstants = z.infer<typeof TrustConstants>

/**
 * What a configuration may say of the constants: any members, and of a table any entries; the rest keep their defaults.
 * The live layers are configured beside it.
 */
export const TrustConstantsOverride = z
  .strictObject({
    ...shape,
    composition_keep: z.strictObject({ major: unit, minor: unit }).partial().readonly(),
    source_weights: z.partialRecord(EvidenceSource, unit).readonly(),
    stake_weights: z.partialRecord(EvidenceStake, unit).readonly(),
    severity_weights: z.partialRecord(Severity, positive.max(30)).readonly(),
    incident_rules: z.partialRecord(IncidentClass, IncidentRule).readonly(),
  })
  .omit({ live_layers: true })
  .partial()
  .readonly()
export type TrustConstantsOverride = z.infer<typeof TrustConstantsOverride>

/** The constants in force unless configured otherwise. */
export const DEFAULT_TRUST_CONSTANTS: TrustConstants = {
  prior_units: 3,
  anchors: [
    { failure_bound: 1, trust: 0 },
    { failure_bound: 0.5, trust: 0.3 },
    { failure_bound: 0.2, trust: 0.5 },
    { failure_bound: 0.05, trust: 0.7 },
    { failure_bound: 0.01, trust: 0.9 },
    { failure_bound: 0.001, trust: 1 },
  ],
  half_life_positive_days: 60,
  half_life_negative_days: 120,
  freshness: [
    { age_days: 7, ceiling: 1 },
    { age_days: 14, ceiling: 0.9 },
    { age_days: 30, ceiling: 0.7 },
    { age_days: 60, ceiling: 0.5 },
    { age_days: 90, ceiling: 0.3 },
    { age_days: 180, ceiling: 0 },
  ],
  heat_prior_units: 30,
  heat_half_life_units: 25,
  refresh_weight_min: 0.35,
  count_weight_min: 0.35,
  agent_heat_weight_min: 0.35,
  composition_keep: { major: 0.25, minor: 0.7 },
  composition_major_units_max: 53,
  composition_major_level_max: 2,
  strike_days: 180,
  backoff_share_max: 0.1,
  backoff_units_max: 11,
  thresholds: [0, 0.3, 0.5, 0.7, 0.9],
  hysteresis: 0.02,
  demote_margin: 0.015,
  count_min: [0, 5, 20, 50, 1000],
  dwell_days: [0, 0, 1, 7, 30],
  strike_doublings_max: 3,
  rate_limit: [1, 0.5, 0.2, 0.05, 0.01],
  rate_ratio: 0.4,
  promotion_alpha: [1, 0.05, 0.05, 0.05, 0.01],
  severity_bounds: { min: 0.5, max: 30 },
  verifiers_min: [0, 1, 1, 2, 3],
  conflict_max: 0.3,
  live_layers: LAYERS,
  instrumentation: { blind: 0.2999, two: 0.4999, three: 0.6999, four: 1 },
  major_weight_min: 5,
  major_caps: [0.2999, 0.2999, 0.4999, 0.6999, 0.8999],
  delegator_share: 0.5,
  source_weights: {
    deterministic: 1,
    human: 0.8,
    ci: 0.8,
    end_user: 0.5,
    llm_judge: 0.3,
    signed_import: 0.3,
    self: 0,
    silence: 0,
  },
  source_weight_negative_min: 0.5,
  stake_weights: { read: 0.25, proposal: 0.5, executed: 1 },
  severity_weights: { ambiguous: 0.5, minor: 1, moderate: 2, major: 5, critical: 10 },
  self_flagged_share: 0.75,
  incident_rules: {
    injection_suspected: { cap: 0.4, reach: 'agent', review: true },
    injection_weak: { cap: 0.69, reach: 'agent', review: false },
    injection_confirmed: { cap: 0.2, reach: 'agent', review: true },
    exfiltration: { cap: 0.2, reach: 'agent', review: true },
    permission_escalation: { cap: 0.2, reach: 'agent', review: true },
    credential_compromise: { cap: 0, reach: 'agent', review: true },
    kill_switch: { cap: 0, reach: 'agent', review: true },
    major_outcome_failure: { cap: null, reach: 'scope', review: false },
    other: { cap: 0.4, reach: 'agent', review: true },
  },
}

/**
 * The default constants with a configuration's own members and table entries laid over them, checked as a whole.
 * Throws a ZodError that names the member and the invariant.
 */
export function resolveTrustConstants(override: TrustConstantsOverride, liveLayers: readonly Layer[] = LAYERS): TrustConstants {
  const base = DEFAULT_TRUST_CONSTANTS
  return TrustConstants.parse({
    ...base,
    ...override,
    composition_keep: { ...base.composition_keep, ...override.composition_keep },
    source_weights: { ...base.source_weights, ...override.source_weights },
    stake_weights: { ...base.stake_weights, ...override.stake_weights },
    severity_weights: { ...base.severity_weights, ...override.severity_weights },
    incident_rules: { ...base.incident_rules, ...override.incident_rules },
    live_layers: liveLayers,
  })
}
