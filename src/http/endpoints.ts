import type { z } from 'zod'

import type { Role } from '../model/caller.ts'
import { VERB_ROLES } from '../service/authority.ts'
import type { ProblemCode } from './problem-code.ts'
import { ProposalsQuery, RecordsQuery } from './query.ts'
import type { SchemaName } from './schemas.ts'

/** Whose conventions an endpoint follows for refusals, request ids and credentials. */
export type Convention = 'native' | 'opa' | 'authzen'

/** One endpoint. Routes, the OpenAPI document and the table in docs/http.md are made from it. */
export type Endpoint = {
  readonly method: 'get' | 'post' | 'delete'
  /** Parameters in braces; a last one named `{path}` takes the rest of the path, slashes included. */
  readonly path: string
  readonly convention: Convention
  readonly summary: string
  /** Roles that may use it; `public` also where the listener vouches for nobody. The service checks them. */
  readonly roles: readonly Role[] | 'public'
  readonly body?: SchemaName
  readonly query?: z.ZodObject
  /** `text`: plain text. */
  readonly answer: { readonly status: number; readonly schema: SchemaName | 'text' }
  /** Refusals beyond those every endpoint knows. */
  readonly refusals?: readonly ProblemCode[]
}

/** Roles that may see which policy set is in force. */
export const POLICY_READERS = ['operator', 'auditor', 'administrator'] as const satisfies readonly Role[]

