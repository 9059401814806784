import type { Caller } from '../model/caller.ts'
import type { Request } from '../model/request.ts'
import type { ScopeKey } from '../model/scope.ts'
import type {
  AgentTrustAnswer,
  ContainmentAnswer,
  ContainmentReport,
  DecisionAnswer,
  EvidenceAnswer,
  IncidentAnswer,
  IncidentReport,
  IncidentReviewReport,
  OutcomeReport,
  PromotionAnswer,
  PromotionReport,
  ProofAnswer,
  ProposalsAnswer,
  SignalReport,
} from '../model/wire.ts'
import type {
  ContainmentsAnswer,
  DemotionAnswer,
  DemotionReport,
  IncidentFilter,
  IncidentsAnswer,
  IncidentView,
  RevocationAnswer,
  RevocationReport,
} from '../model/wire-steering.ts'
import type { LogReviewAnswer, LogReviewReport, LogReviewsAnswer } from '../model/wire-monitoring.ts'
import type { ImportAnswer, SignalAnswer, SignalEvent, SignedHistory } from '../model/wire-signals.ts'
import type { CanaryAnswer, CanaryReport, HoldAnswer, HoldReport, RatersAnswer, RaterView } from '../model/wire-raters.ts'
import type { TrustHistoryAnswer } from '../model/wire-trust.ts'
import type { ApprovalState } from '../model/approval.ts'
import type {
  ApprovalAnswer,
  ApprovalReport,
  ApprovalsAnswer,
  ApprovalView,
  OverrideAnswer,
  OverrideReport,
  OverridesAnswer,
  WithdrawalReport,
} from '../model/wire-approvals.ts'
import type { Evaluation } from '../model/evaluation.ts'
import type { Raised } from './monitoring/rule-fold.ts'
import type { LogAnswer, LogLine } from './opa-log-answer.ts'
import type { RecordQuery, StoredRecord } from './ports.ts'
import type { PolicySetView } from './policy-set.ts'
import type { Protocol } from './protocol.ts'
import type { TrustGauges } from './trust-report/gauges.ts'
import type { TrustHistoryQuery } from './trust-history/query.ts'

/** One question as an adapter hands it over: parsed, with who asks and how it came. */
export type Ask = {
  readonly request: Request
  /** A foreign policy's input as it came, when it is not the request itself. */
  readonly baseInput?: unknown
  /** The base entrypoint to ask instead of the configured one. */
  readonly entrypoint?: string
  readonly protocol: Protocol
  readonly requestId?: string
  readonly traceparent?: string
  /** Told what the base itself answered, so that an adapter can shape its answer alike. */
  readonly onBase?: (evaluation: Evaluation) => void
}

