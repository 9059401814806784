import type { ActionClass, AgentClass } from './catalogue.ts'
import type { RiskBand } from './outcome.ts'
import type { Request } from './request.ts'
import type { TrustView } from './trust-state.ts'

/** Time as policies see it: from the decision's one timestamp, UTC, never from a clock of their own. */
export type PolicyTime = {
  readonly epoch_ms: number
  readonly iso: string
  /** 0–23 UTC. */
  readonly hour: number
  /** 0 Sunday – 6 Saturday, UTC. */
  readonly weekday: number
}

/** Risk as policies see it. */
export type RiskView = {
  readonly points: number
  readonly band: RiskBand
  readonly rules: readonly { readonly id: string; readonly document: string; readonly points: number; readonly reason: string }[]
  /** Duties that rules added, by obligation id. */
  readonly obligations: readonly string[]
  /** Facts that were of the wrong type or could not be known; any makes the band `high`. */
  readonly unavailable: readonly string[]
}

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
