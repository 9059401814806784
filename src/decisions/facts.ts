import { isDeepStrictEqual } from 'node:util'

import { vouchesForSessions } from '../access/parties.ts'
import { stoppingIncident } from '../incidents/rules/stopping-incident.ts'
import { ceilingsFor, type CeilingSubject, formerScopes, provenPosture, serverCeilings } from '../ladder/rules/score-ceilings.ts'
import { injectionsIn } from '../ladder/rules/session-injections.ts'
import { countersOf } from '../ledger/activity.ts'
import { reaches } from '../ledger/containment-reach.ts'
import type { CallerFacts, DecisionFacts } from '../ledger/decision-facts.ts'
import { destinationDigest } from '../ledger/destination-digest.ts'
import type { Containment } from '../ledger/documents/containment.ts'
import { agentKey, tenantKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { Level } from '../model/level.ts'
import { ENFORCED } from '../model/mode.ts'
import { compositionOf } from '../model/request.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { ChainLink, ContainmentEntry } from '../pdp/decision-inputs.ts'
import { recipientsAt } from '../risk/amounts-and-recipients.ts'
import { destinationName, destinationsAt } from '../risk/destinations.ts'
import { argumentsOf } from '../risk/facts.ts'
import { formerScopeCeiling } from '../trust/bounds.ts'
import { compositionKind, withClaimedComposition } from '../trust/composition.ts'
import { comparedTrust } from '../risk/readings.ts'
import { readsCeilings } from '../trust/read-share.ts'
import type { ScoreCeiling } from '../trust/score-ceiling.ts'
import { type AgentTrust, newAgentTrust } from '../trust/stored-trust.ts'
import { scopeView, type TrustView } from '../trust/trust-view.ts'
import { newAgentContainments } from './new-agent-hold.ts'
import { type RequestContext, unnarrowedAction, withoutTrustClaims } from './request-context.ts'

/** The facts of one request at one moment. */
export function gatherFacts(context: RequestContext, view: View): DecisionFacts {
  const { policySet, atMs, parties, tenant, action, agents, findings, classifierAnswers } = context
  const activity = view.document({ kind: 'activity', tenant, id: context.accounts.own })
  const moved_from = formerScopes(view, { tenant, agent: parties.agent?.id ?? '', tool: action.name })
  const trust = parties.agent === null ? null : trustOf(context, moved_from, view)
  return {
    at_ms: atMs,
    caller: callerFacts(context),
    parties,
    ...teamFact(context),
    action,
    agent:
      parties.agent === null ? { id: parties.human?.id ?? '', known: true, class: 'human', tier: 'standard' } : context.agent,
    trust,
    ...unclaimedFacts(context, { trust, moved_from }, view),
    ...(moved_from.length === 0 ? {} : { moved_from }),
    ...(findings === undefined ? {} : { watch: findings }),
    ...(classifierAnswers === undefined ? {} : { outside: classifierAnswers }),
    ...injectionFacts(context, view),
    links: parties.links.map(({ party, relation }): ChainLink => {
      const known = policySet.catalogue.agent(party.id)
      return { party, relation, known: known.known, level_effective: linkLevel(party.id, context, view), tier: known.tier }
    }),
    containment: [
      ...containmentsFor(view.document(tenantKey(tenant))?.containments ?? [], context),
      ...newAgentContainments(context, view),
    ],
    kill_switch: agents.some((id) => stoppingIncident(view.document(agentKey(tenant, id))) !== undefined),
    counters: countersOf(activity, action.name, atMs),
    known_domains: knownDomains(context, activity?.domains ?? []),
    ...knownDestinations(context, activity?.destinations ?? []),
    supported_obligations: context.supportedObligations,
    mode: ENFORCED,
    approval: null,
    overrides: [],
  }
}

/**
 * The facts a decision was derived from, with what changed before it could be recorded and needs no policy: links, containment,
 * kill switch, approval. Trust that fell meanwhile, an injection that was found, or an override that ended, would need the policies again,
 * so the agent is held for this one decision.
 */
export function freshFacts(used: DecisionFacts, fresh: DecisionFacts): DecisionFacts {
  const { links, kill_switch, approval } = fresh
  const isOver = used.overrides.some(({ id }) => !fresh.overrides.some((each) => each.id === id))
  const isLowered = isOver || isInjected(used, fresh) || trustFell(used.trust, fresh.trust)
  const isHeld = fresh.containment !== 'unknown' && isLowered
  const containment = isHeld ? [...fresh.containment, TRUST_DROPPED] : fresh.containment
  return { ...used, links, kill_switch, containment, approval }
}

const TRUST_DROPPED: ContainmentEntry = {
  kind: 'agent',
  by: 'incident',
  reason: 'its trust fell while this was being decided; ask again',
}

/** Whether an injection was found since, that asks for a person. */
function isInjected({ injections: known = [] }: DecisionFacts, { injections = [] }: DecisionFacts): boolean {
  return injections.some(({ record_id }) => !known.some((each) => each.record_id === record_id))
}

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

/** Findings in what tools gave back to any agent of the chain, the deciding one first; nothing where there is no agent. */
function injectionFacts({ tenant, agents, session, atMs: nowMs }: RequestContext, view: View): Pick<DecisionFacts, 'injections'> {
  const injections = agents.flatMap((agent) =>
    injectionsIn(view, { tenant, agent, session, nowMs }).map((found) => ({ ...found, agent })),
  )
  return injections.length === 0 ? {} : { injections }
}

function callerFacts(context: RequestContext): CallerFacts {
  const { caller, tenant } = context
  return {
    credential: caller.credential,
    ...(caller.credential === null ? { vouched: false as const } : {}),
    tenant,
    human_subject_types: caller.human_subject_types,
    supported_obligations: caller.supported_obligations,
    verified_facts: caller.verified_facts,
    ...postureFact(context),
    ...(caller.claims === undefined ? {} : { claims: caller.claims }),
    ...(vouchesForSessions(caller) ? { vouches_for_sessions: true as const } : {}),
  }
}

/** The team that a request is for, and who answers for it. */
function teamFact({ parties: { team }, policySet: { catalogue } }: RequestContext): Pick<DecisionFacts, 'team'> {
  const known = team === undefined ? undefined : catalogue.team(team.id)
  return known === undefined ? {} : { team: known }
}

function postureFact({ caller, parties }: RequestContext): Pick<CallerFacts, 'posture'> {
  const posture = provenPosture(caller, parties.agent?.id ?? '')
  return posture === undefined ? {} : { posture }
}

/** Arguments that hold an injection cap trust before anything is recorded; towards sensitive data the agent then only reads what is not. */
function injectionCeilings({ findings, reading, policySet: { constants } }: RequestContext): readonly ScoreCeiling[] {
  if (findings?.injection === undefined) return []
  const { cap } = constants.incident_rules.injection_suspected
  const value = reading.sensitive ? Math.min(cap ?? 0, constants.instrumentation.blind) : (cap ?? 0)
  return [{ source: 'detector:injection_arguments', value }]
}

/** Trust as stored, 0 for an agent that is not in the catalogue; a composition that an untrusted caller claims can only lower it, for this decision alone. */
function trustOf(context: RequestContext, formerly: readonly ScopeKey[], view: View): TrustView {
  const { caller, agent, tenant, scope, atMs: nowMs, request, action, policySet } = context
  // The set's own constants, not those of the log: another set may have come into force since this decision pinned its own.
  const { constants, catalogue } = policySet
  const stored = (agent.known ? view.document(agentKey(tenant, agent.id)) : undefined) ?? newAgentTrust()
  const ceilings = [
    ...ceilingsFor(view, { ...subjectOf(context, agent.id), posture: provenPosture(caller, agent.id) }, constants),
    ...formerCeilings(stored, formerly, context),
    ...actingCeilings(stored, context),
    ...serverCeilings(request, action, catalogue, constants),
    ...injectionCeilings(context),
  ]
  const asStored = scopeView(stored, scope, { nowMs, ceilings }, constants)
  const claimed = compositionOf(request)
  if (claimed === undefined || compositionKind(stored.composition, { ...stored.composition, ...claimed }) === null)
    return asStored
  const asClaimed = scopeView(withClaimedComposition(stored, claimed, nowMs, constants), scope, { nowMs, ceilings }, constants)
  return asClaimed.score <= asStored.score && asClaimed.level_effective <= asStored.level_effective ? asClaimed : asStored
}

/** Action and trust as they stand without the claims of the request, where those change them. */
function unclaimedFacts(
  context: RequestContext,
  { trust, moved_from }: Required<Pick<DecisionFacts, 'trust' | 'moved_from'>>,
  view: View,
): Pick<DecisionFacts, 'unclaimed'> {
  const action = unnarrowedAction(context)
  const bare = trust === null ? null : withoutTrustClaims(context)
  const unclaimed = bare === null ? null : comparedTrust(trustOf(bare, moved_from, view))
  const apart = {
    ...(isDeepStrictEqual(action, context.action) ? {} : { action }),
    ...(unclaimed === null || trust === null || isDeepStrictEqual(unclaimed, comparedTrust(trust)) ? {} : { trust: unclaimed }),
  }
  return Object.keys(apart).length === 0 ? {} : { unclaimed: apart }
}

/** Level of another agent of the chain in the scope of an action: within the same session, and where the tool was before, as for the deciding one. */
function linkLevel(id: string, context: RequestContext, view: View): Level {
  const { tenant, scope, atMs: nowMs, action, policySet } = context
  const stored = view.document(agentKey(tenant, id)) ?? newAgentTrust()
  const former = formerCeilings(stored, formerScopes(view, { tenant, agent: id, tool: action.name }), context)
  const ceilings = [
    ...ceilingsFor(view, subjectOf(context, id), policySet.constants),
    ...former,
    ...actingCeilings(stored, context),
  ]
  return scopeView(stored, scope, { nowMs, ceilings }, policySet.constants).level_effective
}

/** What reads alone have earned says nothing of an action that does more. */
function actingCeilings(stored: AgentTrust, { scope, atMs, action, policySet }: RequestContext): readonly ScoreCeiling[] {
  return action.category === 'read_only' ? [] : readsCeilings(stored, scope, atMs, policySet.constants)
}

function subjectOf({ tenant, scope, atMs, session, policySet: { catalogue } }: RequestContext, agent: string): CeilingSubject {
  return { tenant, agent, scope, nowMs: atMs, session, isKnown: (id) => catalogue.agent(id).known }
}

function formerCeilings(
  stored: AgentTrust,
  scopes: readonly ScopeKey[],
  { atMs, policySet: { constants } }: RequestContext,
): readonly ScoreCeiling[] {
  return scopes.map((scope) => formerScopeCeiling(scopeView(stored, scope, { nowMs: atMs }, constants), constants))
}

function containmentsFor(containments: readonly Containment[], { agents, action, scope }: RequestContext) {
  const subject = { agents, scope, action: action.name }
  return containments.flatMap(({ target, by, reason }): ContainmentEntry[] =>
    reaches(target, subject) ? [{ kind: target.kind, by, reason }] : [],
  )
}

function knownDomains({ request, action }: RequestContext, known: readonly string[]): readonly string[] {
  const recipients = recipientsAt(argumentsOf(request), action.arguments, [])
  return typeof recipients === 'string' ? [] : recipients.domains.filter((domain) => known.includes(domain))
}

function knownDestinations(
  { request, action }: RequestContext,
  known: readonly string[],
): Pick<DecisionFacts, 'known_destinations'> {
  const found = destinationsAt(argumentsOf(request), action.arguments)
  const digests = typeof found === 'string' ? [] : found.map((each) => destinationDigest(destinationName(each)))
  const met = digests.flatMap((digest, position) => (known.includes(digest) ? [position] : []))
  return met.length === 0 ? {} : { known_destinations: met }
}
