import { z } from 'zod'

import { KeptValue, RollbackResult } from '../ledger/documents/verdicts.ts'
import { WireDetail, WireId, WireTime } from '../model/wire-fields.ts'
import { Layer } from '../model/layer.ts'
import { OutcomeClass, SignalClass } from '../model/outcome-classes.ts'
import { Outcome } from '../model/outcome.ts'
import { ScopeKey } from '../model/scope.ts'
import { TrustChange } from '../trust/trust-change.ts'
import { TrustView } from '../trust/trust-view.ts'

/** Most data sources that one report names. */
const DATA_SOURCES_MAX = 64
/** Where an agent had its data from, as it or its enforcement point says: what kind of source, and which. */
const DataSource = z.strictObject({ kind: z.string().min(1).max(64), name: z.string().min(1).max(512) })

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
  /** What was kept before the action ran, so that it can be undone; only from the enforcement point that asked. */
  rollback: KeptValue.optional(),
  /** What the agent used to do it, such as documents, tables and pages. Recorded as the agent's own word; nothing is decided by it. */
  data_sources: z.array(DataSource).min(1).max(DATA_SOURCES_MAX).optional(),
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

/** `POST /api/v1/decisions/{id}/rollbacks`: somebody tried to undo what ran. It is as old as its report. */
export const RollbackReport = z.strictObject({
  result: RollbackResult,
  /** The handle that was reported with the outcome; absent where none was. */
  handle: KeptValue.shape.handle.optional(),
  detail: WireDetail.optional(),
})

export type RollbackReport = z.infer<typeof RollbackReport>

/** The way back from an action, as it stands. */
export const RollbackView = z.strictObject({
  /** 0–2 by now; 2: it cannot be undone. */
  reversibility: z.int(),
  /** Whether the old value was kept. `open`: a handle is needed, and no outcome was reported yet; `missing`: one was, without it. */
  kept: z.enum(['not_needed', 'open', 'kept', 'missing']),
  handle: z.string().nullable(),
  value_digest: z.string().nullable(),
  /** Until when it can be undone; null: it always can, or never. */
  until: WireTime.nullable(),
  /** What became of the last attempt; null: there was none. */
  attempt: z.strictObject({ result: RollbackResult, by: WireId, at: WireTime, within_deadline: z.boolean() }).nullable(),
})

export type RollbackView = z.infer<typeof RollbackView>

/** What a rollback moved, and the way back as it stands. */
export const RollbackAnswer = z.strictObject({ ...EvidenceAnswer.shape, rollback: RollbackView })

export type RollbackAnswer = z.infer<typeof RollbackAnswer>

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
