import { z } from 'zod'

import { WireId, WireTime } from '../model/wire-fields.ts'
import { ApprovalState } from '../ledger/documents/approval.ts'
import { RiskAnswer, TrustAnswer } from '../ledger/wire.ts'
import { Ceiling, Guardrails, Obligation } from '../model/ceiling.ts'
import { Outcome } from '../model/outcome.ts'

/** The answer to `POST /api/v1/decisions`. */
export const DecisionAnswer = z.strictObject({
  decision_id: WireId,
  decided_at: WireTime,
  /** Ask again after this; a demotion may have come in between. */
  valid_until: WireTime,
  request_digest: z.string(),
  state_version: z.int(),
  /** False: the log could not be written, and nothing above `suggest` is answered. */
  recorded: z.boolean(),
  outcome: Outcome,
  /** True only when the action may run now: `allow`, or `allow_guarded` with duties the enforcement point supports. */
  decision: z.boolean(),
  /** What the static policy answered. */
  base: Outcome,
  /** `base`, or `allow_guarded` where the base itself asks for an approval and this request redeems one. */
  base_granted: Outcome,
  ceilings: z.array(Ceiling),
  obligations: z.array(Obligation),
  guardrails: Guardrails,
  advice: z.array(z.string()),
  risk: RiskAnswer,
  trust: TrustAnswer.nullable(),
  policy_set: z.string(),
  /** Place of the record in the audit tree; null when it could not be recorded. */
  leaf_index: z.int().nullable(),
  /** The approval that people can decide about, or that this decision redeemed. A retry names its id in `context.approval`. */
  approval: z.strictObject({ id: WireId, state: ApprovalState, ends_at: WireTime }).nullable(),
  reasons: z.array(z.string()),
})
export type DecisionAnswer = z.infer<typeof DecisionAnswer>
