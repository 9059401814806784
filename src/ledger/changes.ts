import type { Observer } from '../model/observation.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import type { Effect } from './effect.ts'
import { project, type ProjectionState } from './fold/fold.ts'

/** A change with the agent it happened to. */
export type AgentChange = TrustChange & { readonly agent: string }

/** What effects do to levels and incidents. `named` is the part of a record's body that says so; empty when nothing changed. */
export type TrustConsequences = {
  readonly changes: readonly TrustChange[]
  readonly named: { readonly changes?: readonly AgentChange[] }
}

/** Applies effects in order and says what happened, and to whom: a failure is also charged to those the agent acted for. */
export function consequencesOf(
  effects: readonly Effect[],
  nowMs: number,
  tenant: string,
  state: ProjectionState,
): TrustConsequences {
  const named = effects.flatMap((effect) => {
    const changes = project([effect], nowMs, tenant, state)
    return 'agent' in effect ? changes.map((change) => ({ agent: effect.agent, change })) : []
  })
  return {
    changes: named.map(({ change }) => change),
    named: named.length === 0 ? {} : { changes: named.map(({ agent, change }) => ({ agent, ...change })) },
  }
}

/** Tells the metrics of demotions. */
export function observeChanges({ observe }: { readonly observe: Observer }, changes: readonly TrustChange[]): void {
  for (const change of changes) if (change.kind === 'demoted') observe({ kind: 'demotion', from: change.from, to: change.to })
}
