import { approvalHistory } from '../approvals/approval-history.ts'
import { seedCanary } from '../approvals/canaries.ts'
import { decideApproval } from '../approvals/decide-approval.ts'
import { expireApprovals } from '../approvals/expire-approvals.ts'
import { approval, openApprovals } from '../approvals/list-approvals.ts'
import { confirmOverride, endOverride, openOverride, overrides } from '../approvals/overrides.ts'
import { reservations } from '../approvals/reservations.ts'
import { resumeDecision } from '../approvals/resume.ts'
import { withdrawApproval } from '../approvals/withdraw-approval.ts'
import { diagnoseBase } from '../decisions/diagnose-base.ts'
import { evaluate } from '../decisions/evaluate.ts'
import { ingestLog } from '../decisions/opa-log/ingest-log.ts'
import { chargeMissed } from '../evidence/charge-missed.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { importHistory } from '../evidence/import/import-history.ts'
import { proposals } from '../evidence/proposals.ts'
import { rater, raters } from '../evidence/raters/list.ts'
import { reportOutcome } from '../evidence/report-outcome.ts'
import { reportRollback } from '../evidence/report-rollback.ts'
import { ingestSignal, reportJudged } from '../evidence/signals/ingest-signal.ts'
import { contain, containments, lift } from '../incidents/containment.ts'
import { resolveHold } from '../incidents/holds.ts'
import { raiseIncident, reviewIncident } from '../incidents/incidents.ts'
import { incident, incidents } from '../incidents/list.ts'
import { revokeAgent } from '../incidents/revocation.ts'
import { agents } from '../ladder/agents-list.ts'
import { demote } from '../ladder/demote.ts'
import { promoteDue } from '../ladder/promote-due.ts'
import { promote } from '../ladder/promote.ts'
import { agentTrust } from '../ladder/trust-answer.ts'
import { askPermission } from '../permissions/ask.ts'
import { closePermissionRequest } from '../permissions/close.ts'
import type { GrantDeps } from '../permissions/grant-change.ts'
import { permissionRequest, permissionRequests } from '../permissions/list.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { createExplainDecision, type ExplainDeps } from '../reports/explain/explain-decision.ts'
import { type LegalHoldDeps, legalHoldsInForce, placeLegalHold, releaseLegalHold } from '../reports/legal-holds.ts'
import { alertOverdueReviews, type LogReviewDeps, logReviews, reviewLog } from '../reports/log-reviews.ts'
import { raiseAlert } from '../reports/monitoring/raise-alert.ts'
import { type AuditDeps, checkpoint, proof, record, records } from '../reports/read-log.ts'
import { alertOverdueSpotChecks, reviewDecision, spotChecks } from '../reports/spot-checks.ts'
import { createTrustHistory } from '../reports/trust-history/trust-history.ts'
import type { Service } from './service.ts'

type DecisionDeps = Parameters<typeof evaluate>[0] & Parameters<typeof diagnoseBase>[0]
type ImportDeps = Parameters<typeof importHistory>[0]
type ReportDeps = VerbDeps & AuditDeps & ExplainDeps & LogReviewDeps & LegalHoldDeps

/** What all verbs need together. */
export type ServiceVerbDeps = DecisionDeps & EvidenceDeps & ImportDeps & ReportDeps & GrantDeps

/** Every verb, by the room that it is in. Timers call those without a caller. */
export function verbsOf(deps: ServiceVerbDeps) {
  return {
    ...decisionVerbs(deps),
    ...evidenceVerbs(deps),
    ...approvalVerbs(deps),
    ...incidentVerbs(deps),
    ...ladderVerbs(deps),
    ...permissionVerbs(deps),
    ...reportVerbs(deps),
  }
}

function decisionVerbs(deps: DecisionDeps) {
  return {
    evaluate: (caller, ask) => evaluate(deps, caller, ask),
    ingestLog: (caller, entries, mayGoOn) => ingestLog(deps, caller, entries, mayGoOn),
    diagnoseBase: (caller, ask) => diagnoseBase(deps, caller, ask),
  } satisfies Partial<Service>
}

