import { z } from 'zod'

import { WireId, WireNote, WireTime } from '../model/wire-fields.ts'
import { RollbackView } from '../evidence/wire.ts'
import { IncidentView } from '../incidents/wire.ts'
import { ApprovalState, ApprovalVote, Override } from '../ledger/documents/approval.ts'
import { PauseCause, RESUMED_MAX } from '../ledger/documents/pause.ts'
import { RiskAnswer, TrustAnswer } from '../ledger/wire.ts'
import { Ceiling } from '../model/ceiling.ts'
import { RiskBand } from '../model/outcome.ts'
import { ScopeKey } from '../model/scope.ts'
import { FoundInjection } from '../trust/agent-sessions.ts'
import { TrustChange } from '../trust/trust-change.ts'

/** `POST /api/v1/decisions/{id}/approvals`: a named person says yes or no. */
export const ApprovalReport = z.strictObject({
  verdict: z.enum(['approve', 'reject']),
  reason: WireNote,
  /** The digest of what was looked at; a verdict on anything else is refused. */
  request_digest: z.string().length(64).optional(),
})
export type ApprovalReport = z.infer<typeof ApprovalReport>

/** `POST /api/v1/decisions/{id}/approvals/withdrawal`: who asked no longer wants it, or an approver takes a yes back in time. */
export const WithdrawalReport = z.strictObject({ reason: WireNote.optional() })
export type WithdrawalReport = z.infer<typeof WithdrawalReport>

/** What paused something and still does: the id of an incident or a containment, or of a demotion, made of its scope and time. */
export const PauseView = z.strictObject({
  cause: PauseCause,
  id: WireId,
  since: WireTime,
  /** Who said that it goes on; more people have to. */
  resumed_by: z.array(WireId),
})
export type PauseView = z.infer<typeof PauseView>

/** One approval in a list. */
export const ApprovalSummary = z.strictObject({
  decision_id: WireId,
  state: ApprovalState,
  request_digest: z.string(),
  agent: WireId.nullable(),
  human: WireId.nullable(),
  requester: WireId,
  action: WireId,
  scope: ScopeKey,
  band: RiskBand,
  requested_at: WireTime,
  /** Decided by then, or rejected; once approved: redeemed by then, or over. */
  ends_at: WireTime,
  approvers_needed: z.int(),
  votes: z.array(ApprovalVote.omit({ at_ms: true }).extend({ at: WireTime })),
  redeemed_by: WireId.nullable(),
  /** Why it cannot be used for now: what is out of service, an incident that waits for its review, or what paused it; null where nothing is. */
  paused: z.string().nullable(),
  pauses: z.array(PauseView),
})
export type ApprovalSummary = z.infer<typeof ApprovalSummary>

/** `GET /api/v1/approvals`. */
export const ApprovalsAnswer = z.strictObject({ approvals: z.array(ApprovalSummary) })
export type ApprovalsAnswer = z.infer<typeof ApprovalsAnswer>

/** How much of a request there is to see: all, less what the mask policy hides, or less what was erased. */
const ApprovalPayload = z.enum(['whole', 'masked', 'erased'])

/** `GET /api/v1/decisions/{id}/approvals`: everything a person needs to decide, nothing cut. */
export const ApprovalView = ApprovalSummary.extend({
  /** The request as it came, with the tool's full arguments. */
  request: z.json(),
  /** `whole`: as it came. `masked`: the mask policy keeps members of it from every reader. `erased`: members of it are gone. */
  payload: ApprovalPayload,
  /** What is masked: by its place in the record (`/request/action/properties/arguments/password`) names and types of the value, such as `string`. */
  masked: z.record(z.string(), z.json()),
  ceilings: z.array(Ceiling),
  reasons: z.array(z.string()),
  risk: RiskAnswer,
  /** Trust at the time of the decision; null without an agent. */
  trust: TrustAnswer.nullable(),
  /** Incidents that bound the agent in this scope by now, the gravest first. */
  incidents: z.array(IncidentView),
  /** What looked like an injection in what tools gave back, when it was asked: it may be why this is asked at all. The newest first. */
  injections: z.array(
    FoundInjection.omit({ at_ms: true, until_ms: true, everywhere_until_ms: true }).extend({
      agent: WireId,
      at: WireTime,
      until: WireTime,
    }),
  ),
  /** What judging agents said of it: advice, and no verdict. `reason`: the detail of their report; null where they gave none or it is erased. */
  advice: z.array(z.strictObject({ by: WireId, class: z.string(), at: WireTime, reason: z.string().nullable() })),
  /** Whether it can be undone, until when and by what; once it ran, by the handle that was kept. */
  rollback: RollbackView,
  /** Whether who looks may resume it; `refusal`: why not, null where they may. Null: nothing paused it, or it is over. */
  resumption: z.strictObject({ refusal: z.string().nullable() }).nullable(),
})
export type ApprovalView = z.infer<typeof ApprovalView>

/** Which part of the history of approvals. */
export type ApprovalHistoryPage = {
  /** `next` of the page before: steps older than that. */
  readonly from?: number | undefined
  /** Steps that have this text in agent, action, person, reason, decision or state; upper and lower case are alike. */
  readonly search?: string | undefined
}

