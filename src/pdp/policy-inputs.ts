import type { ActionClass, AgentClass } from '../catalogue/catalogue-file.ts'
import type { PolicyTime } from '../model/policy-time.ts'
import type { Request } from '../model/request.ts'
import type { RiskView } from '../risk/risk-view.ts'
import type { TrustView } from '../trust/trust-view.ts'

/** What the base policy is asked: the request as it came, with what the decision point knows about it. */
export type BaseInput = Request & {
  readonly tenant: string
  readonly time: PolicyTime
  readonly agent: AgentClass
  readonly action_class: ActionClass
  /** Facts asserted by a caller whose credential may assert them. What the request says elsewhere is a claim. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** What the graduation bundle is asked for its ceilings. Plain JSON; `schemas/graduation-input.schema.json` describes it for editors. */
export type GraduationInput = {
  readonly tenant: string
  readonly time: PolicyTime
  readonly request: Request
  /** True: the credential proved a human and no agent is in the chain; the bundle answers `allow` for trust, risk and category. */
  readonly human: boolean
  readonly agent: AgentClass
  readonly action: ActionClass
  /** Null for a human. */
  readonly trust: TrustView | null
  readonly risk: RiskView
  /** Classification of the data touched: the higher of what the catalogue and the request say; `internal` where neither says. */
  readonly classification: string
  readonly sensitive: boolean
  /** Facts asserted by a caller whose credential may assert them. */
  readonly facts: Readonly<Record<string, unknown>>
  /** The tenant's deviations from the shipped data: `{matrix?, categories?, environments?, guardrails?}`. */
  readonly overrides: Readonly<Record<string, unknown>>
}
