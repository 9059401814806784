import { z } from 'zod'

import { DecisionAnswer } from '../../decisions/wire.ts'
import { RollbackView } from '../../evidence/wire.ts'
import { RiskAnswer } from '../../ledger/wire.ts'
import { Source } from '../../model/ceiling.ts'
import { Level } from '../../model/level.ts'
import { Mode, OBSERVABLE_SOURCES } from '../../model/mode.ts'
import { Outcome } from '../../model/outcome.ts'
import { ScopeKey } from '../../model/scope.ts'
import { TrustView } from '../../trust/trust-view.ts'
import { REMEDY_KINDS } from './remedy-kinds.ts'

/** The smallest change that would lift one limiting term, in a sentence. `kinds`: the changes that it names, each of which lifts the term alone. */
const Remedy = z.strictObject({
  source: z.string(),
  reason: z.string(),
  remedy: z.string(),
  kinds: z.array(z.enum(REMEDY_KINDS)).min(1),
  /** Where an agent would have to stand: the granted level and the score (0–1) in a scope; absent where that is not what lifts it. */
  stand: z.strictObject({ agent: z.string(), scope: ScopeKey, level: Level, score: z.number() }).optional(),
})

/** A decision with the terms that alone hold it where it is. */
const ExplainedDecision = z.strictObject({
  ...DecisionAnswer.pick({
    outcome: true,
    decision: true,
    base: true,
    ceilings: true,
    obligations: true,
    guardrails: true,
    advice: true,
    reasons: true,
  }).shape,
  /** `base`, or `allow_guarded` where the base itself asked for an approval and there was one; absent in old records. */
  base_granted: DecisionAnswer.shape.base_granted.optional(),
  limiting: z.array(Source),
})

/** `GET /api/v1/decisions/{id}/explanation`, and what `gradus explain --json` prints. */
export const ExplanationAnswer = z.strictObject({
  ...ExplainedDecision.shape,
  /** What the base answers each of two, where an agent acts for a proven person; absent for who may not read the log. */
  bases: z.array(z.strictObject({ who: z.string(), base: z.looseObject({ outcome: Outcome, reason: z.string() }) })).optional(),
  risk: RiskAnswer.extend({ obligations: z.array(z.string()) }),
  /** Trust of the deciding agent at that time; null for a human. */
  trust: TrustView.nullable(),
  /** One for each limiting term; empty for `allow`. */
  remedies: z.array(Remedy),
  /** The way back by now, of what ran; absent for who may not read the log. */
  rollback: RollbackView.optional(),
  /** What was only observed; absent where everything was enforced, and for who may not read the log. */
  mode: z
    .strictObject({ mode: Mode, observed_terms: z.array(z.enum(OBSERVABLE_SOURCES)), observed_rules: z.array(z.string()) })
    .optional(),
  /** What would have been answered with everything enforced; absent where `mode` is. */
  would: z
    .strictObject({
      decision: ExplainedDecision,
      refusals: z.array(z.json()),
      degraded: z.array(z.string()),
      rehearsal: z.string().nullable(),
      remedies: z.array(Remedy),
    })
    .optional(),
})
