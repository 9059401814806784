import { systemCaller } from '../access/caller.ts'
import { ServiceError } from '../format/error.ts'
import type { Effect } from '../ledger/effect.ts'
import { activityKey, agentKey, boundsKey, OWNERS_KEY } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { Store, View } from '../ledger/store.ts'
import type { ContainmentEntry } from '../pdp/decision-inputs.ts'
import { heldBackUntil } from '../trust/bounds.ts'
import { newAgentTrust } from '../trust/stored-trust.ts'
import type { RequestContext } from './request-context.ts'

/** What holding a new agent back needs. */
export type NewAgentHoldDeps = { readonly store: Store; readonly nowMs: () => number; readonly newId: () => string }

/**
 * The owner of a proven agent of the catalogue that never acted before; null for any other. Only its own activity tells that it did: reports,
 * imports and signals may be about an agent that is still to come.
 */
export function newAgentOwner({ parties, agent, tenant }: RequestContext, view: View): string | null {
  if (parties.agent === null || parties.agent_claimed || !agent.known) return null
  const { id } = parties.agent
  if (view.document(activityKey(tenant, id)) !== undefined) return null
  const owner = ownerOf(id, view)
  const timed = view.document(boundsKey(tenant, id))?.timed ?? []
  return owner === null || timed.some(({ source }) => source === sourceOf(owner)) ? null : owner
}

function ownerOf(agent: string, view: View): string | null {
  const owners = view.document(OWNERS_KEY) ?? {}
  return Object.hasOwn(owners, agent) ? (owners[agent] ?? null) : null
}

function sourceOf(owner: string): string {
  return `owner:${owner}`
}

/** Whether a new agent was held back. Where that cannot be recorded, neither can the decision, which is lowered for it. */
export async function holdNewAgent(deps: NewAgentHoldDeps, agent: NewAgent): Promise<boolean> {
  try {
    return await recordHold(deps, agent)
  } catch (error) {
    if (error instanceof ServiceError) return false
    throw error
  }
}

/** An agent that is about to make its first decision, and its owner. */
type NewAgent = { readonly tenant: string; readonly agent: string; readonly owner: string }

/**
 * Holds a new agent back if another agent of its owner fell lately: a new name is no new beginning. It is written before the agent's first
 * decision, which is then taken under it. Agents count as their owner's also after the catalogue lost them. True: something was written.
 */
async function recordHold({ store, nowMs, newId }: NewAgentHoldDeps, { tenant, agent, owner }: NewAgent): Promise<boolean> {
  const keys = await store.read([OWNERS_KEY], (view) => othersOf({ tenant, agent, owner }, view))
  if (await store.read(keys, (view) => fallenIn(keys, view, nowMs()).length === 0)) return false
  return store.transact([boundsKey(tenant, agent), ...keys], (transaction) => {
    const atMs = nowMs()
    const constants = transaction.constants()
    const fallen = fallenIn(keys, transaction, atMs)
    if (fallen.length === 0) return false
    const until_ms = Math.round(Math.max(...fallen.map(({ until }) => until)))
    const value = constants.bound_ceilings.whitewash
    const effect: Effect = { kind: 'timed_ceiling', agent, source: sourceOf(owner), value, until_ms }
    const body = { verb: 'hold_newcomer_back', owner, fallen: fallen.map(({ id }) => id) }
    const caller = systemCaller(tenant)
    transaction.append({ record: recordOf({ kind: 'budget', id: newId(), caller, atMs, agent, body, effects: [effect] }) })
    return true
  })
}

type AgentKeys = readonly ReturnType<typeof agentKey>[]

/** The other agents of an owner. */
function othersOf({ tenant, agent, owner }: NewAgent, view: View): AgentKeys {
  const others = Object.entries(view.document(OWNERS_KEY) ?? {}).filter(([id, of]) => of === owner && id !== agent)
  return others
    .map(([id]) => id)
    .sort()
    .map((id) => agentKey(tenant, id))
}

/** Those that fell lately, and how long that holds a new one back. */
function fallenIn(keys: AgentKeys, view: View, atMs: number): readonly { readonly id: string; readonly until: number }[] {
  return keys.flatMap((key) => {
    const until = heldBackUntil(view.document(key) ?? newAgentTrust(), atMs, view.constants())
    return until === null ? [] : [{ id: key.id, until }]
  })
}

/**
 * What holds a stranger that names an agent which would be held back if it asked: nothing is written for a stranger, so it is denied this once.
 * Nothing for whom somebody vouches.
 */
export function newAgentContainments(context: RequestContext, view: View): readonly ContainmentEntry[] {
  const { tenant, agent, caller, atMs } = context
  const owner = caller.credential === null ? newAgentOwner(context, view) : null
  if (owner === null || fallenIn(othersOf({ tenant, agent: agent.id, owner }, view), view, atMs).length === 0) return []
  return [{ kind: 'agent', by: 'incident', reason: 'it is new and another agent of its owner fell; ask with a credential' }]
}
