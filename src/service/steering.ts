import { actorOf, authorize, refuseSelf } from './authority.ts'
import type { EvidenceDeps } from './evidence.ts'
import type { PolicySet } from './policy-set.ts'
import { project } from './projection.ts'
import type { View } from './ports.ts'
import { recordOf } from './records.ts'
import { sandbox } from './sandbox.ts'
import type { Caller } from '../model/caller.ts'
import type { Effect } from '../model/effect.ts'
import { ServiceError } from '../model/error.ts'
import { LEVELS, type ScopeKey } from '../model/scope.ts'
import type { AgentTrust, TrustView } from '../model/trust-state.ts'
import type {
  AgentTrustAnswer,
  ContainmentAnswer,
  ContainmentReport,
  IncidentAnswer,
  IncidentReport,
  IncidentReviewReport,
  PromotionAnswer,
  PromotionReport,
} from '../model/wire.ts'
import { promotionGates } from '../trust/promotion.ts'
import { newAgentTrust } from '../trust/state.ts'
import { scopeView } from '../trust/view.ts'

/** What operators' verbs need from outside. */
export type SteeringDeps = EvidenceDeps & { readonly policySet: () => PolicySet }

const agentKey = (tenant: string, id: string) => ({ kind: 'agent', tenant, id }) as const

function scopesOf(agent: AgentTrust, nowMs: number, view: View): TrustView[] {
  return Object.keys(agent.scopes)
    .sort()
    .map((scope) => scopeView(agent, scope, { nowMs }, view.constants()))
}

/** Trust of one agent in every scope in which anything happened, and what of it is contained. */
export async function agentTrust(deps: SteeringDeps, caller: Caller, agent: string): Promise<AgentTrustAnswer> {
  authorize(caller, 'read_trust')
  if (caller.agent !== undefined && caller.agent !== agent)
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" belongs to the agent "${caller.agent}"`, {
      fix: 'an agent may read its own trust only',
    })
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const known = deps.policySet().catalogue.agent(agent)
  return deps.store.read([agentKey(tenant, agent), { kind: 'tenant', tenant, id: '' }], (view) => {
    const stored = view.document(agentKey(tenant, agent))
    if (stored === undefined && !known.known)
      throw new ServiceError('not_found', `there is no agent "${agent}"`, { fix: 'see "agents" in the catalogue' })
    const containments = view.document({ kind: 'tenant', tenant, id: '' })?.containments ?? []
    return {
      agent,
      known: known.known,
      class: known.class,
      tier: known.tier,
      at: new Date(nowMs).toISOString(),
      state_version: view.stateVersion(),
      scopes: scopesOf(stored ?? newAgentTrust(), nowMs, view),
      containments: containments
        .filter(
          ({ target }) =>
            target.kind === 'tenant' || !('agent' in target) || target.agent === undefined || target.agent === agent,
        )
        .map(({ id, target, by, reason }) => ({ id, target, by, reason })),
    }
  })
}

/** An operator's word that something went wrong: a cap at once, by the class of incident. */
export async function raiseIncident(deps: SteeringDeps, caller: Caller, report: IncidentReport): Promise<IncidentAnswer> {
  authorize(caller, 'raise_incident')
  refuseSelf(caller, [report.agent])
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const id = deps.newId()
  return deps.store.transact([agentKey(tenant, report.agent)], (transaction) => {
    const rule = transaction.constants().incident_rules[report.class]
    const reach = report.reach ?? rule.reach
    if (reach === 'scope' && report.scope === undefined)
      throw new ServiceError('bad_request', `an incident of class "${report.class}" reaches one scope, so it needs one`, {
        place: { pointer: '/scope' },
        fix: 'add "scope", such as "communication:full"',
      })
    const cap = Math.min(report.cap ?? 1, rule.cap ?? capUnderBand(transaction, tenant, report, nowMs))
    const incident = {
      id,
      class: report.class,
      reach,
      scope: reach === 'scope' ? (report.scope ?? null) : null,
      cap,
      review: rule.review,
    }
    const effects: Effect[] = [{ kind: 'incident', agent: report.agent, incident }]
    return recordIncident(
      deps,
      {
        caller,
        agent: report.agent,
        incidentId: id,
        kind: 'incident',
        nowMs,
        effects,
        body: { incident, ...(report.detail === undefined ? {} : { detail: report.detail }) },
      },
      transaction,
    )
  })
}

/** The cap of a class that has none of its own: just under the band of the scope as it stands. */
function capUnderBand(view: View, tenant: string, { agent, scope }: IncidentReport, nowMs: number): number {
  const constants = view.constants()
  const trust = view.document(agentKey(tenant, agent)) ?? newAgentTrust()
  const bands = [...(scope === undefined ? Object.keys(trust.scopes) : [scope])].map(
    (each) => scopeView(trust, each, { nowMs }, constants).band,
  )
  return constants.major_caps[bands.sort()[0] ?? 0]
}

