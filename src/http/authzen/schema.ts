import { z } from 'zod'

import { identifier } from '../../format/identifier.ts'
import { ID_CHARS_MAX, TYPE_CHARS_MAX } from '../../model/request.ts'

/** Most evaluations one call may ask for. */
const EVALUATIONS_MAX = 1_000

/** That the members are JSON is checked once, where a request is made of the entities. */
const properties = z.record(z.string(), z.unknown())

/** AuthZEN's entities: unknown members are ignored, as the standard says. */
export const AuthzenSubject = z.object({
  type: identifier(TYPE_CHARS_MAX),
  id: identifier(ID_CHARS_MAX),
  properties: properties.optional(),
})
export const AuthzenAction = z.object({ name: identifier(ID_CHARS_MAX), properties: properties.optional() })
export const AuthzenResource = z.object({
  type: identifier(TYPE_CHARS_MAX),
  id: identifier(ID_CHARS_MAX),
  properties: properties.optional(),
})

export const AuthzenContext = properties

/** Body of `POST /access/v1/evaluation`. */
export const AuthzenEvaluation = z.object({
  subject: AuthzenSubject,
  action: AuthzenAction,
  resource: AuthzenResource,
  context: properties.optional(),
})

/** When a batch stops. */
const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
export type Semantic = (typeof SEMANTICS)[number]

/**
 * Body of `POST /access/v1/evaluations`: defaults, and items that replace them entity by entity. Items are checked one by one, so
 * that a bad one is its own refusal and not that of the call.
 */
export const Evaluations = z.object({
  subject: AuthzenSubject.optional(),
  action: AuthzenAction.optional(),
  resource: AuthzenResource.optional(),
  context: properties.optional(),
  evaluations: z.array(z.unknown()).max(EVALUATIONS_MAX).optional(),
  options: z.object({ evaluations_semantic: z.enum(SEMANTICS).optional() }).optional(),
})
export type Evaluations = z.infer<typeof Evaluations>

/** AuthZEN's answer to one question. */
export const AuthzenDecision = z.strictObject({ decision: z.boolean(), context: properties.optional() })
export type AuthzenDecision = { readonly decision: boolean; readonly context?: Readonly<Record<string, unknown>> }

/** Answer to `POST /access/v1/evaluations`: results in request order, or one decision where no items were sent. */
export const AuthzenDecisions = z.union([z.strictObject({ evaluations: z.array(AuthzenDecision) }), AuthzenDecision])

/** `GET /.well-known/authzen-configuration`. */
export const AuthzenConfiguration = z.strictObject({
  policy_decision_point: z.url(),
  access_evaluation_endpoint: z.url(),
  access_evaluations_endpoint: z.url(),
})
