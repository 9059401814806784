import { type Layer, LAYERS } from '../model/layer.ts'
import { DEFAULT_POSTURE_RULES } from './constants-schema.ts'
import { TrustConstants, type TrustConstantsOverride } from './constants.ts'

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
  blast_weights: [
    [1, 1, 1],
    [1, 1.25, 1.5],
    [1.5, 1.75, 2],
    [2, 2.25, 2.5],
  ],
  self_flagged_share: 0.75,
  bound_ceilings: {
    hold: 0.6999,
    coverage: 0.6999,
    session_high: 0.49,
    session_medium: 0.6999,
    mcp_unaudited: 0.29,
    whitewash: 0.6999,
  },
  coverage_min: 0.5,
  coverage_half_life_days: 30,
  budgets: { scope_positive_per_day: 100, rater_positive_per_day: 10, factual_per_hour: 3, ambiguous_per_30_days: 3 },
  canaries_min: 20,
  sampling: { top_share: 0.1, top_per_day_min: 10, unsampled_share: 0.25 },
  signature_level: 4,
  high_tier: {
    count_factor: 2,
    dwell_factor: 2,
    verifiers_more: 1,
    signature_level: 3,
    top_share: 0.25,
    top_per_day_min: 25,
  },
  whitewash_days: 90,
  posture: DEFAULT_POSTURE_RULES,
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
  return TrustConstants.parse(overlaid(override, liveLayers))
}

/** Each invariant that a configuration's own constants break, with the member to blame. */
export function trustConstantsProblems(
  override: TrustConstantsOverride,
  liveLayers: readonly Layer[],
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  return TrustConstants.safeParse(overlaid(override, liveLayers)).error?.issues ?? []
}

function overlaid(override: TrustConstantsOverride, liveLayers: readonly Layer[]): unknown {
  const base = DEFAULT_TRUST_CONSTANTS
  return {
    ...base,
    ...override,
    composition_keep: { ...base.composition_keep, ...override.composition_keep },
    source_weights: { ...base.source_weights, ...override.source_weights },
    stake_weights: { ...base.stake_weights, ...override.stake_weights },
    severity_weights: { ...base.severity_weights, ...override.severity_weights },
    bound_ceilings: { ...base.bound_ceilings, ...override.bound_ceilings },
    budgets: { ...base.budgets, ...override.budgets },
    sampling: { ...base.sampling, ...override.sampling },
    high_tier: { ...base.high_tier, ...override.high_tier },
    posture: { ...base.posture, ...override.posture },
    incident_rules: { ...base.incident_rules, ...override.incident_rules },
    live_layers: liveLayers,
  }
}
