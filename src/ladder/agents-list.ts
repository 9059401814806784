import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { giveWay } from '../access/give-way.ts'
import { byCodeUnit } from '../format/order.ts'
import { concernsAgents } from '../ledger/containment-reach.ts'
import { agentKey, boundsKey, tenantKey } from '../ledger/keys.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { newAgentTrust } from '../trust/stored-trust.ts'
import { scopesOf } from './trust-answer.ts'
import type { AgentsAnswer } from './wire.ts'

/** Most agents of one page. */
export const PAGE_AGENTS_MAX = 1_000

/** Agents that are looked at before others are served. */
const STEP_AGENTS = 16

/** Which agents: those after a name, and how many at most. */
export type AgentsPage = { readonly after?: string | undefined; readonly limit: number }

/** The agents of the caller's tenant: those of the catalogue, and those that did anything, by name. An agent's own credential sees itself only. */
export async function agents(deps: VerbDeps, caller: Caller, { after, limit }: AgentsPage): Promise<AgentsAnswer> {
  authorize(caller, 'read_trust')
  const { catalogue } = deps.policySet()
  const names = [...new Set([...catalogue.agents, ...(await deps.store.list('agent', caller.tenant))])]
    .filter((name) => caller.agent === undefined || caller.agent === name)
    .sort(byCodeUnit)
  const rest = after === undefined ? names : names.filter((name) => byCodeUnit(name, after) > 0)
  const page = rest.slice(0, limit)
  const views = []
  for (const [at, name] of page.entries()) {
    if (at % STEP_AGENTS === STEP_AGENTS - 1) await giveWay()
    views.push(await agentLine(deps, caller.tenant, name))
  }
  return { agents: views, total: names.length, next: rest.length > page.length ? (page.at(-1) ?? null) : null }
}

async function agentLine(deps: VerbDeps, tenant: string, agent: string): Promise<AgentsAnswer['agents'][number]> {
  const { known, class: kind, tier } = deps.policySet().catalogue.agent(agent)
  const keys = [agentKey(tenant, agent), tenantKey(tenant), boundsKey(tenant, agent)] as const
  return deps.store.read(keys, (view) => {
    const trust = view.document(agentKey(tenant, agent)) ?? newAgentTrust()
    const containments = view.document(tenantKey(tenant))?.containments ?? []
    return {
      agent,
      known,
      class: kind,
      tier,
      scopes: scopesOf(trust, { tenant, id: agent }, deps.nowMs(), view).map(
        ({ scope, score, level_granted, level_effective }) => ({
          scope,
          score,
          level_granted,
          level_effective,
        }),
      ),
      containments: containments.filter(({ target }) => concernsAgents(target, [agent])).length,
    }
  })
}
