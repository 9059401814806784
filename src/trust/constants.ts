import { z } from 'zod'

import { TRUST_INVARIANTS } from './constants-invariants.ts'
import {
  EvidenceSource,
  EvidenceStake,
  IncidentClass,
  IncidentRule,
  positive,
  PostureRules,
  Severity,
  TRUST_CONSTANTS_SHAPE,
  unit,
} from './constants-schema.ts'

export { EvidenceSource, EvidenceStake, IncidentClass, IncidentReach, IncidentRule, Severity } from './constants-schema.ts'

/** Every number of the trust model. Configuration: versioned with the policy set; docs/trust-model.md explains each. */
export const TrustConstants = z
  .strictObject(TRUST_CONSTANTS_SHAPE)
  .superRefine((constants, context) => {
    for (const { path, message, holds } of TRUST_INVARIANTS) {
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
    ...TRUST_CONSTANTS_SHAPE,
    composition_keep: z.strictObject({ major: unit, minor: unit }).partial().readonly(),
    source_weights: z.partialRecord(EvidenceSource, unit).readonly(),
    stake_weights: z.partialRecord(EvidenceStake, unit).readonly(),
    severity_weights: z.partialRecord(Severity, positive.max(30)).readonly(),
    bound_ceilings: TRUST_CONSTANTS_SHAPE.bound_ceilings.unwrap().partial().readonly(),
    budgets: TRUST_CONSTANTS_SHAPE.budgets.unwrap().partial().readonly(),
    sampling: TRUST_CONSTANTS_SHAPE.sampling.unwrap().partial().readonly(),
    high_tier: TRUST_CONSTANTS_SHAPE.high_tier.unwrap().unwrap().partial().readonly(),
    posture: PostureRules.partial().readonly(),
    incident_rules: z.partialRecord(IncidentClass, IncidentRule).readonly(),
  })
  .omit({ live_layers: true })
  .partial()
  .readonly()
export type TrustConstantsOverride = z.infer<typeof TrustConstantsOverride>
