import { personActor } from '../access/actor-name.ts'
import { requesterOf } from '../access/authority.ts'
import { namedIn } from '../access/parties.ts'
import { pausesKeysOf } from '../approvals/rules/pauses.ts'
import { detectorDocumentKeys } from '../evidence/detectors/run-detectors.ts'
import { scoreCeilingKeys } from '../ladder/rules/score-ceilings.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import { detectorStateKeys } from '../ledger/fold/detectors.ts'
import {
  activityKey,
  approvalKey,
  boundsKey,
  DETECTORS_KEY,
  inboxKey,
  sessionKey,
  spotChecksKey,
  TOOLS_KEY,
} from '../ledger/keys.ts'
import type { DocumentKeys, Store } from '../ledger/store.ts'
import type { DecisionRequest } from './decision-request.ts'
import { type ContextSources, factKeys, type RequestContext, requestContext } from './request-context.ts'
import { requestDigest } from './request-digest.ts'
import type { Question } from './rules/ask-policies.ts'
import { isEscalation } from './rules/escalation.ts'
import type { Derivation } from './rules/derivation.ts'

/** A decision that is under way: its request's context, its id, and what it may touch. Made once; every later step takes it. */
export type DecisionContext = RequestContext & {
  readonly id: string
  readonly asked: DecisionRequest
  readonly question: Question
  /** SHA-256 over the canonical request with its tenant, hexadecimal. */
  readonly digest: string
  /** False: the clock stepped, and nothing that ends by itself can be relied on. */
  readonly clockSteady: boolean
  /** Where would-be use of budgets is kept; undefined where everything is enforced. */
  readonly rehearsal: string | undefined
  /** Everybody the request comes from or names, proven or not; null where they cannot all be read. */
  readonly behind: readonly string[] | null
  /** Documents that facts, budgets and effects of this request read or write. */
  readonly keys: DocumentKeys
}

/** A decision with what it was derived from. */
export type Decided = {
  readonly context: DecisionContext
  readonly facts: DecisionFacts
  readonly derivation: Derivation
}

/** What a decision has besides its request's context. */
export type DecisionSources = ContextSources &
  Pick<DecisionContext, 'id' | 'asked' | 'clockSteady' | 'rehearsal'> & {
    /** What another decision point answered; absent: the base is asked. */
    readonly answered?: Question['answered'] | undefined
  }

/** Derives the context of a decision. */
export function decisionContext({ answered, ...sources }: DecisionSources): DecisionContext {
  const { asked, rehearsal, id } = sources
  const context = requestContext(sources)
  const digest = requestDigest(context.request, context.tenant, context.caller.credential === null)
  const behind = behindRequest(context)
  return {
    ...sources,
    ...context,
    digest,
    question: {
      request: context.request,
      baseInput: asked.baseInput,
      entrypoint: asked.entrypoint ?? context.policySet.settings.base.entrypoint,
      reading: context.reading,
      ...(answered === undefined ? {} : { answered }),
    },
    behind,
    keys: [...keysOf(context, { id, digest, rehearsal }), ...pauseKeys(context, behind)],
  }
}

/** Everybody the request comes from, by kind, or names, of whatever kind; none of them may approve it. */
function behindRequest({ caller, request, parties }: RequestContext): readonly string[] | null {
  const named = namedIn(request)
  if (named === null) return null
  const people = [caller.person, parties.human?.id].filter((name) => name !== undefined).map(personActor)
  const names = [requesterOf(caller), ...people, caller.agent, parties.agent?.id, ...named]
  return [...new Set(names.filter((name) => name !== undefined))]
}

/** What may have paused the approval that a request names; nothing where it names none. */
function pauseKeys({ request, tenant }: RequestContext, behind: readonly string[] | null): DocumentKeys {
  return typeof request.context?.['approval'] === 'string' ? pausesKeysOf(tenant, behind ?? []) : []
}

function keysOf(
  context: RequestContext,
  { id, digest, rehearsal }: Pick<DecisionContext, 'id' | 'digest' | 'rehearsal'>,
): DocumentKeys {
  const { tenant, parties, accounts, action } = context
  const { watched } = accounts
  return [
    ...factKeys(context),
    TOOLS_KEY,
    DETECTORS_KEY,
    ...(parties.agent === null
      ? []
      : detectorStateKeys(tenant, parties.agent.id, context.policySet.catalogue.place(action.name))),
    ...sessionKeys(context),
    ...(rehearsal === undefined ? [] : watched.map((account) => activityKey(tenant, account, rehearsal))),
    approvalKey(tenant, digest),
    inboxKey(tenant),
    spotChecksKey(tenant),
    ...alarmKeys(context, id),
  ]
}

/** What alarms at this decision read and write; nothing where no detector looks and nothing escalates. */
function alarmKeys({ policySet, request, tenant, action, parties }: RequestContext, id: string): DocumentKeys {
  const { settings, catalogue } = policySet
  const { agent } = parties
  if (agent === null || (settings.detectors.layers.length === 0 && !isEscalation({ action, parties }))) return []
  const judged = { agent: agent.id, scope: catalogue.place(request.action.name), decision_id: id }
  return detectorDocumentKeys(tenant, judged)
}

/** All documents of a decision: its own, and those that bound its agents by now. */
export async function documentKeysOf(context: DecisionContext, store: Store): Promise<DocumentKeys> {
  return [...context.keys, ...scoreCeilingKeys(context.tenant, context.agents, await usedInSession(context, store))]
}

/** What bounds the agents of a request in its session. */
function sessionKeys({ tenant, agents, session: { name } }: RequestContext) {
  return name === undefined ? [] : agents.map((agent) => sessionKey(tenant, agent, name))
}

/** Agents whose output the session of a request has used, or any session where nobody vouches for it: their trust bounds it. */
async function usedInSession(context: DecisionContext, store: Store): Promise<readonly string[]> {
  const { session, agents, tenant } = context
  const keys = sessionKeys(context)
  const shared = session.vouched ? [] : agents.map((id) => boundsKey(tenant, id))
  if (keys.length + shared.length === 0) return []
  const used = await store.read([...keys, ...shared], (view) => [
    ...keys.flatMap((key) => view.document(key)?.used ?? []),
    ...shared.flatMap((key) => view.document(key)?.sessions?.used.map(({ agent }) => agent) ?? []),
  ])
  return [...new Set(used)]
}
