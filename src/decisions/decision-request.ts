import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Protocol, Request } from '../model/request.ts'

/** One question as an adapter hands it over: parsed, with who asks and how it came. */
export type DecisionRequest = {
  readonly request: Request
  /** A foreign policy's input as it came, when it is not the request itself. */
  readonly baseInput?: unknown
  /** The base entrypoint to ask instead of the configured one. */
  readonly entrypoint?: string
  readonly protocol: Protocol
  readonly requestId?: string
  readonly traceparent?: string
  /** Told what the base itself answered, so that an adapter can shape its answer alike. */
  readonly onBase?: (evaluation: PolicyEvaluation) => void
}
