import type { Parties } from '../access/parties.ts'
import type { VerifiedClaims } from '../access/verified-claims.ts'
import type { ActionClass, AgentClass, Team } from '../catalogue/catalogue-file.ts'
import type { ClassifierAnswers } from '../detect/external-classifier.ts'
import type { ModeFacts } from '../model/mode.ts'
import { formatScope, type ScopeKey } from '../model/scope.ts'
import type { ChainLink, ContainmentEntry } from '../pdp/decision-inputs.ts'
import type { ComparedTrust } from '../risk/readings.ts'
import type { FoundInjection } from '../trust/agent-sessions.ts'
import type { Posture } from '../trust/posture.ts'
import type { TrustView } from '../trust/trust-view.ts'
import type { Counters } from './activity.ts'
import type { Override, RedemptionProblem } from './documents/approval.ts'

/** What of a caller's standing a decision depends on. */
export type CallerFacts = {
  /** Null: none was shown, and nobody vouches for who asked. */
  readonly credential: string | null
  /** False: a stranger asked, so the decision touches nothing of the agents it names. Absent: somebody vouches, or the record is from before that was asked. */
  readonly vouched?: false
  readonly tenant: string
  readonly human_subject_types: readonly string[]
  readonly supported_obligations: readonly string[]
  readonly verified_facts: readonly string[]
  /** What the credential itself proves of the agent it belongs to; absent: nothing, or it is not an agent's. */
  readonly posture?: Posture
  /** What its issuer says of the proven person, or, where there is none, of the agent; absent: nothing. Sealed. */
  readonly claims?: VerifiedClaims
  /** Its word on sessions is believed; absent: it is not, or the record is from before that was asked. */
  readonly vouches_for_sessions?: true
}

/** What a tool gave back that looks like an injection, and the agent of the chain that it was given to. */
export type InjectionFact = FoundInjection & { readonly agent: string }

/**
 * Everything about the world that one decision depends on besides the request and the policy set: values at one moment, plain
 * JSON, kept in the record so that the decision can be made again from it.
 */
export type DecisionFacts = {
  readonly at_ms: number
  readonly caller: CallerFacts
  readonly parties: Parties
  /** The team on whose behalf it is, as the catalogue knows it; absent: none, or none that it knows. */
  readonly team?: Team
  readonly action: ActionClass
  readonly agent: AgentClass
  /** Trust of the deciding agent in the action's scope; null where there is no agent. */
  readonly trust: TrustView | null
  /** Action and trust without what the request only claims, where that lowers them: risk rules read both. Absent: claims change neither. */
  readonly unclaimed?: { readonly action?: ActionClass; readonly trust?: ComparedTrust }
  /** Scopes that the tool came from and in which it is still judged too; absent: none. */
  readonly moved_from?: readonly ScopeKey[]
  /** What the request shows by itself; absent: nothing, or no detector looked. */
  readonly watch?: RequestFindings
  /** What external classifiers said of it; absent: none was asked. */
  readonly outside?: ClassifierAnswers
  /** What looks like an injection in what tools gave back, and lowers this request; absent: nothing. */
  readonly injections?: readonly InjectionFact[]
  readonly links: readonly ChainLink[]
  readonly containment: readonly ContainmentEntry[] | 'unknown'
  readonly kill_switch: boolean
  readonly counters: Counters
  /** Recipient domains of this request that have been written to before. */
  readonly known_domains: readonly string[]
  /** Which destinations of this request, by their position (`destinationsAt`), have been reached before; absent: none. */
  readonly known_destinations?: readonly number[]
  /** `pep` obligations of the enforcement point, narrowed by the request; sorted. */
  readonly supported_obligations: readonly string[]
  /** What is enforced, and what only observed. */
  readonly mode: ModeFacts
  /** The approval that the request names, what stands against redeeming it, and how many people said yes; null where it names none. */
  readonly approval: {
    readonly id: string
    readonly problem: RedemptionProblem | null
    readonly approvers: number
    /** False: another policy set asked for it, so it satisfies no base that asks for one. */
    readonly same_policy_set: boolean
  } | null
  /** Emergency overrides of this agent, scope and action. */
  readonly overrides: readonly Override[]
}

/** What a request shows by itself, before it is decided: no baseline is needed for that. Absent members: nothing. */
export type RequestFindings = {
  /** Why the action is outside of what was declared; it does not run. */
  readonly drift?: string
  /** Why the action may be outside of what was declared; a person is asked. */
  readonly drift_suspected?: string
  /** Rules that found an injection in the arguments; the agent is capped from this very decision on. */
  readonly injection?: readonly string[]
}

/** The trust that a decision was answered with. */
export function trustAnswer(trust: TrustView | null, facts: DecisionFacts) {
  if (trust === null) return null
  return {
    score: trust.score,
    scope: formatScope(facts.action.scope, facts.action.stake),
    level_granted: trust.level_granted,
    level_effective: trust.level_effective,
    confidence: trust.confidence,
    failure_bound: trust.failure_bound,
    bottleneck_layer: trust.bottleneck_layer,
  }
}
