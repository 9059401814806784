import type { Caller } from '../access/caller.ts'
import { agentsOf, claimedSession, type Parties, partiesOf, type SessionClaim } from '../access/parties.ts'
import type { ActionClass, AgentClass, TenantLevels } from '../catalogue/catalogue-file.ts'
import type { ClassifierAnswers } from '../detect/external-classifier.ts'
import type { DecidedDigest } from '../detect/observation.ts'
import { findingsIn, requestDigestForDetectors } from '../evidence/detectors/request-detectors.ts'
import { type Accounts, accountsOf } from '../ledger/accounts.ts'
import { activityKey, agentKey, tenantKey } from '../ledger/keys.ts'
import type { DocumentKeys } from '../ledger/store.ts'
import type { RequestFindings } from '../ledger/decision-facts.ts'
import type { Request } from '../model/request.ts'
import { formatScope, type ScopeKey } from '../model/scope.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { type VerifiedFacts, verifiedFacts, verifiedJurisdiction } from '../risk/facts.ts'
import { type RequestReading, readingOf } from '../risk/request-reading.ts'

/** What a context is made of: who asks what, under which policy set, when, and what external classifiers said of it. */
export type ContextSources = {
  readonly request: Request
  readonly caller: Caller
  readonly policySet: PolicySet
  /** The one timestamp of the decision, ms since 1970. */
  readonly atMs: number
  /** Undefined: no external classifier was asked. */
  readonly classifierAnswers?: ClassifierAnswers | undefined
}

/** One request, and everything that follows from it, its caller and the policy set alone. Made once; every later step takes it. */
export type RequestContext = ContextSources & {
  readonly tenant: string
  readonly parties: Parties
  /** Ids of the agents of the chain, the deciding one first. */
  readonly agents: readonly string[]
  /** The deciding agent; where there is none, what the catalogue says of nobody. */
  readonly agent: AgentClass
  readonly session: SessionClaim
  /** `pep` obligations that hold for this request; sorted. */
  readonly supportedObligations: readonly string[]
  readonly action: ActionClass
  readonly scope: ScopeKey
  readonly accounts: Accounts
  readonly reading: RequestReading
  /** What detectors keep of the request; undefined where none looks. */
  readonly observation: DecidedDigest | undefined
  /** What the request shows by itself; undefined: nothing, no agent, or no detector looked. */
  readonly findings: RequestFindings | undefined
}

/** Derives a request's context. Pure but for the hashes that detectors keep. */
export function requestContext(sources: ContextSources): RequestContext {
  const { request, caller, policySet, atMs } = sources
  const { catalogue } = policySet
  const parties = withKnownTeam(partiesOf(request, caller), policySet)
  const supported = supportedObligations(request, caller)
  const verified = verifiedFacts(request, caller.verified_facts)
  const agent = catalogue.agent(parties.agent?.id ?? '')
  const action = classified(sources, agent.id, verified, supported)
  const observation =
    parties.agent === null ? undefined : requestDigestForDetectors({ ...sources, tenant: caller.tenant, action }, policySet)
  return {
    ...sources,
    tenant: caller.tenant,
    parties,
    agents: agentsOf(parties),
    agent,
    session: claimedSession(request, caller),
    supportedObligations: supported,
    action,
    scope: formatScope(action.scope, action.stake),
    accounts: accountsOf(parties, (id) => catalogue.agent(id).known),
    reading: readingOf(request, action, verified, atMs),
    observation,
    findings: observation === undefined ? undefined : findingsIn(observation, policySet),
  }
}

/** The class of the action for an agent, at an enforcement point that supports these obligations. */
function classified(
  { request, caller, policySet, atMs }: ContextSources,
  agentId: string,
  verified: VerifiedFacts,
  supportedObligations: readonly string[],
): ActionClass {
  return policySet.catalogue.classify(request.action.name, {
    agentId,
    supportedObligations,
    jurisdiction: verifiedJurisdiction(verified),
    nowMs: atMs,
    levels: levelsOfTenant(policySet, caller.tenant),
  })
}

/** The class of the action by what the credential supports, as if the request narrowed nothing. */
export function unnarrowedAction(context: RequestContext): ActionClass {
  const { supported_obligations } = context.caller
  if (supported_obligations.every((id) => context.supportedObligations.includes(id))) return context.action
  return classified(context, context.agent.id, context.reading.verified, supported_obligations)
}

/**
 * The request as trust is read by it without what it only claims: what its agent is made of, servers, classifications, and a session
 * that nobody vouches for. Null where it claims none of these.
 */
export function withoutTrustClaims(context: RequestContext): RequestContext | null {
  const { request, session, action, reading, atMs } = context
  const { subject, resource } = request
  const said = [
    subject.properties?.['composition'],
    resource.properties?.['classification'],
    session.vouched ? undefined : session.name,
  ]
  const circumstances = [request.context?.['classification'], request.context?.['mcp_servers']]
  if ([...said, ...circumstances].every((claim) => claim === undefined)) return null
  const bare: Request = {
    subject: { type: subject.type, id: subject.id },
    action: request.action,
    resource: { type: resource.type, id: resource.id },
  }
  return {
    ...context,
    request: bare,
    session: session.vouched ? session : { name: undefined, vouched: false },
    reading: readingOf(bare, action, reading.verified, atMs),
  }
}

/** What a tenant decides actions on at most; undefined where it says nothing. */
function levelsOfTenant({ settings }: PolicySet, tenant: string): TenantLevels | undefined {
  return Object.hasOwn(settings.overrides, tenant) ? settings.overrides[tenant]?.levels : undefined
}

/** Nobody answers for a team that is not in the catalogue, so the chain is wrong. */
function withKnownTeam(parties: Parties, { catalogue }: PolicySet): Parties {
  if (parties.team === undefined || catalogue.team(parties.team.id) !== undefined) return parties
  return { ...parties, problems: [...parties.problems, 'unknown_team'] }
}

/** `pep` obligations that hold for a request: what the credential supports, narrowed by what the request says. */
export function supportedObligations(request: Request, caller: Caller): readonly string[] {
  const claimed = (request.context as { readonly supported_obligations?: readonly string[] } | undefined)?.supported_obligations
  const supported =
    claimed === undefined ? caller.supported_obligations : caller.supported_obligations.filter((id) => claimed.includes(id))
  return [...new Set(supported)].sort()
}

/** Documents that the facts of a request are read from at least: containments, trust of the chain, activity of its accounts. */
export function factKeys({ tenant, agents, accounts }: RequestContext): DocumentKeys {
  return [
    tenantKey(tenant),
    ...agents.map((id) => agentKey(tenant, id)),
    ...accounts.watched.map((id) => activityKey(tenant, id)),
  ]
}
