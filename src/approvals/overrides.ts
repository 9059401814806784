import { hasActor } from '../access/actor-name.ts'
import { authorize, hasRoleFor, namedPerson } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { type LimitName, overLimit } from '../format/limit.ts'
import { MINUTE_MS } from '../format/time.ts'
import { APPROVERS_MAX, type Override } from '../ledger/documents/approval.ts'
import type { Effect } from '../ledger/effect.ts'
import { openOverrides } from '../ledger/fold/tenant.ts'
import { agentKey, tenantKey } from '../ledger/keys.ts'
import type { Transaction, View } from '../ledger/store.ts'
import { formatScope } from '../model/scope.ts'
import { actsInScope, didYouMean, unknownScope } from '../policy/known-names.ts'
import { type VerbDeps, recordOperatorAction } from '../policy/operator-verbs.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { refuseSteppedClock } from '../policy/stepped-clock.ts'
import { scopeView } from '../trust/trust-view.ts'
import { confirmed, HIGH_RISK_PEOPLE, INCIDENT_PEOPLE, OVERRIDE_MS_MAX, OVERRIDES_MAX } from './rules/override-rules.ts'
import { mayApprove } from './rules/who-may-approve.ts'
import type { OverrideAnswer, OverrideReport, OverridesAnswer } from './wire.ts'

/** A person takes over: trust and context are left out for an agent's scope for a while, never above the base, and loudly. */
export async function openOverride(deps: VerbDeps, caller: Caller, report: OverrideReport): Promise<OverrideAnswer> {
  authorize(caller, 'override')
  const person = namedPerson(caller)
  refuseSteppedClock(deps, 'nothing that ends by itself is granted')
  refuseScope(caller, report.scope)
  refuseUnreached(report, deps.policySet())
  const id = deps.newId()
  const keys = [tenantKey(caller.tenant), agentKey(caller.tenant, report.agent)]
  return deps.store.transact(keys, (transaction) => {
    const atMs = deps.nowMs()
    if (openOverrides(transaction.document(tenantKey(caller.tenant))?.overrides ?? [], atMs).length >= OVERRIDES_MAX)
      throw new ServiceError('conflict', full('approvals.overrides_max', OVERRIDES_MAX), {
        fix: 'end those that are no longer needed: GET /api/v1/overrides lists them',
      })
    const asked = {
      id,
      agent: report.agent,
      scope: report.scope,
      action: report.action ?? null,
      people: [],
      reason: report.reason,
      at_ms: atMs,
      until_ms: atMs + Math.min(Math.ceil(report.minutes * MINUTE_MS), OVERRIDE_MS_MAX),
    }
    const override = confirmed(asked, person, reviewable(caller, asked, transaction, atMs))
    return write(deps, caller, { verb: 'open_override', override, inForce: true, atMs }, transaction)
  })
}

/** Refuses what no request could ever meet: in an emergency a typing error must not look like success. */
function refuseUnreached({ agent, scope, action }: OverrideReport, policySet: PolicySet): void {
  const { catalogue } = policySet
  if (!catalogue.agent(agent).known)
    throw new ServiceError('bad_request', `there is no agent "${agent}" in the catalogue, and nobody takes over for a stranger`, {
      place: { pointer: '/agent' },
      fix: didYouMean(agent, catalogue.agents, 'add the agent to the catalogue'),
    })
  if (!actsInScope(policySet, scope)) throw unknownScope(policySet, scope, 'body')
  if (action === undefined) return
  // Without a catalogue nothing tells a name from a typing error.
  if (catalogue.tools.length > 0 && !catalogue.tools.includes(action))
    throw new ServiceError('bad_request', `there is no action "${action}" in the catalogue`, {
      place: { pointer: '/action' },
      fix: didYouMean(action, catalogue.tools, 'leave "action" out to reach all actions of the scope'),
    })
  const its = catalogue.classify(action, { agentId: agent, supportedObligations: [], jurisdiction: null, nowMs: 0 })
  const itsScope = formatScope(its.scope, its.stake)
  if (itsScope !== scope)
    throw new ServiceError('bad_request', `the action "${action}" is not in the scope "${scope}"`, {
      place: { pointer: '/action' },
      fix: `its scope is "${itsScope}"`,
    })
}

