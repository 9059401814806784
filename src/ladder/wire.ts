import { z } from 'zod'

import { ContainmentTarget } from '../ledger/documents/containment.ts'
import { Layer } from '../model/layer.ts'
import { Level } from '../model/level.ts'
import { Outcome } from '../model/outcome.ts'
import { ScopeKey } from '../model/scope.ts'
import { WireComment, WireId, WireNote, WireShare, WireTime } from '../model/wire-fields.ts'
import { HoldReason } from '../trust/bounds.ts'
import { Gate } from '../trust/promotion.ts'
import { ScopeTrustAnswer } from '../trust/scope-trust-answer.ts'
import { TrustChange } from '../trust/trust-change.ts'

/** Something about an agent that waits for a person. */
export const HoldView = z.strictObject({
  id: WireId,
  /** Null: in every scope. */
  scope: ScopeKey.nullable(),
  reason: HoldReason,
  /** Who filed it. */
  source: WireId,
  /** Units that do not count while it waits. */
  units: z.number().nonnegative(),
  /** Score ceiling while it waits; null where it is only flagged. */
  cap: WireShare.nullable(),
  since: WireTime,
})

export type HoldView = z.infer<typeof HoldView>

const weights = z.record(z.string(), z.number())

/** How scores come about: version, decay, verification, and where each level begins. */
export const ScoreMethod = z.strictObject({
  /** SHA-256 of the policy set in force; null where it is not known. */
  policy_set: z.string().nullable(),
  /** SHA-256 of the trust constants in force, as canonical JSON: the version of the model. */
  constants: z.string(),
  decay: z.strictObject({
    half_life_positive_days: z.number(),
    half_life_negative_days: z.number(),
    heat_half_life_units: z.number(),
    strike_days: z.number(),
    freshness: z.array(z.strictObject({ age_days: z.number(), ceiling: WireShare })),
  }),
  /** ρ by source, η by stake, κ by severity, the layers that are watched, the lightest words that refresh and count, distinct verifiers by level. */
  verification: z.strictObject({
    sources: weights,
    stakes: weights,
    severities: weights,
    live_layers: z.array(Layer),
    refresh_weight_min: z.number(),
    count_weight_min: z.number(),
    verifiers_min: z.array(z.number()),
  }),
  /** The score at which each level begins. */
  thresholds: z.array(WireShare),
})

export type ScoreMethod = z.infer<typeof ScoreMethod>

const byRisk = { read: Outcome, low: Outcome, medium: Outcome, high: Outcome } as const

/** What follows from a score: who verified it since the last rung, and the highest outcome by risk, at its level and at every other. */
export const ScoreConsequences = z.strictObject({
  /** `names` is left out for an agent's own credential. */
  verifiers: z.strictObject({ distinct: z.int().nonnegative(), names: z.array(z.string()).optional() }),
  concedes: z.strictObject(byRisk),
  by_level: z.array(z.strictObject({ level: Level, ...byRisk })),
})

export type ScoreConsequences = z.infer<typeof ScoreConsequences>

/** `GET /api/v1/agents/{id}/trust`. */
export const AgentTrustAnswer = z.strictObject({
  agent: WireId,
  known: z.boolean(),
  class: z.string(),
  tier: z.string(),
  at: WireTime,
  state_version: z.int(),
  /** Who answers for the agent, by the catalogue; null where it does not say. */
  owner: z.string().nullable(),
  method: ScoreMethod,
  scopes: z.array(ScopeTrustAnswer.extend({ follows: ScoreConsequences })),
  /** What waits for a person, oldest first. */
  holds: z.array(HoldView),
  containments: z.array(z.strictObject({ id: WireId, target: ContainmentTarget, by: z.string(), reason: z.string() })),
})

export type AgentTrustAnswer = z.infer<typeof AgentTrustAnswer>

/** One agent in the list of all. */
const AgentLine = z.strictObject({
  agent: WireId,
  known: z.boolean(),
  class: z.string(),
  tier: z.string(),
  /** Scopes in which anything happened, by name. */
  scopes: z.array(z.strictObject({ scope: ScopeKey, score: z.number(), level_granted: Level, level_effective: Level })),
  /** How many containments reach it. */
  containments: z.int().nonnegative(),
})

/** `GET /api/v1/agents`, by name. `next`: the `after` of the next page; null where there is none. */
export const AgentsAnswer = z.strictObject({
  agents: z.array(AgentLine),
  total: z.int().nonnegative(),
  next: WireId.nullable(),
})

export type AgentsAnswer = z.infer<typeof AgentsAnswer>

/** `POST /api/v1/agents/{id}/scopes/{scope}/promotions`. */
export const PromotionReport = z.strictObject({ note: WireComment.optional() })

export type PromotionReport = z.infer<typeof PromotionReport>

/** Whether a promotion happened, and every gate with what there is and what is needed. */
export const PromotionAnswer = z.strictObject({
  agent: WireId,
  scope: ScopeKey,
  promoted: z.boolean(),
  level_before: Level,
  level_after: Level,
  gates: z.array(Gate),
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})

export type PromotionAnswer = z.infer<typeof PromotionAnswer>

/** `POST /api/v1/agents/{id}/scopes/{scope}/demotion`: a person takes the rungs above `level` away. */
export const DemotionReport = z.strictObject({ level: Level, reason: WireNote })

export type DemotionReport = z.infer<typeof DemotionReport>

/** What a demotion did. `demoted` false: it stood there already, and nothing was written. */
export const DemotionAnswer = z.strictObject({
  agent: WireId,
  scope: ScopeKey,
  demoted: z.boolean(),
  level_before: Level,
  level_after: Level,
  changes: z.array(TrustChange),
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})

export type DemotionAnswer = z.infer<typeof DemotionAnswer>
