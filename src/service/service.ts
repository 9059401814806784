import type { Caller } from '../access/caller.ts'
import type {
  ApprovalAnswer,
  ApprovalHistory,
  ApprovalHistoryPage,
  ApprovalReport,
  ApprovalsAnswer,
  ApprovalView,
  CanaryAnswer,
  CanaryReport,
  OverrideAnswer,
  OverrideReport,
  OverridesAnswer,
  ReservationsAnswer,
  ResumptionAnswer,
  ResumptionReport,
  WithdrawalReport,
} from '../approvals/wire.ts'
import type { DecisionRequest } from '../decisions/decision-request.ts'
import type { LogAnswer, LogLine } from '../decisions/opa-log/wire.ts'
import type { DecisionAnswer } from '../decisions/wire.ts'
import type { RatersAnswer, RaterView } from '../evidence/raters/wire.ts'
import type { ImportAnswer, SignalAnswer, SignalEvent, SignedHistory } from '../evidence/signals/wire.ts'
import type {
  EvidenceAnswer,
  OutcomeReport,
  ProposalsAnswer,
  RollbackAnswer,
  RollbackReport,
  SignalReport,
} from '../evidence/wire.ts'
import type {
  ContainmentAnswer,
  ContainmentReport,
  ContainmentsAnswer,
  HoldAnswer,
  HoldReport,
  IncidentAnswer,
  IncidentFilter,
  IncidentReport,
  IncidentReviewReport,
  IncidentsAnswer,
  IncidentView,
  RevocationAnswer,
  RevocationReport,
} from '../incidents/wire.ts'
import type { AgentsPage } from '../ladder/agents-list.ts'
import type {
  AgentsAnswer,
  AgentTrustAnswer,
  DemotionAnswer,
  DemotionReport,
  PromotionAnswer,
  PromotionReport,
} from '../ladder/wire.ts'
import type { ApprovalState } from '../ledger/documents/approval.ts'
import type { RecordQuery, StoredRecord } from '../ledger/store.ts'
import type { RecordPage } from '../reports/read-log.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { PermissionRequestsPage } from '../permissions/list.ts'
import type {
  PermissionAsk,
  PermissionAskAnswer,
  PermissionRequestsAnswer,
  PermissionRequestView,
  PermissionVerdict,
  PermissionVerdictAnswer,
} from '../permissions/wire.ts'
import type { PolicySetView } from '../policy/policy-set.ts'
import type { ExplainDecision } from '../reports/explain/explain-decision.ts'
import type { Raised } from '../reports/monitoring/rule-fold.ts'
import type { TrustHistoryQuery } from '../reports/trust-history/query.ts'
import type { TrustHistoryAnswer } from '../reports/trust-history/wire.ts'
import type {
  LogReviewAnswer,
  LegalHoldAnswer,
  LegalHoldReport,
  LegalHoldsAnswer,
  LogReviewReport,
  LogReviewsAnswer,
  ProofAnswer,
  SpotCheckAnswer,
  SpotCheckReport,
  SpotChecksAnswer,
} from '../reports/wire.ts'