/** A second person stands behind an override, so that it reaches actions of high risk, and agents under an incident. */
export async function confirmOverride(deps: VerbDeps, caller: Caller, id: string): Promise<OverrideAnswer> {
  authorize(caller, 'override')
  const person = namedPerson(caller)
  const tenant = tenantKey(caller.tenant)
  const { agent } = await deps.store.read([tenant], (view) => overrideInForce(view, caller, id, deps.nowMs()))
  return deps.store.transact([tenant, agentKey(caller.tenant, agent)], (transaction) => {
    const atMs = deps.nowMs()
    const override = overrideInForce(transaction, caller, id, atMs)
    refuseScope(caller, override.scope)
    if (hasActor(override.people, person))
      throw new ServiceError('conflict', `"${person}" is behind this override already; a second person has to be another one`)
    if (override.people.length >= APPROVERS_MAX)
      throw new ServiceError('conflict', full('approvals.override_people_max', APPROVERS_MAX), {
        fix: 'nobody else is needed',
      })
    const after = confirmed(override, person, reviewable(caller, override, transaction, atMs))
    return write(deps, caller, { verb: 'confirm_override', override: after, inForce: true, atMs }, transaction)
  })
}

/** Why one more is too many. */
function full(limit: LimitName, max: number): string {
  return overLimit('with this one there would be', limit, { max, came: max + 1 })
}

/** The incidents of the agent in the scope that wait for a review which this caller may do. */
function reviewable(
  caller: Caller,
  { agent, scope }: Pick<Override, 'agent' | 'scope'>,
  view: Pick<View, 'document' | 'constants'>,
  nowMs: number,
): readonly string[] {
  const trust = view.document(agentKey(caller.tenant, agent))
  if (trust === undefined || !hasRoleFor(caller, 'review_incident')) return []
  return scopeView(trust, scope, { nowMs }, view.constants()).incident.open
}

/** Ends an override before its time; anybody who may take over may hand back. */
export async function endOverride(deps: VerbDeps, caller: Caller, id: string): Promise<OverrideAnswer> {
  authorize(caller, 'end_override')
  return deps.store.transact([tenantKey(caller.tenant)], (transaction) => {
    const atMs = deps.nowMs()
    const override = overrideInForce(transaction, caller, id, atMs)
    return write(deps, caller, { verb: 'end_override', override, inForce: false, atMs }, transaction)
  })
}

/** The overrides in force in the caller's tenant. */
export async function overrides(deps: VerbDeps, caller: Caller): Promise<OverridesAnswer> {
  authorize(caller, 'read_approvals')
  const nowMs = deps.nowMs()
  const open = await deps.store.read(
    [tenantKey(caller.tenant)],
    (view) => view.document(tenantKey(caller.tenant))?.overrides ?? [],
  )
  return { overrides: openOverrides(open, nowMs).map((override) => shown(override, true)) }
}

type Write = { readonly verb: string; readonly override: Override; readonly inForce: boolean; readonly atMs: number }

function write(
  deps: VerbDeps,
  caller: Caller,
  { verb, override, inForce, atMs }: Write,
  transaction: Transaction,
): OverrideAnswer {
  const effect: Effect = inForce ? { kind: 'override', override } : { kind: 'override_ended', id: override.id }
  const { agent, action } = override
  const written = recordOperatorAction(
    deps,
    { caller, atMs, agent, action, body: { verb, override }, effects: [effect] },
    transaction,
  )
  deps.observe({ kind: 'override', verb })
  return { ...shown(override, inForce), ...written }
}

function shown({ at_ms, until_ms, ...override }: Override, inForce: boolean) {
  return {
    override: { ...override, at: new Date(at_ms).toISOString(), until: new Date(until_ms).toISOString() },
    in_force: inForce,
    reaches_high_risk: override.people.length >= HIGH_RISK_PEOPLE,
    lifts_incidents: override.people.length >= INCIDENT_PEOPLE,
  }
}

function overrideInForce(view: Pick<View, 'document'>, { tenant }: Caller, id: string, nowMs: number): Override {
  const found = view.document(tenantKey(tenant))?.overrides.find((each) => each.id === id)
  if (found === undefined || nowMs >= found.until_ms)
    throw new ServiceError('not_found', `there is no override "${id}" in force`, { fix: 'see GET /api/v1/overrides' })
  return found
}

function refuseScope(caller: Caller, scope: string): void {
  if (!mayApprove(caller, scope))
    throw new ServiceError('forbidden', `this credential does not decide for the scope "${scope}"`, {
      place: { pointer: '/scope' },
      fix: 'add the scope to "approver_scopes" of the credential',
    })
}
