import type { EventStreams } from '../../events/event-streams.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import type { Handler } from '../exchange.ts'
import { APPROVAL_ENDPOINTS, createApprovalHandlers } from './approvals.ts'
import { AUDIT_ENDPOINTS, createAuditHandlers } from './audit.ts'
import { CONTAINMENT_ENDPOINTS, createContainmentHandlers } from './containments.ts'
import { createDecisionHandlers, DECISION_ENDPOINTS } from './decisions.ts'
import { createEventHandlers, EVENT_ENDPOINTS } from './events.ts'
import { createIncidentHandlers, INCIDENT_ENDPOINTS } from './incidents.ts'
import { createLadderHandlers, LADDER_ENDPOINTS } from './ladder.ts'
import { createLegalHoldHandlers, LEGAL_HOLD_ENDPOINTS } from './legal-holds.ts'
import { createMappedSignalHandlers, MAPPED_SIGNAL_ENDPOINTS, type MappedSignalDeps } from './mapped-signals.ts'
import { createOverrideHandlers, OVERRIDE_ENDPOINTS } from './overrides.ts'
import { createPermissionRequestHandlers, PERMISSION_REQUEST_ENDPOINTS } from './permission-requests.ts'
import { createPolicyHandlers, POLICY_ENDPOINTS } from './policies.ts'
import { createRaterHandlers, RATER_ENDPOINTS } from './raters.ts'
import { createReviewHandlers, REVIEW_ENDPOINTS } from './reviews.ts'
import { createSignalHandlers, SIGNAL_ENDPOINTS } from './signals.ts'
import { createTrustImportHandlers, TRUST_IMPORT_ENDPOINTS } from './trust-import.ts'
import { createTrustHandlers, TRUST_ENDPOINTS } from './trust.ts'

/** The endpoints of the native interface by their operation ids, in the order of the OpenAPI document. */
export const NATIVE_ENDPOINTS = {
  ...DECISION_ENDPOINTS,
  ...TRUST_ENDPOINTS,
  ...EVENT_ENDPOINTS,
  ...AUDIT_ENDPOINTS,
  ...LEGAL_HOLD_ENDPOINTS,
  ...REVIEW_ENDPOINTS,
  ...PERMISSION_REQUEST_ENDPOINTS,
  ...POLICY_ENDPOINTS,
  ...INCIDENT_ENDPOINTS,
  ...LADDER_ENDPOINTS,
  ...CONTAINMENT_ENDPOINTS,
  ...RATER_ENDPOINTS,
  ...SIGNAL_ENDPOINTS,
  ...MAPPED_SIGNAL_ENDPOINTS,
  ...TRUST_IMPORT_ENDPOINTS,
  ...APPROVAL_ENDPOINTS,
  ...OVERRIDE_ENDPOINTS,
  readOpenapi: {
    method: 'get',
    path: '/api/v1/openapi.json',
    convention: 'native',
    summary: 'This interface as OpenAPI 3.1.',
    roles: 'public',
    answer: { status: 200, schema: 'Json' },
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of the native interface but its OpenAPI document. */
export type NativeHandlers = Record<Exclude<keyof typeof NATIVE_ENDPOINTS, 'readOpenapi'>, Handler>

/** Handlers of the native interface: parse strictly, ask the service, answer its answer. */
export function createNativeHandlers(service: Service, streams: EventStreams, mapped: MappedSignalDeps): NativeHandlers {
  return {
    ...createDecisionHandlers(service),
    ...createTrustHandlers(service),
    ...createEventHandlers(streams),
    ...createAuditHandlers(service),
    ...createLegalHoldHandlers(service),
    ...createReviewHandlers(service),
    ...createPermissionRequestHandlers(service),
    ...createPolicyHandlers(service),
    ...createIncidentHandlers(service),
    ...createLadderHandlers(service),
    ...createContainmentHandlers(service),
    ...createRaterHandlers(service),
    ...createSignalHandlers(service),
    ...createMappedSignalHandlers(service, mapped),
    ...createTrustImportHandlers(service),
    ...createApprovalHandlers(service),
    ...createOverrideHandlers(service),
  }
}
