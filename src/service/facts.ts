import { accountsOf } from './accounts.ts'
import { ceilingsFor, formerScopes, provenPosture, serverCeilings } from './bounds.ts'
import { countersOf, type Counters } from './activity.ts'
import { indicatorsOf, type Indicators } from './indicators.ts'
import { partiesOf, type Parties } from './parties.ts'
import { sessionOf } from './session.ts'
import type { PolicySet } from './policy-set.ts'
import type { View } from './ports.ts'
import type { Override } from '../model/approval.ts'
import type { Caller } from '../model/caller.ts'
import type { ActionClass, AgentClass } from '../model/catalogue.ts'
import type { ChainLink, ContainmentEntry } from '../model/decision-inputs.ts'
import type { Containment } from '../model/effect.ts'
import { ENFORCED, type ModeFacts } from '../model/mode.ts'
import type { OutsideAnswers } from '../model/outside-models.ts'
import type { Posture } from '../model/posture.ts'
import type { Composition, Request } from '../model/request.ts'
import { formatScope, type Level, type ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from '../model/trust-constants.ts'
import type { AgentTrust, ScoreCeiling, TrustView } from '../model/trust-state.ts'
import { classificationOf, isSensitive } from '../risk/classification.ts'
import { recipientsAt } from '../risk/measures.ts'
import { verifiedFacts, verifiedJurisdiction } from '../risk/verified-facts.ts'
import { formerScopeCeiling } from '../trust/bounds.ts'
import { compositionKind, withClaimedComposition } from '../trust/composition.ts'
import { newAgentTrust } from '../trust/state.ts'
import { scopeView } from '../trust/view.ts'
import type { RedemptionProblem } from '../workflows/approvals.ts'

/** What of a caller's standing a decision depends on. */
export type CallerFacts = {
  readonly credential: string | null
  readonly tenant: string
  readonly human_subject_types: readonly string[]
  readonly supported_obligations: readonly string[]
  readonly verified_facts: readonly string[]
  /** What the credential itself proves of the agent it belongs to; absent: nothing, or it is not an agent's. */
  readonly posture?: Posture
}

/**
 * Everything about the world that one decision depends on besides the request and the policy set: values at one moment, plain
 * JSON, kept in the record so that the decision can be made again from it.
 */
export type DecisionFacts = {
  readonly at_ms: number
  readonly caller: CallerFacts
  readonly parties: Parties
  readonly action: ActionClass
  readonly agent: AgentClass
  /** Trust of the deciding agent in the action's scope; null where there is no agent. */
  readonly trust: TrustView | null
  /** Scopes that the tool came from and in which it is still judged too; absent: none. */
  readonly moved_from?: readonly ScopeKey[]
  /** What the request shows by itself; absent: nothing, or no detector looked. */
  readonly watch?: Indicators
  /** What models outside said of it; absent: none was asked. */
  readonly outside?: OutsideAnswers
  readonly links: readonly ChainLink[]
  readonly containment: readonly ContainmentEntry[] | 'unknown'
  readonly kill_switch: boolean
  readonly counters: Counters
  /** Recipient domains of this request that have been written to before. */
  readonly known_domains: readonly string[]
  /** `pep` obligations of the enforcement point, narrowed by the request; sorted. */
  readonly supported_obligations: readonly string[]
  /** What is enforced, and what only observed. */
  readonly mode: ModeFacts
  /** The approval that the request names, what stands against redeeming it, and how many people said yes; null where it names none. */
  readonly approval: { readonly id: string; readonly problem: RedemptionProblem | null; readonly approvers: number } | null
  /** Emergency overrides of this agent, scope and action. */
  readonly overrides: readonly Override[]
}

/** Agents, in the order of the chain, whose documents a request touches. */
export function agentsOf(parties: Parties): readonly string[] {
  return [...new Set([...(parties.agent === null ? [] : [parties.agent.id]), ...parties.links.map(({ party }) => party.id)])]
}

/** `pep` obligations that hold for this request: what the credential supports, narrowed by what the request says. */
export function supportedObligations(request: Request, caller: Caller): readonly string[] {
  const claimed = (request.context as { readonly supported_obligations?: readonly string[] } | undefined)?.supported_obligations
  const supported =
    claimed === undefined ? caller.supported_obligations : caller.supported_obligations.filter((id) => claimed.includes(id))
  return [...new Set(supported)].sort()
}

/** What an agent says it is made of; undefined where it says nothing. */
export function compositionOf(request: Request): Composition | undefined {
  return request.subject.properties?.['composition'] as Composition | undefined
}

/** The facts of one request at one moment; `outside`: what models were asked about it before. */
export function gatherFacts(
  request: Request,
  caller: Caller,
  policySet: PolicySet,
  view: View,
  nowMs: number,
  outside?: OutsideAnswers,
): DecisionFacts {
  const parties = partiesOf(request, caller)
  const supported = supportedObligations(request, caller)
  const agentId = parties.agent?.id ?? ''
  const action = policySet.catalogue.classify(request.action.name, {
    agentId,
    supportedObligations: supported,
    jurisdiction: verifiedJurisdiction(verifiedFacts(request, caller.verified_facts)),
    nowMs,
  })
  const scope = formatScope(action.scope, action.stake)
  const tenant = caller.tenant
  // The set's own, not those of the log: another set may have come into force since this decision pinned its own.
  const { constants } = policySet
  const agent = policySet.catalogue.agent(agentId)
  const { own } = accountsOf(parties, (id) => policySet.catalogue.agent(id).known)
  const activity = view.document({ kind: 'activity', tenant, id: own })
  const moved_from = formerScopes(view, { tenant, agent: agentId, tool: action.name })
  const watch = parties.agent === null ? undefined : indicatorsOf({ tenant, request, action, atMs: nowMs, outside }, policySet)
  const path = [
    ...serverCeilings(request, action, policySet.catalogue, constants),
    ...injectionCeilings(watch, isSensitive(classificationOf(request, action)), constants),
  ]
  const isKnown = (id: string): boolean => policySet.catalogue.agent(id).known
  const terms = { request, caller, view, constants, nowMs, path, isKnown }
  const trust = parties.agent === null ? null : trustOf(agent, [scope, ...moved_from], terms)
  return {
    at_ms: nowMs,
    caller: {
      credential: caller.credential,
      tenant,
      human_subject_types: caller.human_subject_types,
      supported_obligations: caller.supported_obligations,
      verified_facts: caller.verified_facts,
      ...postureFact(caller, agentId),
    },
    parties,
    action,
    agent: parties.agent === null ? { id: parties.human?.id ?? '', known: true, class: 'human', tier: 'standard' } : agent,
    trust,
    ...(moved_from.length === 0 ? {} : { moved_from }),
    ...(watch === undefined ? {} : { watch }),
    ...(outside === undefined ? {} : { outside }),
    links: parties.links.map(({ party, relation }): ChainLink => {
      const known = policySet.catalogue.agent(party.id)
      const level_effective = linkLevel(party.id, action, terms)
      return { party, relation, known: known.known, level_effective, tier: known.tier }
    }),
    containment: containmentsFor(
      view.document({ kind: 'tenant', tenant, id: '' })?.containments ?? [],
      agentsOf(parties),
      action,
    ),
    kill_switch: agentsOf(parties).some((id) => killed(view.document({ kind: 'agent', tenant, id }))),
    counters: countersOf(activity, action.name, nowMs),
    known_domains: knownDomains(request, action, activity?.domains ?? []),
    supported_obligations: supported,
    mode: ENFORCED,
    approval: null,
    overrides: [],
  }
}

/**
 * The facts a decision was derived from, with what changed before it could be recorded and needs no policy: links, containment,
 * kill switch, approval. Trust that fell meanwhile, or an override that ended, would need the policies again, so the agent is held
 * for this one decision.
 */
export function freshFacts(used: DecisionFacts, fresh: DecisionFacts): DecisionFacts {
  const { links, kill_switch, approval } = fresh
  const isOver = used.overrides.some(({ id }) => !fresh.overrides.some((each) => each.id === id))
  const isHeld = fresh.containment !== 'unknown' && (isOver || trustFell(used.trust, fresh.trust))
  const containment = isHeld ? [...fresh.containment, FELL] : fresh.containment
  return { ...used, links, kill_switch, containment, approval }
}

const FELL: ContainmentEntry = { kind: 'agent', by: 'incident', reason: 'its trust fell while this was being decided; ask again' }

/** Whether trust is worse in anything that a policy decides by. */
function trustFell(used: TrustView | null, fresh: TrustView | null): boolean {
  if (used === null || fresh === null) return used !== fresh
  return (
    fresh.score < used.score ||
    fresh.level_effective < used.level_effective ||
    fresh.confidence < used.confidence ||
    fresh.failure_bound > used.failure_bound ||
    fresh.incident.cap < used.incident.cap ||
    (fresh.incident.state === 'open' && used.incident.state !== 'open')
  )
}

type TrustTerms = {
  readonly request: Request
  readonly caller: Caller
  readonly view: View
  readonly constants: TrustConstants
  readonly nowMs: number
  readonly isKnown: (agent: string) => boolean
  /** Ceilings of what the call goes through. */
  readonly path: readonly ScoreCeiling[]
}

function postureFact(caller: Caller, agent: string): Pick<CallerFacts, 'posture'> {
  const posture = provenPosture(caller, agent)
  return posture === undefined ? {} : { posture }
}

/** Arguments that hold an injection cap trust before anything is recorded; towards sensitive data the agent then only reads what is not. */
function injectionCeilings(
  watch: Indicators | undefined,
  sensitive: boolean,
  constants: TrustConstants,
): readonly ScoreCeiling[] {
  if (watch?.injection === undefined) return []
  const { cap } = constants.incident_rules.injection_suspected
  const value = sensitive ? Math.min(cap ?? 0, constants.instrumentation.blind) : (cap ?? 0)
  return [{ source: 'detector:injection_arguments', value }]
}

/** Trust as stored, 0 for an agent that is not in the catalogue; a composition that an untrusted caller claims can only lower it, for this decision alone. */
function trustOf(
  agent: AgentClass,
  [scope, ...formerly]: readonly [ScopeKey, ...ScopeKey[]],
  { request, caller, view, constants, nowMs, path, isKnown }: TrustTerms,
): TrustView {
  const { tenant } = caller
  const stored = (agent.known ? view.document({ kind: 'agent', tenant, id: agent.id }) : undefined) ?? newAgentTrust()
  const moved = formerly.map((former) => formerScopeCeiling(scopeView(stored, former, { nowMs }, constants), constants))
  const posture = provenPosture(caller, agent.id)
  const bounded = { tenant, agent: agent.id, scope, nowMs, session: sessionOf(request), posture, isKnown }
  const ceilings = [...ceilingsFor(view, bounded, constants), ...moved, ...path]
  const asStored = scopeView(stored, scope, { nowMs, ceilings }, constants)
  const claimed = compositionOf(request)
  if (claimed === undefined || compositionKind(stored.composition, { ...stored.composition, ...claimed }) === null)
    return asStored
  const asClaimed = scopeView(withClaimedComposition(stored, claimed, nowMs, constants), scope, { nowMs, ceilings }, constants)
  return asClaimed.score <= asStored.score && asClaimed.level_effective <= asStored.level_effective ? asClaimed : asStored
}

/** Level of another agent of the chain in the scope of an action: within the same session, and where the tool was before, as for the deciding one. */
function linkLevel(id: string, action: ActionClass, { request, caller, view, constants, nowMs, isKnown }: TrustTerms): Level {
  const { tenant } = caller
  const scope = formatScope(action.scope, action.stake)
  const stored = view.document({ kind: 'agent', tenant, id }) ?? newAgentTrust()
  const moved = formerScopes(view, { tenant, agent: id, tool: action.name }).map((former) =>
    formerScopeCeiling(scopeView(stored, former, { nowMs }, constants), constants),
  )
  const bounded = { tenant, agent: id, scope, nowMs, session: sessionOf(request), isKnown }
  const ceilings = [...ceilingsFor(view, bounded, constants), ...moved]
  return scopeView(stored, scope, { nowMs, ceilings }, constants).level_effective
}

/** An unreviewed kill switch or compromised credential: the agent does nothing until a person has looked. */
function killed(agent: AgentTrust | undefined): boolean {
  return (agent?.incidents ?? []).some(
    ({ class: of, review }) => review === 'required' && (of === 'kill_switch' || of === 'credential_compromise'),
  )
}

function containmentsFor(
  containments: readonly Containment[],
  agents: readonly string[],
  action: ActionClass,
): readonly ContainmentEntry[] {
  const reaches = (agent: string | undefined): boolean => agent === undefined || agents.includes(agent)
  return containments.flatMap(({ target, by, reason }): ContainmentEntry[] => {
    const hit =
      target.kind === 'tenant' ||
      (target.kind === 'agent' && agents.includes(target.agent)) ||
      (target.kind === 'scope' &&
        reaches(target.agent) &&
        [action.scope, formatScope(action.scope, action.stake)].includes(target.scope)) ||
      (target.kind === 'action' && reaches(target.agent) && target.action === action.name)
    return hit ? [{ kind: target.kind, by, reason }] : []
  })
}

function knownDomains(request: Request, action: ActionClass, known: readonly string[]): readonly string[] {
  const toolArguments = request.action.properties?.['arguments']
  if (typeof toolArguments !== 'object' || toolArguments === null || Array.isArray(toolArguments)) return []
  const recipients = recipientsAt(toolArguments, action.arguments.recipients, [])
  return typeof recipients === 'string' ? [] : recipients.domains.filter((domain) => known.includes(domain))
}
