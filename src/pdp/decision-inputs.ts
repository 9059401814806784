import type { ActionClass } from '../catalogue/catalogue-file.ts'
import type { ConsequenceTier } from '../model/consequence-tier.ts'
import type { Ceiling, Guardrails, Obligation, Source } from '../model/ceiling.ts'
import type { Level } from '../model/level.ts'
import type { ObservableSource } from '../model/mode.ts'
import type { Outcome, RiskBand } from '../model/outcome.ts'
import type { ChainProblem, ChainRelation, Party } from '../model/request.ts'
import type { Measures } from '../risk/amounts-and-recipients.ts'
import type { Matrices } from './matrix-schema.ts'

/** What the static policy grants: the upper bound of the decision. `cause` says why it failed, if it did. */
export type BaseResult = {
  readonly outcome: Outcome
  readonly reason: string
  /** Present only where the base could not be asked or did not answer properly: error, trap, deadline, undefined, wrong type. */
  readonly cause?: string
  readonly obligations?: readonly Obligation[]
  readonly guardrails?: Guardrails
}

/** Another link of the delegation chain than the deciding agent, as it stands at this read. */
export type ChainLink = {
  readonly party: Party
  readonly relation: ChainRelation
  /** False: nothing is known of it, so its level is 0 whatever `level_effective` says. */
  readonly known: boolean
  readonly level_effective: Level
  readonly tier: ConsequenceTier
}

/** What a containment switches off. */
export const CONTAINMENT_KINDS = ['action', 'scope', 'agent', 'tenant'] as const
/** A containment in force for this request. */
export type ContainmentEntry = {
  readonly kind: (typeof CONTAINMENT_KINDS)[number]
  readonly by: 'person' | 'incident'
  readonly reason: string
}

/**
 * The incidents of the agent in this scope: the minimum of their caps (0–1, 1 without any), the level that this cap is worth, and those
 * that wait for their review.
 */
export type IncidentPosition = { readonly cap: number; readonly level: Level; readonly due: readonly string[] }

/** A guardrail that refused its reservation: how much is taken already and what the limit is. */
export type BudgetRefusal = { readonly guardrail: string; readonly have: number; readonly limit: number }

/** What exceeding a guardrail means. */
export type GuardrailExcess = 'require_approval' | 'deny'

/** The proven person for whom the agent acts, and what the base grants them. */
export type Delegator = { readonly party: Party; readonly base: BaseResult }

/** Everything one decision depends on, as plain JSON, so that the audit record can hold it and decide again. */
export type DecisionInputs = {
  /** Null: the base was not asked or gave nothing; it denies. */
  readonly base: BaseResult | null
  /** Absent: the base is asked about the subject alone. What both may counts. */
  readonly delegator?: Delegator
  /** What the graduation bundle answered, unchecked; anything but a list of well-formed ceilings denies. Null: it failed. */
  readonly graduation: unknown
  /** True: the credential proved a human and no agent is in the chain. */
  readonly human: boolean
  readonly action: Pick<ActionClass, 'category'>
  readonly tier: ConsequenceTier
  readonly band: RiskBand
  readonly sensitive: boolean
  readonly matrices: Matrices
  readonly links: readonly ChainLink[]
  readonly chain_problems: readonly ChainProblem[]
  readonly containment: readonly ContainmentEntry[] | 'unknown'
  /** `unknown`: the incidents could not be read. */
  readonly incidents: IncidentPosition | 'unknown'
  /** True: this agent is switched off until its review, whatever the base says. */
  readonly kill_switch: boolean
  readonly measures: Measures
  readonly budget_refusals: readonly BudgetRefusal[]
  readonly guardrail_excess: GuardrailExcess
  /** The valid approval that this request redeems, by the decision that asked for it. `same_policy_set`: it was asked for under the set in force. */
  readonly approval: { readonly id: string; readonly same_policy_set: boolean } | null
  /** The emergency override in force for this agent and action. `lifts_incidents`: the people that this takes stand behind it. */
  readonly override: { readonly id: string; readonly lifts_incidents: boolean } | null
  /** Nobody vouches for who asks, so nothing is charged to any agent, and nothing runs but what no budget counts. Absent: somebody does. */
  readonly unvouched?: true
  /** Terms that are only observed: they concede everything here. */
  readonly observed: readonly ObservableSource[]
  /** `pep` obligations the enforcement point fulfils: its credential's, narrowed by the request. */
  readonly supported_obligations: readonly string[]
}

/** What a decision can advise; it binds nobody. */
export type Advice = 'record_proposal' | 'ask_permission'

/** The answer, with every term that led to it. */
export type Decision = {
  readonly outcome: Outcome
  /** True: something may run (`allow_guarded` or `allow`). */
  readonly decision: boolean
  /** What the static policy answered. */
  readonly base: Outcome
  /** The upper bound of the decision: `base`, or `allow_guarded` where the base itself asked for an approval and there is a valid one. */
  readonly base_granted: Outcome
  /** Every term of the meet, in the order of their sources. */
  readonly ceilings: readonly Ceiling[]
  readonly obligations: readonly Obligation[]
  readonly guardrails: Guardrails
  readonly advice: readonly Advice[]
  /** Why, most limiting first; every term below `allow` is there. */
  readonly reasons: readonly string[]
  /** Sources that alone would give this outcome; with an unsupported obligation, the sources that demand it. */
  readonly limiting: readonly Source[]
}
