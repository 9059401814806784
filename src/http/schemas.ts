import { z } from 'zod'

import {
  ApprovalAnswer,
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
import { DecisionAnswer } from '../decisions/wire.ts'
import { StreamEvent } from '../events/wire.ts'
import { RatersAnswer, RaterView } from '../evidence/raters/wire.ts'
import {
  ImportAnswer,
  PlainSignal,
  SignalAnswer,
  SignalBatch,
  SignalBatchAnswer,
  SignalCloudEvent,
} from '../evidence/signals/wire.ts'
import { EvidenceAnswer, OutcomeReport, ProposalsAnswer, RollbackAnswer, RollbackReport } from '../evidence/wire.ts'
import {
  ContainmentAnswer,
  ContainmentReport,
  ContainmentsAnswer,
  HoldAnswer,
  HoldReport,
  IncidentAnswer,
  IncidentReport,
  IncidentReviewReport,
  IncidentsAnswer,
  IncidentView,
  RevocationAnswer,
  RevocationReport,
} from '../incidents/wire.ts'
import {
  AgentsAnswer,
  AgentTrustAnswer,
  DemotionAnswer,
  DemotionReport,
  PromotionAnswer,
  PromotionReport,
} from '../ladder/wire.ts'
import { Problem } from '../model/problem.ts'
import { Request } from '../model/request.ts'
import {
  PermissionAsk,
  PermissionAskAnswer,
  PermissionRequestsAnswer,
  PermissionRequestView,
  PermissionVerdict,
  PermissionVerdictAnswer,
} from '../permissions/wire.ts'
import { ExplanationAnswer } from '../reports/explain/wire.ts'
import { TrustHistoryAnswer } from '../reports/trust-history/wire.ts'
import {
  LegalHoldAnswer,
  LegalHoldRelease,
  LegalHoldReport,
  LegalHoldsAnswer,
  LogReviewAnswer,
  LogReviewReport,
  LogReviewsAnswer,
  ProofAnswer,
  RecordAnswer,
  RecordsAnswer,
  SpotCheckAnswer,
  SpotCheckReport,
  SpotChecksAnswer,
} from '../reports/wire.ts'
import { AuthzenConfiguration, AuthzenDecision, AuthzenDecisions, AuthzenEvaluation, Evaluations } from './authzen/schema.ts'
import { DataRequest, DataResponse, DecisionLogBody, Health, LogAnswerBody, OpaError } from './opa/schema.ts'

const loaded = z.strictObject({ digest: z.string(), entrypoints: z.array(z.string()) })

/** The policy set in force, as an operator sees it. */
export const PolicySetAnswer = z.strictObject({
  digest: z.string(),
  loaded_at: z.string(),
  base: loaded,
  graduation: loaded,
  risk_documents: z.array(z.strictObject({ id: z.string(), version: z.string(), rules: z.int() })),
  tools: z.int(),
  agents: z.int(),
  last_error: z.string().nullable(),
})

/** Every body by the name it has in the OpenAPI document. */
export const SCHEMAS = {
  Request,
  OutcomeReport,
  RollbackReport,
  RollbackAnswer,
  PlainSignal,
  SignalCloudEvent,
  SignalBatch,
  /** Answers to a signal: evidence about a decision, any other signal, a batch. */
  SignalsAnswer: z.union([EvidenceAnswer, SignalAnswer, SignalBatchAnswer]),
  /** Answers to alerts of other systems: one, or a list of them. */
  MappedSignalsAnswer: z.union([SignalAnswer, SignalBatchAnswer]),
  /** JSON lines. */
  HistoryText: z.string(),
  ImportAnswer,
  IncidentReport,
  IncidentReviewReport,
  PromotionReport,
  ContainmentReport,
  DecisionAnswer,
  EvidenceAnswer,
  IncidentAnswer,
  AgentsAnswer,
  AgentTrustAnswer,
  PromotionAnswer,
  TrustHistoryAnswer,
  StreamEvent,
  ContainmentAnswer,
  ContainmentsAnswer,
  DemotionReport,
  DemotionAnswer,
  RevocationReport,
  RevocationAnswer,
  IncidentView,
  IncidentsAnswer,
  HoldReport,
  HoldAnswer,
  CanaryReport,
  CanaryAnswer,
  RaterView,
  RatersAnswer,
  ProposalsAnswer,
  ExplanationAnswer,
  RecordAnswer,
  RecordsAnswer,
  ProofAnswer,
  PolicySetAnswer,
  ApprovalReport,
  WithdrawalReport,
  ApprovalsAnswer,
  ApprovalView,
  ApprovalAnswer,
  ResumptionReport,
  ResumptionAnswer,
  ReservationsAnswer,
  OverrideReport,
  OverrideAnswer,
  OverridesAnswer,
  LegalHoldReport,
  LegalHoldRelease,
  LegalHoldAnswer,
  LegalHoldsAnswer,
  LogReviewReport,
  LogReviewAnswer,
  LogReviewsAnswer,
  SpotCheckReport,
  SpotCheckAnswer,
  SpotChecksAnswer,
  PermissionAsk,
  PermissionAskAnswer,
  PermissionRequestView,
  PermissionRequestsAnswer,
  PermissionVerdict,
  PermissionVerdictAnswer,
  Problem,
  Evaluation: AuthzenEvaluation,
  Evaluations,
  AuthzenDecision,
  AuthzenDecisions,
  AuthzenConfiguration,
  DataRequest,
  DataResponse,
  DecisionLog: DecisionLogBody,
  LogAnswer: LogAnswerBody,
  OpaError,
  Health,
  Json: z.json(),
} as const satisfies Record<string, z.ZodType>
export type SchemaName = keyof typeof SCHEMAS
