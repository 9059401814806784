import { LISTENER_CREDENTIAL } from '../access/actor-name.ts'
import { type Caller, CallerStanding } from '../access/caller.ts'
import { derive } from '../decisions/derive.ts'
import { gatherFacts } from '../decisions/facts.ts'
import { type RequestContext, requestContext } from '../decisions/request-context.ts'
import { withBudgets } from '../decisions/rules/guardrail-budgets.ts'
import { canonicalJson } from '../format/canonical-json.ts'
import { accountsOfFacts } from '../ledger/accounts.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { Request } from '../model/request.ts'
import { formatScope } from '../model/scope.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { Past } from './past.ts'

/**
 * Makes a recorded decision again under another policy set, at its own time and in the state of that time: with the actions that
 * had run and the budgets that were used. Only what follows from the candidate is new: classification, trust, risk, terms.
 */
export async function decideAgain(record: AuditRecord, candidate: PolicySet, past: Past): Promise<Decision> {
  const body = decisionBodyOf(record)
  const { request } = body
  const facts = factsUnder(candidate, request, body.facts, past)
  const entrypoint = candidate.base.entrypoints.includes(body.entrypoint) ? body.entrypoint : candidate.settings.base.entrypoint
  const question = {
    request,
    entrypoint,
    ...('base_input' in body ? { baseInput: body.base_input } : {}),
    // The base answer of another decision point does not depend on the candidate.
    ...(body.protocol === 'opa-log' ? { answered: body.base } : {}),
  }
  const first = await derive({ question, facts, policySet: candidate })
  // In observe mode, the decision compared is the graduated one, with the budgets of the rehearsal.
  const last = withBudgets(first, { facts, accounts: accountsOfFacts(facts) }, past.view, body.would?.rehearsal ?? undefined)
  return last.would?.decision ?? last.decision
}

/**
 * The recorded facts. If the candidate classifies the action or a party otherwise, or derives trust otherwise, its own facts for
 * those.
 */
function factsUnder(candidate: PolicySet, request: Request, facts: DecisionFacts, past: Past): DecisionFacts {
  const { agent } = facts.parties
  const scope = formatScope(facts.action.scope, facts.action.stake)
  if (agent !== null) past.catchUp({ tenant: facts.caller.tenant, id: agent.id, scope }, facts.at_ms)
  const fresh = gatherFacts(contextUnder(candidate, request, facts), past.view)
  if (!past.rederives && canonicalJson(classification(fresh)) === canonicalJson(classification(facts))) return facts
  const { action, agent: party, trust, links, containment, kill_switch, known_domains, known_destinations } = fresh
  const met = known_destinations === undefined ? {} : { known_destinations }
  // Which teams there are says the candidate.
  const parties = { ...facts.parties, problems: fresh.parties.problems }
  return {
    ...withoutDestinations(facts),
    ...met,
    parties,
    action,
    agent: party,
    trust,
    links,
    containment,
    kill_switch,
    known_domains,
  }
}

/** What was met before is found anew: the candidate's catalogue may name other places. */
function withoutDestinations(facts: DecisionFacts): DecisionFacts {
  const others = Object.entries(facts).filter(([name]) => name !== 'known_destinations')
  return Object.fromEntries(others) as unknown as DecisionFacts
}

/** The request's context under the candidate, with the caller as it was recorded. */
function contextUnder(candidate: PolicySet, request: Request, facts: DecisionFacts): RequestContext {
  const { at_ms: atMs, outside: classifierAnswers } = facts
  return requestContext({ request, caller: callerOf(facts), policySet: candidate, atMs, classifierAnswers })
}

/** The facts that come from the catalogue. */
function classification({ action, agent, links, parties }: DecisionFacts): unknown {
  const classes = {
    problems: parties.problems,
    action,
    agent,
    links: links.map(({ party, known, tier }) => ({ party, known, tier })),
  }
  return JSON.parse(JSON.stringify(classes)) as unknown
}

/** The caller as it was recorded; roles were checked at that time. */
export function callerOf({ caller, parties }: Pick<DecisionFacts, 'caller' | 'parties'>): Caller {
  const [link] = parties.links
  const proven = parties.links.filter(({ claimed }) => !claimed)
  const { posture, tenant, human_subject_types, supported_obligations, verified_facts } = caller
  const trusted_chain = link === undefined ? !parties.agent_claimed : !link.claimed
  const standing = CallerStanding.parse({ tenant, human_subject_types, supported_obligations, verified_facts, trusted_chain })
  // A caller that may not vouch for humans has a chain only from its own credential; a request cannot state one.
  const hasOwnChain = human_subject_types.length === 0 && (proven.length > 0 || parties.human !== null)
  return {
    ...standing,
    ...(isListener(caller) ? { credential: LISTENER_CREDENTIAL, listener: true } : { credential: caller.credential }),
    ...(hasOwnChain
      ? { delegation: { human: parties.human, links: proven }, trusted_chain: proven.length === parties.links.length }
      : {}),
    ...(posture === undefined || parties.agent === null ? {} : { posture, agent: parties.agent.id }),
  }
}

/** Whether the owner of the listener vouches for a caller; before that was asked, callers without a credential had full accounting. */
function isListener({ credential, vouched }: DecisionFacts['caller']): boolean {
  return credential === LISTENER_CREDENTIAL || (credential === null && vouched !== false)
}
