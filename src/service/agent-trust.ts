import { actorOf, authorize } from './authority.ts'
import { ceilingsFor } from './bounds.ts'
import { boundsKey } from './bounds-projection.ts'
import { holdViews } from './hold-views.ts'
import type { View } from './ports.ts'
import { agentKey, tenantKey, type SteeringDeps } from './steering.ts'
import type { Caller } from '../model/caller.ts'
import { ServiceError } from '../model/error.ts'
import type { AgentTrust, TrustView } from '../model/trust-state.ts'
import type { AgentTrustAnswer } from '../model/wire.ts'
import type { ScopeTrustAnswer } from '../model/wire-trust.ts'
import { newAgentTrust } from '../trust/state.ts'
import { scopeTrust } from '../trust/scope-trust.ts'
import { scopeView } from '../trust/view.ts'

/** Trust of an agent in every scope in which anything happened, by name. */
export function scopesOf(agent: AgentTrust, { tenant, id }: Named, nowMs: number, view: View): TrustView[] {
  const constants = view.constants()
  return Object.keys(agent.scopes)
    .sort()
    .map((scope) => {
      const ceilings = ceilingsFor(view, { tenant, agent: id, scope, nowMs }, constants)
      return scopeView(agent, scope, { nowMs, ceilings }, constants)
    })
}

type Named = { readonly tenant: string; readonly id: string }

/** The same with the way up: every gate of the next rung. */
function scopeAnswers(agent: AgentTrust, { tenant, id }: Named, nowMs: number, view: View): ScopeTrustAnswer[] {
  const constants = view.constants()
  return Object.keys(agent.scopes)
    .sort()
    .map((scope) => {
      const ceilings = ceilingsFor(view, { tenant, agent: id, scope, nowMs }, constants)
      return scopeTrust(agent, scope, { nowMs, ceilings }, constants)
    })
}

/** Refuses an agent's own credential the trust of another agent. */
export function refuseOthersTrust(caller: Caller, agent: string): void {
  if (caller.agent !== undefined && caller.agent !== agent)
    throw new ServiceError('forbidden', `the credential "${actorOf(caller)}" belongs to the agent "${caller.agent}"`, {
      fix: 'an agent may read its own trust only',
    })
}

/** Trust of one agent in every scope in which anything happened, and what of it is contained. */
export async function agentTrust(deps: SteeringDeps, caller: Caller, agent: string): Promise<AgentTrustAnswer> {
  authorize(caller, 'read_trust')
  refuseOthersTrust(caller, agent)
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const known = deps.policySet().catalogue.agent(agent)
  return deps.store.read([agentKey(tenant, agent), tenantKey(tenant), boundsKey(tenant, agent)], (view) => {
    const stored = view.document(agentKey(tenant, agent))
    if (stored === undefined && !known.known)
      throw new ServiceError('not_found', `there is no agent "${agent}"`, { fix: 'see "agents" in the catalogue' })
    const containments = view.document(tenantKey(tenant))?.containments ?? []
    return {
      agent,
      known: known.known,
      class: known.class,
      tier: known.tier,
      at: new Date(nowMs).toISOString(),
      state_version: view.stateVersion(),
      holds: holdViews(view.document(boundsKey(tenant, agent))),
      scopes: scopeAnswers(stored ?? newAgentTrust(), { tenant, id: agent }, nowMs, view),
      containments: containments
        .filter(
          ({ target }) =>
            target.kind === 'tenant' || !('agent' in target) || target.agent === undefined || target.agent === agent,
        )
        .map(({ id, target, by, reason }) => ({ id, target, by, reason })),
    }
  })
}