/** Every endpoint by its operation id. */
export const ENDPOINTS = {
  decide: {
    method: 'post',
    path: '/api/v1/decisions',
    convention: 'native',
    summary: 'Decide one request and record the decision.',
    roles: VERB_ROLES.decide,
    body: 'Request',
    answer: { status: 200, schema: 'DecisionAnswer' },
  },
  reportOutcome: {
    method: 'post',
    path: '/api/v1/outcomes',
    convention: 'native',
    summary: 'Report what came of a decision; source, verifier and weight come from the credential.',
    roles: VERB_ROLES.report_outcome,
    body: 'OutcomeReport',
    answer: { status: 200, schema: 'EvidenceAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  reportSignal: {
    method: 'post',
    path: '/api/v1/signals',
    convention: 'native',
    summary: 'Report one judged observation of a decision, in a layer of the credential.',
    roles: VERB_ROLES.report_signal,
    body: 'SignalReport',
    answer: { status: 200, schema: 'EvidenceAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  listProposals: {
    method: 'get',
    path: '/api/v1/proposals',
    convention: 'native',
    summary: 'Decisions that did not run but may be judged as proposals.',
    roles: VERB_ROLES.read_proposals,
    query: ProposalsQuery,
    answer: { status: 200, schema: 'ProposalsAnswer' },
  },
  raiseIncident: {
    method: 'post',
    path: '/api/v1/incidents',
    convention: 'native',
    summary: 'Raise an incident: trust is capped at once.',
    roles: VERB_ROLES.raise_incident,
    body: 'IncidentReport',
    answer: { status: 201, schema: 'IncidentAnswer' },
    refusals: ['conflict'],
  },
  reviewIncident: {
    method: 'post',
    path: '/api/v1/incidents/{incident}/reviews',
    convention: 'native',
    summary: 'Review an incident, or mark it a false positive.',
    roles: VERB_ROLES.review_incident,
    body: 'IncidentReviewReport',
    answer: { status: 200, schema: 'IncidentAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  readTrust: {
    method: 'get',
    path: '/api/v1/agents/{agent}/trust',
    convention: 'native',
    summary: 'Trust, level and containments of one agent, per scope.',
    roles: VERB_ROLES.read_trust,
    answer: { status: 200, schema: 'AgentTrustAnswer' },
  },
  promote: {
    method: 'post',
    path: '/api/v1/agents/{agent}/scopes/{scope}/promotions',
    convention: 'native',
    summary: 'Promote an agent in a scope if every gate is passed; the answer lists every gate.',
    roles: VERB_ROLES.promote,
    body: 'PromotionReport',
    answer: { status: 200, schema: 'PromotionAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  contain: {
    method: 'post',
    path: '/api/v1/containments',
    convention: 'native',
    summary: 'Take an action, scope, agent or the tenant out of service at once.',
    roles: VERB_ROLES.contain,
    body: 'ContainmentReport',
    answer: { status: 201, schema: 'ContainmentAnswer' },
    refusals: ['conflict'],
  },
  lift: {
    method: 'delete',
    path: '/api/v1/containments/{containment}',
    convention: 'native',
    summary: 'Lift a containment.',
    roles: VERB_ROLES.contain,
    answer: { status: 200, schema: 'ContainmentAnswer' },
    refusals: ['not_found', 'conflict'],
  },
  queryRecords: {
    method: 'get',
    path: '/api/v1/audit/records',
    convention: 'native',
    summary: 'Records of the tenant, page by page; reading is itself recorded.',
    roles: VERB_ROLES.read_audit,
    query: RecordsQuery,
    answer: { status: 200, schema: 'RecordsAnswer' },
  },
  readRecord: {
    method: 'get',
    path: '/api/v1/audit/records/{record}',
    convention: 'native',
    summary: 'One record by its id.',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'RecordAnswer' },
    refusals: ['not_found'],
  },
  proveRecord: {
    method: 'get',
    path: '/api/v1/audit/proofs/{record}',
    convention: 'native',
    summary: 'Proof that a record is in the log, under a signed tree head.',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'ProofAnswer' },
    refusals: ['not_found'],
  },
  readCheckpoint: {
    method: 'get',
    path: '/api/v1/audit/checkpoint',
    convention: 'native',
    summary: 'The newest signed tree head (C2SP signed note).',
    roles: VERB_ROLES.read_audit,
    answer: { status: 200, schema: 'text' },
  },
  readPolicies: {
    method: 'get',
    path: '/api/v1/policies',
    convention: 'native',
    summary: 'The policy set in force, and why the newest one is not, if it failed.',
    roles: POLICY_READERS,
    answer: { status: 200, schema: 'PolicySetAnswer' },
  },
  reloadPolicies: {
    method: 'post',
    path: '/api/v1/policies/reload',
    convention: 'native',
    summary: 'Load the policy set anew and swap it in; a broken one leaves the last good one in force.',
    roles: VERB_ROLES.reload_policies,
    answer: { status: 200, schema: 'PolicySetAnswer' },
    refusals: ['bad_policy'],
  },
  readOpenapi: {
    method: 'get',
    path: '/api/v1/openapi.json',
    convention: 'native',
    summary: 'This interface as OpenAPI 3.1.',
    roles: 'public',
    answer: { status: 200, schema: 'Json' },
  },
  queryData: {
    method: 'post',
    path: '/v1/data/{path}',
    convention: 'opa',
    summary: "OPA's data API: `gradus/decision`, `gradus/allow` and the configured entrypoints, graduated and recorded.",
    roles: VERB_ROLES.decide,
    body: 'DataRequest',
    answer: { status: 200, schema: 'DataResponse' },
  },
  readData: {
    method: 'get',
    path: '/v1/data/{path}',
    convention: 'opa',
    summary: "OPA's data API with the input as the query parameter `input`.",
    roles: VERB_ROLES.decide,
    answer: { status: 200, schema: 'DataResponse' },
  },
  queryDataV0: {
    method: 'post',
    path: '/v0/data/{path}',
    convention: 'opa',
    summary: "OPA's first data API: the body is the input, the answer is the bare result.",
    roles: VERB_ROLES.decide,
    body: 'Json',
    answer: { status: 200, schema: 'Json' },
    refusals: ['not_found'],
  },
  diagnoseBase: {
    method: 'post',
    path: '/v1/diagnostics/base/{path}',
    convention: 'opa',
    summary: 'The raw answer of a base entrypoint, not graduated, for an auditor.',
    roles: VERB_ROLES.diagnose_base,
    body: 'DataRequest',
    answer: { status: 200, schema: 'DataResponse' },
  },
  health: {
    method: 'get',
    path: '/health',
    convention: 'opa',
    summary: 'Whether this instance should get traffic: 200, or 500 with the reason.',
    roles: 'public',
    answer: { status: 200, schema: 'Health' },
  },
  metrics: {
    method: 'get',
    path: '/metrics',
    convention: 'opa',
    summary: 'Metrics in the text format of Prometheus.',
    roles: VERB_ROLES.read_trust,
    answer: { status: 200, schema: 'text' },
  },
  evaluate: {
    method: 'post',
    path: '/access/v1/evaluation',
    convention: 'authzen',
    summary: 'AuthZEN access evaluation.',
    roles: VERB_ROLES.decide,
    body: 'Evaluation',
    answer: { status: 200, schema: 'AuthzenDecision' },
  },
  evaluateAll: {
    method: 'post',
    path: '/access/v1/evaluations',
    convention: 'authzen',
    summary: 'AuthZEN access evaluations (batch).',
    roles: VERB_ROLES.decide,
    body: 'Evaluations',
    answer: { status: 200, schema: 'AuthzenDecisions' },
  },
  describePdp: {
    method: 'get',
    path: '/.well-known/authzen-configuration',
    convention: 'authzen',
    summary: 'AuthZEN metadata.',
    roles: 'public',
    answer: { status: 200, schema: 'AuthzenConfiguration' },
  },
} as const satisfies Record<string, Endpoint>

/** The operation id of an endpoint. */
export type EndpointId = keyof typeof ENDPOINTS