function evidenceVerbs(deps: EvidenceDeps & ImportDeps) {
  return {
    reportOutcome: (caller, report) => reportOutcome(deps, caller, report),
    reportRollback: (caller, id, report) => reportRollback(deps, caller, id, report),
    reportSignal: (caller, report) => reportJudged(deps, caller, report),
    ingestSignal: (caller, event) => ingestSignal(deps, caller, event),
    importHistory: (caller, file) => importHistory(deps, caller, file),
    raters: (caller) => raters(deps, caller),
    rater: (caller, name) => rater(deps, caller, name),
    proposals: (caller, page) => proposals(deps, caller, page),
    chargeMissed: () => chargeMissed(deps),
  } satisfies Partial<Service>
}

function approvalVerbs(deps: EvidenceDeps) {
  return {
    approvals: (caller, filter) => openApprovals(deps, caller, filter),
    approval: (caller, id) => approval(deps, caller, id),
    approvalHistory: (caller, page) => approvalHistory(deps, caller, page),
    decideApproval: (caller, id, report) => decideApproval(deps, caller, id, report),
    withdrawApproval: (caller, id, report) => withdrawApproval(deps, caller, id, report),
    resumeDecision: (caller, id, report) => resumeDecision(deps, caller, id, report),
    reservations: (caller, agent) => reservations(deps, caller, agent),
    expireApprovals: () => expireApprovals(deps),
    overrides: (caller) => overrides(deps, caller),
    openOverride: (caller, report) => openOverride(deps, caller, report),
    confirmOverride: (caller, id) => confirmOverride(deps, caller, id),
    endOverride: (caller, id) => endOverride(deps, caller, id),
    seedCanary: (caller, report) => seedCanary(deps, caller, report),
  } satisfies Partial<Service>
}

function incidentVerbs(deps: VerbDeps) {
  return {
    raiseIncident: (caller, report) => raiseIncident(deps, caller, report),
    reviewIncident: (caller, id, report) => reviewIncident(deps, caller, id, report),
    incidents: (caller, filter) => incidents(deps, caller, filter),
    incident: (caller, id) => incident(deps, caller, id),
    containments: (caller) => containments(deps, caller),
    contain: (caller, report) => contain(deps, caller, report),
    lift: (caller, id) => lift(deps, caller, id),
    revokeAgent: (caller, agent, report) => revokeAgent(deps, caller, agent, report),
    resolveHold: (caller, agent, of) => resolveHold(deps, caller, agent, of),
  } satisfies Partial<Service>
}

function ladderVerbs(deps: VerbDeps) {
  return {
    agents: (caller, page) => agents(deps, caller, page),
    agentTrust: (caller, agent) => agentTrust(deps, caller, agent),
    promote: (caller, agent, scope, report) => promote(deps, caller, { agent, scope }, report),
    demote: (caller, agent, scope, report) => demote(deps, caller, { agent, scope }, report),
    promoteDue: () => promoteDue(deps),
  } satisfies Partial<Service>
}

function permissionVerbs(deps: GrantDeps) {
  return {
    askPermission: (caller, ask) => askPermission(deps, caller, ask),
    permissionRequests: (caller, page) => permissionRequests(deps, caller, page),
    permissionRequest: (caller, id) => permissionRequest(deps, caller, id),
    closePermissionRequest: (caller, id, verdict) => closePermissionRequest(deps, caller, id, verdict),
  } satisfies Partial<Service>
}

function reportVerbs(deps: ReportDeps) {
  return {
    trustHistory: createTrustHistory(deps),
    records: (caller, query) => records(deps, caller, query),
    record: (caller, id) => record(deps, caller, id),
    explain: createExplainDecision(deps),
    proof: (caller, id) => proof(deps, caller, id),
    checkpoint: (caller) => checkpoint(deps, caller),
    logReviews: (caller) => logReviews(deps, caller),
    reviewLog: (caller, report) => reviewLog(deps, caller, report),
    legalHoldsInForce: (caller) => legalHoldsInForce(deps, caller),
    placeLegalHold: (caller, report) => placeLegalHold(deps, caller, report),
    releaseLegalHold: (caller, hold, report) => releaseLegalHold(deps, caller, hold, report),
    alertOverdueReviews: () => alertOverdueReviews(deps),
    spotChecks: (caller) => spotChecks(deps, caller),
    reviewDecision: (caller, report) => reviewDecision(deps, caller, report),
    alertOverdueSpotChecks: () => alertOverdueSpotChecks(deps),
    raiseAlert: (raised) => raiseAlert(deps, raised),
  } satisfies Partial<Service>
}
