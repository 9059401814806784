import { z } from 'zod'

import { ApprovalState } from './approval.ts'
import { Ceiling, Guardrails, Obligation, REASON_CHARS_MAX } from './ceiling.ts'
import { ContainmentTarget } from './effect.ts'
import { OutcomeClass, SignalClass } from './outcome-classes.ts'
import { Outcome, RiskBand } from './outcome.ts'
import { ID_CHARS_MAX } from './request.ts'
import { Layer, Level, ScopeKey } from './scope.ts'
import { IncidentClass, IncidentReach } from './trust-constants.ts'
import { Gate, TrustChange, TrustView } from './trust-state.ts'
import { HoldView } from './wire-raters.ts'
import { ScopeTrustAnswer } from './wire-trust.ts'

const id = z.string().min(1).max(ID_CHARS_MAX)
const time = z.iso.datetime()
const note = z.string().max(REASON_CHARS_MAX)
/** Free detail that the caller attaches; kept in the record, sealed. */
const detail = z.json()

/** Risk as answered: points, band, which rules fired, and which facts could not be known. */
export const RiskAnswer = z.strictObject({
  points: z.int(),
  band: RiskBand,
  rules: z.array(z.strictObject({ id: z.string(), document: z.string(), points: z.int(), reason: z.string() })),
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

/** The answer to `POST /api/v1/decisions`. */
export const DecisionAnswer = z.strictObject({
  decision_id: id,
  decided_at: time,
  /** Ask again after this; a demotion may have come in between. */
  valid_until: time,
  request_digest: z.string(),
  state_version: z.int(),
  /** False: the log could not be written, and nothing above `suggest` is answered. */
  recorded: z.boolean(),
  outcome: Outcome,
  /** True only when the action may run now: `allow`, or `allow_guarded` with duties the enforcement point supports. */
  decision: z.boolean(),
  base: Outcome,
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
  approval: z.strictObject({ id, state: ApprovalState, ends_at: time }).nullable(),
  reasons: z.array(z.string()),
})
export type DecisionAnswer = z.infer<typeof DecisionAnswer>

/** `POST /api/v1/outcomes`: what came of a decision. Source, verifier and weight come from the credential. */
export const OutcomeReport = z.strictObject({
  decision_id: id,
  class: OutcomeClass,
  /** When a failure happened; now when absent. A success is always as old as its decision. */
  event_time: time.optional(),
  /** What the tool returned, including errors. */
  result: detail.optional(),
  /** Tokens that the action used, as the enforcement point counted them. */
  tokens: z.number().nonnegative().optional(),
  detail: detail.optional(),
})
export type OutcomeReport = z.infer<typeof OutcomeReport>

/** `POST /api/v1/signals`: one already judged observation of one decision. */
export const SignalReport = z.strictObject({
  decision_id: id,
  layer: Layer,
  class: SignalClass,
  event_time: time.optional(),
  detail: detail.optional(),
})
export type SignalReport = z.infer<typeof SignalReport>

/** What an evidence report moved. */
export const EvidenceAnswer = z.strictObject({
  record_id: id,
  decision_id: id,
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

/** `POST /api/v1/incidents`. */
export const IncidentReport = z.strictObject({
  agent: id,
  class: IncidentClass,
  /** Defaults to the class's reach; `scope` is needed where it is one scope. */
  reach: IncidentReach.optional(),
  scope: ScopeKey.optional(),
  /** Lower than the class's cap if given. */
  cap: z.number().min(0).max(1).optional(),
  detail: detail.optional(),
})
export type IncidentReport = z.infer<typeof IncidentReport>

/** `POST /api/v1/incidents/{id}/reviews`. */
export const IncidentReviewReport = z.strictObject({
  agent: id,
  false_positive: z.boolean().default(false),
  note: note.optional(),
})
export type IncidentReviewReport = z.infer<typeof IncidentReviewReport>

/** What an incident or its review did. */
export const IncidentAnswer = z.strictObject({
  incident_id: id,
  agent: id,
  /** False: the catalogue lists no such agent; check the spelling. */
  known: z.boolean(),
  leaf_index: z.int(),
  state_version: z.int(),
  changes: z.array(TrustChange),
  scopes: z.array(TrustView),
})
export type IncidentAnswer = z.infer<typeof IncidentAnswer>

/** `GET /api/v1/agents/{id}/trust`. */
export const AgentTrustAnswer = z.strictObject({
  agent: id,
  known: z.boolean(),
  class: z.string(),
  tier: z.string(),
  at: time,
  state_version: z.int(),
  scopes: z.array(ScopeTrustAnswer),
  /** What waits for a person, oldest first. */
  holds: z.array(HoldView),
  containments: z.array(z.strictObject({ id, target: ContainmentTarget, by: z.string(), reason: z.string() })),
})
export type AgentTrustAnswer = z.infer<typeof AgentTrustAnswer>

/** `POST /api/v1/agents/{id}/scopes/{scope}/promotions`. */
export const PromotionReport = z.strictObject({ note: note.optional() })
export type PromotionReport = z.infer<typeof PromotionReport>

/** Whether a promotion happened, and every gate with what there is and what is needed. */
export const PromotionAnswer = z.strictObject({
  agent: id,
  scope: ScopeKey,
  promoted: z.boolean(),
  level_before: Level,
  level_after: Level,
  gates: z.array(Gate),
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})
export type PromotionAnswer = z.infer<typeof PromotionAnswer>

/** `POST /api/v1/containments`: takes an action, scope, agent or the tenant out of service at once. */
export const ContainmentReport = z.strictObject({ target: ContainmentTarget, reason: z.string().min(1).max(REASON_CHARS_MAX) })
export type ContainmentReport = z.infer<typeof ContainmentReport>

export const ContainmentAnswer = z.strictObject({
  id,
  target: ContainmentTarget,
  /** False: the catalogue lists no such agent; check the spelling. The containment holds all the same. */
  known: z.boolean(),
  in_force: z.boolean(),
  /** Null: it was contained for this reason already, and nothing was written. */
  leaf_index: z.int().nullable(),
  state_version: z.int(),
})
export type ContainmentAnswer = z.infer<typeof ContainmentAnswer>

/** One decision that did not run but may be judged as a proposal. */
export const Proposal = z.strictObject({
  decision_id: id,
  decided_at: time,
  agent: id,
  action: id,
  resource: z.string(),
  outcome: Outcome,
  scope: ScopeKey,
})
export const ProposalsAnswer = z.strictObject({ proposals: z.array(Proposal), next: z.int().nullable() })
export type ProposalsAnswer = z.infer<typeof ProposalsAnswer>

/** A record as an auditor sees it. */
export const RecordAnswer = z.strictObject({
  leaf_index: z.int(),
  state: z.enum(['whole', 'masked', 'erased']),
  record: z.record(z.string(), z.json()),
})
export const RecordsAnswer = z.strictObject({ records: z.array(RecordAnswer), next: z.int().nullable() })
export type RecordsAnswer = z.infer<typeof RecordsAnswer>

/** An inclusion proof with its signed tree head (`c2sp.org/tlog-proof@v1` text in `proof`). */
export const ProofAnswer = z.strictObject({ record_id: id, leaf_index: z.int(), leaf_hash: z.string(), proof: z.string() })
export type ProofAnswer = z.infer<typeof ProofAnswer>

/** RFC 9457 problem details. `errors` names each place in the input. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.string(),
  fix: z.string().optional(),
  errors: z.array(z.strictObject({ pointer: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof Problem>
