import { type Fault, type ProblemCode, type Reply, TEXT_TYPE } from '../exchange.ts'
import { PROBLEMS, publicMessage, withHeaders } from '../problems.ts'

/** Statuses that AuthZEN names, and those of HTTP itself; whatever else the caller did wrong is 400. */
const AUTHZEN_STATUSES: readonly number[] = [400, 401, 403, 404, 405, 408, 413, 429, 500]
const SERVER_ERROR = 500

/** The status of a refusal on AuthZEN's paths. */
export function authzenStatus(code: ProblemCode): number {
  const { status } = PROBLEMS[code]
  if (AUTHZEN_STATUSES.includes(status)) return status
  return status >= SERVER_ERROR ? SERVER_ERROR : 400
}

/** A refusal in AuthZEN's form: a status and a message string. */
export function authzenErrorReply(fault: Fault): Reply {
  const fix = PROBLEMS[fault.code].disclosable && fault.fix !== undefined ? ` ${fault.fix}` : ''
  return { status: authzenStatus(fault.code), type: TEXT_TYPE, body: `${publicMessage(fault)}${fix}\n`, ...withHeaders(fault) }
}