/** One step in the life of an approval, as it was recorded. */
export type ApprovalHistoryStep = {
  readonly decision_id: string
  readonly at: string
  /** Who did it; `system` where time ran out. */
  readonly by: string
  readonly verb: 'approve' | 'reject' | 'withdraw' | 'expire'
  /** As it was given; null where there is none, or it is masked or erased. */
  readonly reason: string | null
  /** Where the approval stood after it. */
  readonly state: string
  readonly agent: string | null
  readonly action: string | null
  readonly scope: ScopeKey
  /** Type and id of what the request was about. */
  readonly resource: string
  /** How much of the request there was to see: for a verdict when it was given, else now. */
  readonly payload: ApprovalView['payload']
}

/** Steps, the newest first. `next`: `from` of the page after; null where the log has no older ones. */
export type ApprovalHistory = { readonly steps: readonly ApprovalHistoryStep[]; readonly next: number | null }

/** What a verdict or a withdrawal did. */
export const ApprovalAnswer = z.strictObject({
  approval: ApprovalSummary,
  record_id: WireId,
  leaf_index: z.int(),
  state_version: z.int(),
  /** What the verdict counted for as evidence about the agent, in words. */
  evidence: z.string(),
  /** With a verdict: how much of the request there was to see; `masked`: it is given over what the mask policy hides. */
  payload: ApprovalPayload.optional(),
  changes: z.array(TrustChange),
})
export type ApprovalAnswer = z.infer<typeof ApprovalAnswer>

/** `POST /api/v1/decisions/{id}/resumption`: a person says that what was paused goes on. */
export const ResumptionReport = z.strictObject({
  reason: WireNote,
  /** The ids of the pauses that were looked at; where another one holds it by then, nothing is resumed. */
  pauses: z.array(WireId).min(1).max(RESUMED_MAX).optional(),
})
export type ResumptionReport = z.infer<typeof ResumptionReport>

/** What a resumption did. */
export const ResumptionAnswer = z.strictObject({
  decision_id: WireId,
  /** What the decision is: one that waits for people, or one that was let run and is not verified yet. */
  of: z.enum(['approval', 'reservation']),
  /** False: more people have to say so. */
  resumed: z.boolean(),
  people: z.array(WireId),
  people_needed: z.int(),
  record_id: WireId,
  leaf_index: z.int(),
  state_version: z.int(),
})
export type ResumptionAnswer = z.infer<typeof ResumptionAnswer>

/** Reservations that one answer lists; those due first come first. */
export const RESERVATIONS_LISTED_MAX = 1_000

/** One decision that was let run and is not verified yet: it counts towards the bounds until then, paused or not. */
export const ReservationView = z.strictObject({
  decision_id: WireId,
  agent: WireId.nullable(),
  action: WireId,
  scope: ScopeKey,
  at: WireTime,
  verify_by: WireTime,
  /** Why it is paused; null where it is not. */
  paused: z.string().nullable(),
  pauses: z.array(PauseView),
  /** Whether it can be undone by now, and by what. */
  rollback: RollbackView,
})
export type ReservationView = z.infer<typeof ReservationView>

/** `GET /api/v1/agents/{id}/reservations`; `total` counts also what is not listed. */
export const ReservationsAnswer = z.strictObject({
  agent: WireId,
  reservations: z.array(ReservationView).max(RESERVATIONS_LISTED_MAX),
  total: z.int(),
})
export type ReservationsAnswer = z.infer<typeof ReservationsAnswer>

/** `POST /api/v1/overrides`: a person takes over for an agent's scope, or one action of it. */
export const OverrideReport = z.strictObject({
  agent: WireId,
  scope: ScopeKey,
  action: WireId.optional(),
  reason: WireNote,
  minutes: z.number().positive().max(60),
})
export type OverrideReport = z.infer<typeof OverrideReport>

/** An override as it stands. */
export const OverrideAnswer = z.strictObject({
  override: Override.omit({ at_ms: true, until_ms: true }).extend({ at: WireTime, until: WireTime }),
  in_force: z.boolean(),
  /** True: enough people are behind it for actions of high risk. */
  reaches_high_risk: z.boolean(),
  /** Enough people for an agent under an incident; one that waits for its review has to be in `override.reviewed` as well. */
  lifts_incidents: z.boolean(),
  leaf_index: z.int(),
  state_version: z.int(),
})
export type OverrideAnswer = z.infer<typeof OverrideAnswer>
/** `GET /api/v1/overrides`. */
export const OverridesAnswer = z.strictObject({
  overrides: z.array(OverrideAnswer.omit({ leaf_index: true, state_version: true })),
})
export type OverridesAnswer = z.infer<typeof OverridesAnswer>

/** `POST /api/v1/canaries`: a decision that waits for people becomes one of which the right answer is known. */
export const CanaryReport = z.strictObject({
  decision_id: WireId,
  expected: z.enum(['approve', 'reject']),
  note: WireNote.optional(),
})

export type CanaryReport = z.infer<typeof CanaryReport>

/** A canary that was seeded. */
export const CanaryAnswer = z.strictObject({
  decision_id: WireId,
  expected: z.enum(['approve', 'reject']),
  /** True: its approval can never be redeemed; false: it is a proposal that verifiers judge. */
  approval: z.boolean(),
  leaf_index: z.int(),
  state_version: z.int(),
})

export type CanaryAnswer = z.infer<typeof CanaryAnswer>
