import { AUTHZEN_ENDPOINTS } from './authzen/endpoints.ts'
import type { Endpoint } from './endpoint.ts'
import { NATIVE_ENDPOINTS } from './native/endpoints.ts'
import { OPA_ENDPOINTS } from './opa/endpoints.ts'

/** Every endpoint by its operation id. */
export const ENDPOINTS = {
  ...NATIVE_ENDPOINTS,
  ...OPA_ENDPOINTS,
  ...AUTHZEN_ENDPOINTS,
} as const satisfies Record<string, Endpoint>

/** The operation id of an endpoint. */
export type EndpointId = keyof typeof ENDPOINTS