/** Everything the product does, as adapters call it. Each verb checks the caller's role itself and rejects with a `ServiceError`. */
export type Service = {
  /** Decides and records. Never rejects for anything but a missing role or a bad request: failures are decisions. */
  readonly evaluate: (caller: Caller, ask: Ask) => Promise<DecisionAnswer>
  /** Entries of an OPA's decision log, as observed decisions; one that cannot be read is told, and the others are taken. */
  readonly takeLog: (caller: Caller, entries: AsyncIterable<LogLine>, mayGoOn?: () => void) => Promise<LogAnswer>
  readonly reportOutcome: (caller: Caller, report: OutcomeReport) => Promise<EvidenceAnswer>
  readonly reportSignal: (caller: Caller, report: SignalReport) => Promise<EvidenceAnswer>
  /** Takes a signal of any class; the same one again, by its source and id, is answered alike and counts once. */
  readonly takeSignal: (caller: Caller, event: SignalEvent) => Promise<SignalAnswer>
  /** Takes a signed history of before, wholly or not at all. */
  readonly importHistory: (caller: Caller, file: SignedHistory) => Promise<ImportAnswer>
  readonly raiseIncident: (caller: Caller, report: IncidentReport) => Promise<IncidentAnswer>
  readonly reviewIncident: (caller: Caller, incidentId: string, report: IncidentReviewReport) => Promise<IncidentAnswer>
  readonly agentTrust: (caller: Caller, agent: string) => Promise<AgentTrustAnswer>
  /** How the trust of an agent came to be what it is, derived from the log, oldest first. */
  readonly trustHistory: (caller: Caller, agent: string, query: TrustHistoryQuery) => Promise<TrustHistoryAnswer>
  readonly promote: (caller: Caller, agent: string, scope: ScopeKey, report: PromotionReport) => Promise<PromotionAnswer>
  /** A person takes the rungs of a scope above a level away. */
  readonly demote: (caller: Caller, agent: string, scope: ScopeKey, report: DemotionReport) => Promise<DemotionAnswer>
  /** Stops an agent altogether until a person has reviewed it; says what of it is still under way. */
  readonly revokeAgent: (caller: Caller, agent: string, report: RevocationReport) => Promise<RevocationAnswer>
  /** A person says whether what waited about an agent is true. */
  readonly resolveHold: (
    caller: Caller,
    agent: string,
    of: { readonly hold: string; readonly report: HoldReport },
  ) => Promise<HoldAnswer>
  /** A decision that waits for people becomes one of which the right answer is known. */
  readonly seedCanary: (caller: Caller, report: CanaryReport) => Promise<CanaryAnswer>
  /** How raters judge, and what their word weighs. */
  readonly raters: (caller: Caller) => Promise<RatersAnswer>
  readonly rater: (caller: Caller, name: string) => Promise<RaterView>
  /** Charges decisions of all tenants that had to be verified by now and were not; returns how many. */
  readonly chargeMissed: () => Promise<number>
  /** Incidents that still bound an agent, and one of them. */
  readonly incidents: (caller: Caller, filter: IncidentFilter) => Promise<IncidentsAnswer>
  readonly incident: (caller: Caller, incidentId: string) => Promise<IncidentView>
  readonly containments: (caller: Caller) => Promise<ContainmentsAnswer>
  readonly contain: (caller: Caller, report: ContainmentReport) => Promise<ContainmentAnswer>
  readonly lift: (caller: Caller, containmentId: string) => Promise<ContainmentAnswer>
  /** Approvals that are not over, of the scopes the caller decides for. */
  readonly approvals: (caller: Caller, filter: { readonly state?: ApprovalState | undefined }) => Promise<ApprovalsAnswer>
  readonly approval: (caller: Caller, decisionId: string) => Promise<ApprovalView>
  readonly decideApproval: (caller: Caller, decisionId: string, report: ApprovalReport) => Promise<ApprovalAnswer>
  readonly withdrawApproval: (caller: Caller, decisionId: string, report: WithdrawalReport) => Promise<ApprovalAnswer>
  /** Writes to the log which approvals of all tenants ran out of time; returns how many. */
  readonly expireApprovals: () => Promise<number>
  readonly overrides: (caller: Caller) => Promise<OverridesAnswer>
  readonly openOverride: (caller: Caller, report: OverrideReport) => Promise<OverrideAnswer>
  readonly confirmOverride: (caller: Caller, overrideId: string) => Promise<OverrideAnswer>
  readonly endOverride: (caller: Caller, overrideId: string) => Promise<OverrideAnswer>
  readonly proposals: (caller: Caller, page: { readonly from?: number; readonly limit: number }) => Promise<ProposalsAnswer>
  /** Records of the caller's tenant; reading the audit is itself recorded. */
  readonly records: (caller: Caller, query: RecordQuery) => Promise<readonly StoredRecord[]>
  readonly record: (caller: Caller, id: string) => Promise<StoredRecord>
  readonly proof: (caller: Caller, id: string) => Promise<ProofAnswer>
  readonly checkpoint: (caller: Caller) => Promise<string>
  /** Reviews of the log that somebody owns: the last time of each, and when it is due. */
  readonly logReviews: (caller: Caller) => Promise<LogReviewsAnswer>
  /** A person looked through the log. */
  readonly reviewLog: (caller: Caller, report: LogReviewReport) => Promise<LogReviewAnswer>
  /** Writes an alert for each review that became overdue; returns how many are new. */
  readonly alertOverdueReviews: () => Promise<number>
  /** Writes an alert to the log unless it is there already; true: it was written. */
  readonly raiseAlert: (raised: Raised) => Promise<boolean>
  /** The raw base answer to what a decision would ask it, for an auditor only; not graduated, not recorded as a decision. */
  readonly diagnoseBase: (caller: Caller, ask: Ask) => Promise<Evaluation>
  /** Loads the policy set anew and swaps it in; a broken one leaves the last good one in force and rejects with the reason. */
  readonly reloadPolicies: (caller: Caller) => Promise<PolicySetView>
  readonly policySet: () => PolicySetView
  /** Every reason why this instance should get no traffic; empty when ready. What follows a colon is for operators only. */
  readonly readiness: () => readonly string[]
  /** Evaluates promotions of all agents up to the automatic level; returns how many were granted. */
  readonly promoteDue: () => Promise<number>
  readonly close: () => Promise<void>
}

/** What happened, for metrics and logs; the observer must not throw. */
export type Observation =
  | {
      readonly kind: 'decision'
      readonly protocol: Protocol
      readonly base: string
      readonly outcome: string
      readonly limiting: string
    }
  | {
      readonly kind: 'step'
      readonly protocol: Protocol
      readonly step: 'facts' | 'risk' | 'base' | 'graduation' | 'decide' | 'record'
      readonly seconds: number
    }
  | { readonly kind: 'degraded'; readonly cause: string }
  | { readonly kind: 'evidence'; readonly layer: string; readonly polarity: string }
  | {
      readonly kind: 'signal'
      readonly class: string
      readonly layer: string
      readonly result: 'accepted' | 'duplicate' | 'conflict' | 'refused'
    }
  | { readonly kind: 'demotion'; readonly from: number; readonly to: number }
  /** What would have been answered if everything were enforced; only where something is not. */
  | {
      readonly kind: 'would'
      readonly protocol: Protocol
      readonly base: string
      readonly outcome: string
      readonly limiting: string
    }
  | { readonly kind: 'mode_loosened'; readonly lines: number }
  | { readonly kind: 'approval'; readonly verdict: 'approve' | 'reject'; readonly seconds: number }
  /** A verdict of a rater who says yes to nearly everything, faster than it can be read. */
  | { readonly kind: 'rubber_stamp' }
  /** A report that waits for a person. */
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'override'; readonly verb: string }
  /** One attempt to send an event. */
  | { readonly kind: 'webhook'; readonly webhook: string; readonly posting: 'delivered' | 'failed' | 'gone' }
  /** Records that a webhook has not got past. */
  | { readonly kind: 'webhook_lag'; readonly webhook: string; readonly records: number }
  | { readonly kind: 'alert'; readonly rule: string; readonly severity: string }
  | { readonly kind: 'review_overdue'; readonly review: string; readonly overdue: boolean }
  /** Records that monitoring has not got past. */
  | { readonly kind: 'monitoring_lag'; readonly records: number }
  /** Where the trust of all agents stands, scope by scope. */
  | { readonly kind: 'trust_gauges'; readonly scopes: readonly TrustGauges[] }
export type Observer = (observation: Observation) => void
