import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { scopesOf } from '../ladder/trust-answer.ts'
import { consequencesOf, observeChanges } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { agentKey, boundsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { Transaction } from '../ledger/store.ts'
import { actsInScope, unknownAgent, unknownScope } from '../policy/known-names.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { type AgentTrust, newAgentTrust } from '../trust/stored-trust.ts'
import { capOfReport } from './rules/reported-cap.ts'
import { STOPPING_CLASSES } from './rules/stopping-incident.ts'
import type { IncidentAnswer, IncidentReport, IncidentReviewReport } from './wire.ts'

/** An operator says that something went wrong: a cap at once, by the class of incident. */
export async function raiseIncident(deps: VerbDeps, caller: Caller, report: IncidentReport): Promise<IncidentAnswer> {
  authorize(caller, 'raise_incident')
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const id = deps.newId()
  const policySet = deps.policySet()
  return deps.store.transact([agentKey(tenant, report.agent), boundsKey(tenant, report.agent)], (transaction) => {
    const trust = transaction.document(agentKey(tenant, report.agent))
    refuseUnknown(report, policySet, trust)
    const rule = transaction.constants().incident_rules[report.class]
    const reach = report.reach ?? rule.reach
    if (reach === 'scope' && report.scope === undefined)
      throw new ServiceError('bad_request', `an incident of class "${report.class}" reaches one scope, so it needs one`, {
        place: { pointer: '/scope' },
        fix: 'add "scope", such as "communication:full"',
      })
    const cap = capOfReport(report, trust, nowMs, transaction.constants())
    const incident = {
      id,
      class: report.class,
      reach,
      scope: reach === 'scope' ? (report.scope ?? null) : null,
      cap,
      review: rule.review,
    }
    const effects: Effect[] = [{ kind: 'incident', agent: report.agent, incident }]
    const body = { incident, ...(report.detail === undefined ? {} : { detail: report.detail }) }
    const write = { caller, agent: report.agent, incidentId: id, kind: 'incident', nowMs, effects, body } as const
    return recordIncident(deps, write, transaction)
  })
}

/** Refuses an incident of something that is not there: a typing error must not look like an agent that was capped. */
function refuseUnknown({ agent, scope, class: of }: IncidentReport, policySet: PolicySet, trust: AgentTrust | undefined): void {
  const { catalogue } = policySet
  if (trust === undefined && !catalogue.agent(agent).known && !STOPPING_CLASSES.some((stopping) => stopping === of))
    throw unknownAgent(
      policySet,
      agent,
      'body',
      'list it under "agents" in the catalogue; a "kill_switch" stops also one that is not there',
    )
  if (scope !== undefined && !actsInScope(policySet, scope) && !Object.hasOwn(trust?.scopes ?? {}, scope))
    throw unknownScope(policySet, scope, 'body')
}

/** A person looked: the agent earns again from now on; a false positive gives back what it took. */
export async function reviewIncident(
  deps: VerbDeps,
  caller: Caller,
  incidentId: string,
  report: IncidentReviewReport,
): Promise<IncidentAnswer> {
  authorize(caller, 'review_incident')
  const nowMs = deps.nowMs()
  return deps.store.transact([agentKey(caller.tenant, report.agent), boundsKey(caller.tenant, report.agent)], (transaction) => {
    const agent = transaction.document(agentKey(caller.tenant, report.agent)) ?? newAgentTrust()
    const incidents = [...agent.incidents, ...Object.values(agent.scopes).flatMap((scope) => scope.incidents)]
    if (!incidents.some(({ id }) => id === incidentId))
      throw new ServiceError('not_found', `agent "${report.agent}" has no incident "${incidentId}"`, {
        fix: 'see "incident.open" in the trust view of the agent',
      })
    const effects: Effect[] = [
      { kind: 'review', agent: report.agent, incident_id: incidentId, false_positive: report.false_positive },
    ]
    const body = {
      incident_id: incidentId,
      false_positive: report.false_positive,
      ...(report.note === undefined ? {} : { note: report.note }),
    }
    return recordIncident(deps, { caller, agent: report.agent, incidentId, kind: 'review', nowMs, effects, body }, transaction)
  })
}

type IncidentWrite = {
  readonly caller: Caller
  readonly agent: string
  readonly incidentId: string
  readonly kind: 'incident' | 'review'
  readonly nowMs: number
  readonly effects: readonly Effect[]
  readonly body: Readonly<Record<string, unknown>>
}

function recordIncident(deps: VerbDeps, write: IncidentWrite, transaction: Transaction): IncidentAnswer {
  const { caller, agent, nowMs } = write
  const { changes, named, effects } = consequencesOf(write.effects, nowMs, caller.tenant, sandbox(transaction))
  const { leafIndex } = transaction.append({
    record: recordOf({
      kind: write.kind,
      id: deps.newId(),
      caller,
      atMs: nowMs,
      agent,
      body: { ...write.body, ...named },
      effects,
    }),
  })
  observeChanges(deps, changes)
  return {
    incident_id: write.incidentId,
    agent,
    known: deps.policySet().catalogue.agent(agent).known,
    leaf_index: leafIndex,
    state_version: transaction.stateVersion(),
    changes: [...changes],
    scopes: scopesOf(
      transaction.document(agentKey(caller.tenant, agent)) ?? newAgentTrust(),
      { tenant: caller.tenant, id: agent },
      nowMs,
      transaction,
    ),
  }
}