/** Everything the product does, as adapters call it. Each verb checks the caller's role itself and rejects with a `ServiceError`. */
export type Service = {
  /** Decides and records. Never rejects for anything but a missing role or a bad request: failures are decisions. */
  readonly evaluate: (caller: Caller, ask: DecisionRequest) => Promise<DecisionAnswer>
  /** Entries of an OPA's decision log, as observed decisions; one that cannot be read is told, and the others are taken. */
  readonly ingestLog: (caller: Caller, entries: AsyncIterable<LogLine>, mayGoOn?: () => void) => Promise<LogAnswer>
  readonly reportOutcome: (caller: Caller, report: OutcomeReport) => Promise<EvidenceAnswer>
  /** Somebody tried to undo what a decision let run. */
  readonly reportRollback: (caller: Caller, decisionId: string, report: RollbackReport) => Promise<RollbackAnswer>
  readonly reportSignal: (caller: Caller, report: SignalReport) => Promise<EvidenceAnswer>
  /** Takes a signal of any class; the same one again, by its source and id, is answered alike and counts once. */
  readonly ingestSignal: (caller: Caller, event: SignalEvent) => Promise<SignalAnswer>
  /** Takes a signed history of before, wholly or not at all. */
  readonly importHistory: (caller: Caller, file: SignedHistory) => Promise<ImportAnswer>
  readonly raiseIncident: (caller: Caller, report: IncidentReport) => Promise<IncidentAnswer>
  readonly reviewIncident: (caller: Caller, incidentId: string, report: IncidentReviewReport) => Promise<IncidentAnswer>
  /** The agents of the catalogue and those that did anything, by name. */
  readonly agents: (caller: Caller, page: AgentsPage) => Promise<AgentsAnswer>
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
  /** What people and time did to approvals, the newest first, of the scopes the caller decides for. */
  readonly approvalHistory: (caller: Caller, page: ApprovalHistoryPage) => Promise<ApprovalHistory>
  readonly decideApproval: (caller: Caller, decisionId: string, report: ApprovalReport) => Promise<ApprovalAnswer>
  readonly withdrawApproval: (caller: Caller, decisionId: string, report: WithdrawalReport) => Promise<ApprovalAnswer>
  /** A person says that an approval or a reservation goes on after a pause. */
  readonly resumeDecision: (caller: Caller, decisionId: string, report: ResumptionReport) => Promise<ResumptionAnswer>
  /** What an agent was let run and nobody has verified yet, with what paused it. */
  readonly reservations: (caller: Caller, agent: string) => Promise<ReservationsAnswer>
  /** Writes to the log which approvals of all tenants ran out of time; returns how many. */
  readonly expireApprovals: () => Promise<number>
  readonly overrides: (caller: Caller) => Promise<OverridesAnswer>
  readonly openOverride: (caller: Caller, report: OverrideReport) => Promise<OverrideAnswer>
  readonly confirmOverride: (caller: Caller, overrideId: string) => Promise<OverrideAnswer>
  readonly endOverride: (caller: Caller, overrideId: string) => Promise<OverrideAnswer>
  readonly proposals: (caller: Caller, page: { readonly from?: number; readonly limit: number }) => Promise<ProposalsAnswer>
  /** Records of the caller's tenant; reading the audit is itself recorded. */
  readonly records: (caller: Caller, query: RecordQuery) => Promise<RecordPage>
  readonly record: (caller: Caller, id: string) => Promise<StoredRecord>
  /** Draws a recorded decision and says what would lift it, to who reads the log and to who asked for it; reading is itself recorded. */
  readonly explain: ExplainDecision
  readonly proof: (caller: Caller, id: string) => Promise<ProofAnswer>
  readonly checkpoint: (caller: Caller) => Promise<string>
  /** Reviews of the log that somebody owns: the last time of each, and when it is due. */
  readonly logReviews: (caller: Caller) => Promise<LogReviewsAnswer>
  /** A person looked through the log. */
  readonly reviewLog: (caller: Caller, report: LogReviewReport) => Promise<LogReviewAnswer>
  /** The legal holds in force in the caller's tenant. */
  readonly legalHoldsInForce: (caller: Caller) => Promise<LegalHoldsAnswer>
  /** A person keeps records from being erased or expiring. */
  readonly placeLegalHold: (caller: Caller, report: LegalHoldReport) => Promise<LegalHoldAnswer>
  /** A person ends a legal hold. */
  readonly releaseLegalHold: (caller: Caller, hold: string, report: Pick<LegalHoldReport, 'reason'>) => Promise<LegalHoldAnswer>
  /** Decisions that somebody has to look at. */
  readonly spotChecks: (caller: Caller) => Promise<SpotChecksAnswer>
  /** A person looked at a decision of that list. */
  readonly reviewDecision: (caller: Caller, report: SpotCheckReport) => Promise<SpotCheckAnswer>
  /** Writes an alert for each owner who is late with that list; returns how many are new. */
  readonly alertOverdueSpotChecks: () => Promise<number>
  /** An agent asks for a permission that the base does not give it. Nothing is granted. */
  readonly askPermission: (caller: Caller, ask: PermissionAsk) => Promise<PermissionAskAnswer>
  /** The open permission requests, each with what would grant it. */
  readonly permissionRequests: (caller: Caller, page: PermissionRequestsPage) => Promise<PermissionRequestsAnswer>
  /** One of them. */
  readonly permissionRequest: (caller: Caller, id: string) => Promise<PermissionRequestView>
  /** A person closes one. Nothing is granted. */
  readonly closePermissionRequest: (caller: Caller, id: string, verdict: PermissionVerdict) => Promise<PermissionVerdictAnswer>
  /** Writes an alert for each review that became overdue; returns how many are new. */
  readonly alertOverdueReviews: () => Promise<number>
  /** Writes an alert to the log unless it is there already; true: it was written. */
  readonly raiseAlert: (raised: Raised) => Promise<boolean>
  /** The raw base answer to what a decision would ask it, for an auditor only; not graduated, not recorded as a decision. */
  readonly diagnoseBase: (caller: Caller, ask: DecisionRequest) => Promise<PolicyEvaluation>
  /** Loads the policy set anew and swaps it in; a broken one leaves the last good one in force and rejects with the reason. */
  readonly reloadPolicies: (caller: Caller) => Promise<PolicySetView>
  readonly policySet: () => PolicySetView
  /** Every reason why this instance should get no traffic; empty when ready. What follows a colon is for operators only. */
  readonly readiness: () => readonly string[]
  /** Evaluates promotions of all agents up to the automatic level; returns how many were granted. */
  readonly promoteDue: () => Promise<number>
  readonly close: () => Promise<void>
}
