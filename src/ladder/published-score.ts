import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import { type Level, LEVELS } from '../model/level.ts'
import type { Outcome, RiskBand } from '../model/outcome.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { Matrices } from '../pdp/matrix-schema.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { type AgentTrust, scopeOf } from '../trust/stored-trust.ts'
import type { ScoreConsequences, ScoreMethod } from './wire.ts'

/** How scores come about under these constants: their version, how evidence fades, and how it is verified. */
export function scoreMethod(constants: TrustConstants, policySet: string | null): ScoreMethod {
  return {
    policy_set: policySet,
    constants: sha256Hex(canonicalJson(constants)),
    decay: {
      half_life_positive_days: constants.half_life_positive_days,
      half_life_negative_days: constants.half_life_negative_days,
      heat_half_life_units: constants.heat_half_life_units,
      strike_days: constants.strike_days,
      freshness: constants.freshness.map(({ age_days, ceiling }) => ({ age_days, ceiling })),
    },
    verification: {
      sources: { ...constants.source_weights },
      stakes: { ...constants.stake_weights },
      severities: { ...constants.severity_weights },
      live_layers: [...constants.live_layers],
      refresh_weight_min: constants.refresh_weight_min,
      count_weight_min: constants.count_weight_min,
      verifiers_min: [...constants.verifiers_min],
    },
    thresholds: [...constants.thresholds],
  }
}

/** Where a scope stands, and by which matrix of the agent's tier. */
export type ScoreStanding = { readonly level: Level; readonly tier: string; readonly matrices: Matrices; readonly names: boolean }

/** Who verified a scope since its last rung, and what its level concedes at each risk, beside every other level. Names are left out where `names` is false. */
export function scoreConsequences(agent: AgentTrust, scope: ScopeKey, standing: ScoreStanding): ScoreConsequences {
  const { level, tier, matrices, names } = standing
  const { verifiers } = scopeOf(agent, scope)
  const rows = matrices[tier] ?? matrices['standard']
  const row = (of: Level): Record<RiskBand, Outcome> => {
    const { read, low, medium, high } = rows[`${of}`]
    return { read, low, medium, high }
  }
  return {
    verifiers: { distinct: verifiers.length, ...(names ? { names: [...verifiers] } : {}) },
    concedes: row(level),
    by_level: LEVELS.map((of) => ({ level: of, ...row(of) })),
  }
}
