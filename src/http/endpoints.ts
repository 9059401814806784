import { AUTHZEN_ENDPOINTS } from './authzen/evaluation.ts'
import type { Endpoint } from './endpoint-shape.ts'
import { NATIVE_ENDPOINTS } from './native/endpoints.ts'
import { DATA_ENDPOINTS, DIAGNOSTIC_ENDPOINTS } from './opa/data.ts'
import { LOG_ENDPOINTS } from './opa/decision-logs.ts'
import { OPERATIONS_ENDPOINTS } from './opa/operations.ts'

/** Every endpoint by its operation id; each table stands beside its handlers. The order is that of the OpenAPI document. */
export const ENDPOINTS = {
  ...NATIVE_ENDPOINTS,
  ...DATA_ENDPOINTS,
  ...LOG_ENDPOINTS,
  ...DIAGNOSTIC_ENDPOINTS,
  ...OPERATIONS_ENDPOINTS,
  ...AUTHZEN_ENDPOINTS,
} as const satisfies Record<string, Endpoint>

/** The operation id of an endpoint. */
export type EndpointId = keyof typeof ENDPOINTS
