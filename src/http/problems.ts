import { ServiceError } from '../format/error.ts'
import type { Problem } from '../model/problem.ts'
import type { Fault, ProblemCode, Reply } from './exchange.ts'

/** What a code means outside: HTTP status, title, OPA's code, and whether the message may leave the process. */
export type ProblemRow = {
  readonly status: number
  readonly title: string
  readonly opa:
    'invalid_parameter' | 'unauthorized' | 'resource_not_found' | 'resource_conflict' | 'invalid_operation' | 'internal_error'
  /** False: the caller gets the title only, the message goes to the log. */
  readonly disclosable: boolean
}

/** The one table of refusals; every protocol's form is made from it. */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request is not valid', opa: 'invalid_parameter', disclosable: true },
  usage: { status: 400, title: 'The request is not valid', opa: 'invalid_parameter', disclosable: true },
  unauthenticated: { status: 401, title: 'A valid credential is needed', opa: 'unauthorized', disclosable: true },
  forbidden: { status: 403, title: 'The credential may not do this', opa: 'unauthorized', disclosable: true },
  not_found: { status: 404, title: 'There is nothing here', opa: 'resource_not_found', disclosable: true },
  method_not_allowed: { status: 405, title: 'The method is not offered here', opa: 'invalid_operation', disclosable: true },
  request_timeout: { status: 408, title: 'The request took too long to arrive', opa: 'invalid_parameter', disclosable: true },
  conflict: { status: 409, title: 'The state does not allow this', opa: 'resource_conflict', disclosable: true },
  too_large: { status: 413, title: 'The request is too large', opa: 'invalid_parameter', disclosable: true },
  unsupported_media_type: { status: 415, title: 'The media type is not accepted', opa: 'invalid_parameter', disclosable: true },
  bad_policy: { status: 422, title: 'The policy set cannot be used', opa: 'invalid_parameter', disclosable: true },
  rate_limited: { status: 429, title: 'There are too many requests', opa: 'internal_error', disclosable: true },
  bad_config: { status: 500, title: 'The configuration cannot be used', opa: 'internal_error', disclosable: false },
  store_corrupt: { status: 500, title: 'The store is damaged', opa: 'internal_error', disclosable: false },
  store_rolled_back: { status: 500, title: 'The store is older than its signed head', opa: 'internal_error', disclosable: false },
  internal: { status: 500, title: 'Something went wrong here', opa: 'internal_error', disclosable: false },
  io: { status: 503, title: 'The service cannot reach what it needs', opa: 'internal_error', disclosable: false },
  not_ready: { status: 503, title: 'The service is not ready', opa: 'internal_error', disclosable: true },
  store_fenced: { status: 503, title: 'The store cannot be written', opa: 'internal_error', disclosable: false },
  store_locked: { status: 503, title: 'The store is in use', opa: 'internal_error', disclosable: false },
  deadline: { status: 503, title: 'The answer took too long', opa: 'internal_error', disclosable: true },
} as const satisfies Record<ProblemCode, ProblemRow>

/** The `type` of a problem: a name, not an address. */
function problemType(code: ProblemCode): string {
  return `urn:gradus:problem:${code}`
}

/** What an error that a handler threw means to a caller. Anything but a `ServiceError` is a bug here and tells nothing. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof ServiceError)) return { code: 'internal', message: PROBLEMS.internal.title }
  const { pointer } = error.place
  const errors = pointer === undefined ? undefined : [{ pointer, message: error.message }]
  return { code: error.code, message: error.message, fix: error.fix, ...(errors === undefined ? {} : { errors }) }
}

/** Whether an operator has to hear of it: a bug, or a failure on our side. */
export function isOurs(error: unknown): boolean {
  return !(error instanceof ServiceError) || PROBLEMS[error.code].status >= 500
}

/** What may be said to the caller. */
export function publicMessage(fault: Fault): string {
  const row = PROBLEMS[fault.code]
  return row.disclosable ? fault.message : row.title
}

/** Problem details (RFC 9457), the form of the native interface. */
export function problemReply(fault: Fault, requestId: string): Reply {
  const problem = problemOf(fault, requestId)
  return { status: problem.status, type: 'application/problem+json', body: JSON.stringify(problem), ...withHeaders(fault) }
}

/** The problem that a refusal is. */
export function problemOf(fault: Fault, requestId: string): Problem {
  const row = PROBLEMS[fault.code]
  return {
    type: problemType(fault.code),
    title: row.title,
    status: row.status,
    detail: publicMessage(fault),
    instance: `urn:gradus:request:${encodeURIComponent(requestId)}`,
    code: fault.code,
    ...(row.disclosable && fault.fix !== undefined ? { fix: fault.fix } : {}),
    ...(row.disclosable && fault.errors !== undefined ? { errors: fault.errors } : {}),
  }
}

/** Refusals for something that passes by itself, soon. */
const SOON: readonly ProblemCode[] = ['rate_limited', 'not_ready', 'deadline']

/** The headers a refusal carries in every protocol. */
export function withHeaders(fault: Fault): Pick<Reply, 'headers'> {
  const challenge = fault.code === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer realm="gradus"' } : {}
  const again = SOON.includes(fault.code) ? { 'Retry-After': '1' } : {}
  return { headers: { ...challenge, ...again, ...fault.headers } }
}
