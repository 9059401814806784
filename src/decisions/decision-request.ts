import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Protocol, Request } from '../model/request.ts'

/** Where a question came from. `address`: the other end of the connection, a proxy's where one stands between; null: it is closed already. */
export type CallerNetwork = { readonly address: string | null; readonly user_agent: string | null }

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
  /** Where the question came from; absent: not over a network. */
  readonly network?: CallerNetwork
  /** Told what the base itself answered, so that an adapter can shape its answer alike. */
  readonly onBase?: (evaluation: PolicyEvaluation) => void
}
