import type { Caller } from '../access/caller.ts'
import { agentsOf, partiesOf } from '../access/parties.ts'
import { sessionOf } from '../access/session.ts'
import type { ActionClass, AgentClass } from '../catalogue/catalogue-file.ts'
import type { ClassifierAnswers } from '../detect/external-classifier.ts'
import { requestFindings } from '../evidence/detectors/request-detectors.ts'
import { ceilingsFor, formerScopes, provenPosture, serverCeilings } from '../ladder/score-ceilings.ts'
import { accountsOf } from '../ledger/accounts.ts'
import { countersOf } from '../ledger/activity.ts'
import type { CallerFacts, DecisionFacts, RequestFindings } from '../ledger/decision-facts.ts'
import type { Containment } from '../ledger/documents/containment.ts'
import type { View } from '../ledger/store.ts'
import type { Level } from '../model/level.ts'
import { ENFORCED } from '../model/mode.ts'
import { compositionOf, type Request } from '../model/request.ts'
import { formatScope, type ScopeKey } from '../model/scope.ts'
import type { ChainLink, ContainmentEntry } from '../pdp/decision-inputs.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { classificationOf, isSensitive } from '../risk/classification.ts'
import { recipientsAt } from '../risk/measures.ts'
import { verifiedFacts, verifiedJurisdiction } from '../risk/verified-facts.ts'
import type { AgentTrust } from '../trust/agent-trust.ts'
import { formerScopeCeiling } from '../trust/bounds.ts'
import { compositionKind, withClaimedComposition } from '../trust/composition.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { newAgentTrust } from '../trust/state.ts'
import type { ScoreCeiling, TrustView } from '../trust/trust-view.ts'
import { scopeView } from '../trust/view.ts'

/** `pep` obligations that hold for this request: what the credential supports, narrowed by what the request says. */
export function supportedObligations(request: Request, caller: Caller): readonly string[] {
  const claimed = (request.context as { readonly supported_obligations?: readonly string[] } | undefined)?.supported_obligations
  const supported =
    claimed === undefined ? caller.supported_obligations : caller.supported_obligations.filter((id) => claimed.includes(id))
  return [...new Set(supported)].sort()
}

/** The facts of one request at one moment; `outside`: what models were asked about it before. */
export function gatherFacts(
  request: Request,
  caller: Caller,
  policySet: PolicySet,
  view: View,
  nowMs: number,
  outside?: ClassifierAnswers,
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
  const watch = parties.agent === null ? undefined : requestFindings({ tenant, request, action, atMs: nowMs, outside }, policySet)
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
  const containment = isHeld ? [...fresh.containment, TRUST_DROPPED] : fresh.containment
  return { ...used, links, kill_switch, containment, approval }
}

const TRUST_DROPPED: ContainmentEntry = {
  kind: 'agent',
  by: 'incident',
  reason: 'its trust fell while this was being decided; ask again',
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
  watch: RequestFindings | undefined,
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
