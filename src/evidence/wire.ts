import { z } from 'zod'

import { WireDetail, WireId, WireTime } from '../model/wire-fields.ts'
import { Layer } from '../model/layer.ts'
import { OutcomeClass, SignalClass } from '../model/outcome-classes.ts'
import { Outcome } from '../model/outcome.ts'
import { ScopeKey } from '../model/scope.ts'
import { TrustChange } from '../trust/trust-change.ts'
import { TrustView } from '../trust/trust-view.ts'

/** `POST /api/v1/outcomes`: what came of a decision. Source, verifier and weight come from the credential. */
export const OutcomeReport = z.strictObject({
  decision_id: WireId,
  class: OutcomeClass,
  /** When a failure happened; now when absent. A success is always as old as its decision. */
  event_time: WireTime.optional(),
  /** What the tool returned, including errors. */
  result: WireDetail.optional(),
  /** Tokens that the action used, as the enforcement point counted them. */
  tokens: z.number().nonnegative().optional(),
  detail: WireDetail.optional(),
})

export type OutcomeReport = z.infer<typeof OutcomeReport>

/** `POST /api/v1/signals`: one already judged observation of one decision. */
export const SignalReport = z.strictObject({
  decision_id: WireId,
  layer: Layer,
  class: SignalClass,
  event_time: WireTime.optional(),
  detail: WireDetail.optional(),
})

export type SignalReport = z.infer<typeof SignalReport>

/** What an evidence report moved. */
export const EvidenceAnswer = z.strictObject({
  record_id: WireId,
  decision_id: WireId,
  leaf_index: z.int(),
  state_version: z.int(),
  /** False: this verifier already said so, or the rules for several verdicts on one decision leave nothing to add. */
  counted: z.boolean(),
  /** Why it counted for what it did. */
  reason: z.string(),
  trust_before: TrustView,
  trust_after: TrustView,
  changes: z.array(TrustChange),
})

export type EvidenceAnswer = z.infer<typeof EvidenceAnswer>

/** One decision that did not run but may be judged as a proposal. */
const Proposal = z.strictObject({
  decision_id: WireId,
  decided_at: WireTime,
  agent: WireId,
  action: WireId,
  resource: z.string(),
  outcome: Outcome,
  scope: ScopeKey,
})

export const ProposalsAnswer = z.strictObject({ proposals: z.array(Proposal), next: z.int().nullable() })

export type ProposalsAnswer = z.infer<typeof ProposalsAnswer>
