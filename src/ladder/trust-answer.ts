import { shownName, authorize, isAgents } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { concernsAgents } from '../ledger/containment-reach.ts'
import { agentKey, boundsKey, tenantKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { ConsequenceTier } from '../model/consequence-tier.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { matricesOf } from '../policy/tenant-matrices.ts'
import { scopeTrust } from '../trust/scope-trust-answer.ts'
import { type AgentTrust, newAgentTrust } from '../trust/stored-trust.ts'
import { constantsOfTier } from '../trust/tier-constants.ts'
import { scopeView, type TrustView } from '../trust/trust-view.ts'
import { holdViews } from './hold-views.ts'
import { scoreConsequences, scoreMethod, type ScoreStanding } from './published-score.ts'
import { ceilingsFor } from './rules/score-ceilings.ts'
import type { AgentTrustAnswer } from './wire.ts'

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

/** How what follows from a score is told: the matrix of the agent's tier, and whether verifiers are named. */
type Told = Omit<ScoreStanding, 'level' | 'tier'> & { readonly tier: ConsequenceTier; readonly nowMs: number }

/** The same with the way up, every gate of the next rung, and with what follows from it. */
function scopeAnswers(agent: AgentTrust, { tenant, id }: Named, told: Told, view: View): AgentTrustAnswer['scopes'] {
  const constants = constantsOfTier(view.constants(), told.tier)
  const { nowMs } = told
  return Object.keys(agent.scopes)
    .sort()
    .map((scope) => {
      const ceilings = ceilingsFor(view, { tenant, agent: id, scope, nowMs }, constants)
      const answer = scopeTrust(agent, scope, { nowMs, ceilings }, constants)
      return { ...answer, follows: scoreConsequences(agent, scope, { ...told, level: answer.level_effective }) }
    })
}

/** Refuses an agent's own credential the trust of another agent. */
export function refuseOthersTrust(caller: Caller, agent: string): void {
  if (caller.agent !== undefined && caller.agent !== agent)
    throw new ServiceError('forbidden', `the credential "${shownName(caller)}" belongs to the agent "${caller.agent}"`, {
      fix: 'an agent may read its own trust only',
    })
}

/** Trust of one agent in every scope in which anything happened, and what of it is contained. */
export async function agentTrust(deps: VerbDeps, caller: Caller, agent: string): Promise<AgentTrustAnswer> {
  authorize(caller, 'read_trust')
  refuseOthersTrust(caller, agent)
  const { tenant } = caller
  const nowMs = deps.nowMs()
  const policySet = deps.policySet()
  const known = policySet.catalogue.agent(agent)
  const owners = policySet.catalogue.owners()
  const told = { tier: known.tier, matrices: matricesOf(policySet, tenant), names: !isAgents(caller), nowMs }
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
      owner: (Object.hasOwn(owners, agent) ? owners[agent] : undefined) ?? null,
      method: scoreMethod(view.constants(), policySet.digest),
      scopes: scopeAnswers(stored ?? newAgentTrust(), { tenant, id: agent }, told, view),
      containments: containments
        .filter(({ target }) => concernsAgents(target, [agent]))
        .map(({ id, target, by, reason }) => ({ id, target, by, reason })),
    }
  })
}
