import { z } from 'zod'

import { Layer } from '../model/layer.ts'
import { Level } from '../model/level.ts'
import { RiskBand } from '../model/outcome.ts'
import { ScopeKey } from '../model/scope.ts'

/** A rule that counts. `claimed`: facts that the request only claims, taken in the reading in which it does; absent: none. */
const RiskRuleAnswer = z.strictObject({
  id: z.string(),
  document: z.string(),
  points: z.int(),
  reason: z.string(),
  claimed: z.array(z.string()).readonly().optional(),
})

/** Risk as answered: points, band, which rules fired, and which facts could not be known. */
export const RiskAnswer = z.strictObject({
  points: z.int(),
  band: RiskBand,
  rules: z.array(RiskRuleAnswer),
  unavailable: z.array(z.string()),
})

/** Trust as answered with a decision; null for a human. */
export const TrustAnswer = z.strictObject({
  score: z.number(),
  scope: ScopeKey,
  level_granted: Level,
  level_effective: Level,
  confidence: z.number(),
  failure_bound: z.number(),
  bottleneck_layer: Layer,
})
