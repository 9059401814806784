import { systemCaller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import { agentKey } from '../ledger/keys.ts'
import { LEVELS } from '../model/level.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { type AgentScope, evaluatePromotion } from './promote.ts'

/**
 * The timer's work: every scope of every agent of all tenants, one rung, where no person is needed. Returns how many were promoted; none
 * while the clock is not steady.
 */
export async function promoteDue(deps: VerbDeps): Promise<number> {
  if (!deps.clockSteady()) {
    deps.observe({ kind: 'degraded', cause: 'clock' })
    return 0
  }
  const levelMax = deps.policySet().settings.automatic_level_max
  let promoted = 0
  for (const tenant of await deps.store.tenants())
    for (const agent of await deps.store.list('agent', tenant))
      for (const scope of await scopesBelow(levelMax, deps, { tenant, agent }))
        if (await isPromoted(deps, tenant, { agent, scope })) promoted += 1
  return promoted
}

/** Scopes of an agent whose next rung is at most this level. */
async function scopesBelow(
  levelMax: number,
  { store }: Pick<VerbDeps, 'store'>,
  { tenant, agent }: { readonly tenant: string; readonly agent: string },
): Promise<readonly string[]> {
  const key = agentKey(tenant, agent)
  const scopes = await store.read([key], (view) => view.document(key)?.scopes ?? {})
  return Object.entries(scopes).flatMap(([scope, { ladder }]) => {
    const to = LEVELS[ladder.level + 1]
    return to === undefined || to > levelMax ? [] : [scope]
  })
}

/** Promotes where every gate is passed; a refusal is no promotion. */
async function isPromoted(deps: VerbDeps, tenant: string, agentScope: AgentScope): Promise<boolean> {
  try {
    const { promoted } = await evaluatePromotion(deps, systemCaller(tenant), agentScope, { human: false })
    return promoted
  } catch (error) {
    if (error instanceof ServiceError) return false
    throw error
  }
}