/** A person looked: the agent earns again from now on; a false positive gives back what it took. */
export async function reviewIncident(
  deps: SteeringDeps,
  caller: Caller,
  incidentId: string,
  report: IncidentReviewReport,
): Promise<IncidentAnswer> {
  authorize(caller, 'review_incident')
  refuseSelf(caller, [report.agent])
  const nowMs = deps.nowMs()
  return deps.store.transact([agentKey(caller.tenant, report.agent)], (transaction) => {
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

function recordIncident(
  deps: SteeringDeps,
  write: IncidentWrite,
  transaction: Parameters<Parameters<SteeringDeps['store']['transact']>[1]>[0],
): IncidentAnswer {
  const { caller, agent, effects, nowMs } = write
  const changes = project(effects, nowMs, caller.tenant, sandbox(transaction))
  const { leafIndex } = transaction.append({
    record: recordOf({ kind: write.kind, id: deps.newId(), caller, atMs: nowMs, agent, body: write.body, effects }),
  })
  for (const change of changes)
    if (change.kind === 'demoted') deps.observe({ kind: 'demotion', from: change.from, to: change.to })
  return {
    incident_id: write.incidentId,
    agent,
    leaf_index: leafIndex,
    state_version: transaction.stateVersion(),
    changes: [...changes],
    scopes: scopesOf(transaction.document(agentKey(caller.tenant, agent)) ?? newAgentTrust(), nowMs, transaction),
  }
}

/** One rung up, if every gate is passed; "why not yet" is every gate with what there is and what is needed. */
export async function promote(
  deps: SteeringDeps,
  caller: Caller,
  agent: string,
  scope: ScopeKey,
  report: PromotionReport,
): Promise<PromotionAnswer> {
  authorize(caller, 'promote')
  refuseSelf(caller, [agent])
  return evaluatePromotion(deps, caller, agent, scope, {
    human: caller.person !== undefined,
    ...(report.note === undefined ? {} : { note: report.note }),
  })
}

/** The evaluation of a promotion, by a person or by the timer. A refusal changes nothing and is not recorded. */
export async function evaluatePromotion(
  deps: SteeringDeps,
  caller: Caller,
  agent: string,
  scope: ScopeKey,
  by: { readonly human: boolean; readonly note?: string },
): Promise<PromotionAnswer> {
  if (!deps.clockSteady())
    throw new ServiceError('not_ready', 'the clock stepped: nothing is promoted until it is steady', {
      fix: 'check time synchronisation',
    })
  const { tenant } = caller
  const nowMs = deps.nowMs()
  return deps.store.transact([agentKey(tenant, agent)], (transaction) => {
    const constants = transaction.constants()
    const stored = transaction.document(agentKey(tenant, agent))
    if (stored === undefined && !deps.policySet().catalogue.agent(agent).known)
      throw new ServiceError('not_found', `there is no agent "${agent}"`)
    const before = stored ?? newAgentTrust()
    const gates = promotionGates(before, scope, { nowMs, human: by.human }, constants)
    const from = before.scopes[scope]?.ladder.level ?? 0
    const to = LEVELS[from + 1]
    const granted = to !== undefined && gates.every((gate) => gate.passed)
    const common = { agent, scope, gates: [...gates], level_before: from }
    if (!granted)
      return { ...common, promoted: false, level_after: from, leaf_index: null, state_version: transaction.stateVersion() }
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'promotion',
        id: deps.newId(),
        caller,
        atMs: nowMs,
        agent,
        body: { scope, from, to, gates, human: by.human, ...(by.note === undefined ? {} : { note: by.note }) },
        effects: [{ kind: 'promote', agent, scope, level: to, human: by.human }],
      }),
    })
    return { ...common, promoted: true, level_after: to, leaf_index: leafIndex, state_version: transaction.stateVersion() }
  })
}

/** Takes an action, scope, agent or the whole tenant out of service at once. */
export async function contain(deps: SteeringDeps, caller: Caller, report: ContainmentReport): Promise<ContainmentAnswer> {
  authorize(caller, 'contain')
  refuseOwnContainment(caller)
  const id = deps.newId()
  const atMs = deps.nowMs()
  const containment = { id, target: report.target, by: 'person' as const, reason: report.reason, at_ms: atMs }
  return deps.store.transact([{ kind: 'tenant', tenant: caller.tenant, id: '' }], (transaction) => {
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'operator',
        id: deps.newId(),
        caller,
        atMs,
        agent: agentIn(report),
        body: { verb: 'contain', containment },
        effects: [{ kind: 'contain', containment }],
      }),
    })
    return { id, target: report.target, in_force: true, leaf_index: leafIndex, state_version: transaction.stateVersion() }
  })
}

/** What is contained may always be the agent itself, or all agents: no agent's credential decides it, in either direction. */
function refuseOwnContainment(caller: Caller): void {
  refuseSelf(caller, caller.agent === undefined ? [] : [caller.agent])
}

function agentIn({ target }: ContainmentReport): string | null {
  return 'agent' in target ? (target.agent ?? null) : null
}

/** Puts a containment out of force. */
export async function lift(deps: SteeringDeps, caller: Caller, containmentId: string): Promise<ContainmentAnswer> {
  authorize(caller, 'contain')
  refuseOwnContainment(caller)
  const { tenant } = caller
  const atMs = deps.nowMs()
  return deps.store.transact([{ kind: 'tenant', tenant, id: '' }], (transaction) => {
    const containment = transaction
      .document({ kind: 'tenant', tenant, id: '' })
      ?.containments.find(({ id }) => id === containmentId)
    if (containment === undefined) throw new ServiceError('not_found', `there is no containment "${containmentId}"`)
    const { leafIndex } = transaction.append({
      record: recordOf({
        kind: 'operator',
        id: deps.newId(),
        caller,
        atMs,
        agent: agentIn(containment),
        body: { verb: 'lift', containment },
        effects: [{ kind: 'lift', id: containmentId }],
      }),
    })
    return {
      id: containmentId,
      target: containment.target,
      in_force: false,
      leaf_index: leafIndex,
      state_version: transaction.stateVersion(),
    }
  })
}
