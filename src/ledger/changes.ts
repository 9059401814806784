import type { Observer } from '../model/observation.ts'
import type { AgentChange, TrustChange } from '../trust/trust-change.ts'
import type { Effect } from './effect.ts'
import { project, type ProjectionState } from './fold/fold.ts'
import { pauseEffects } from './pausing.ts'

/**
 * What effects do to levels and incidents. `named` is the part of a record's body that says so; empty when nothing changed. `effects` are
 * those that were given, and the pauses that follow from them: they are what is recorded.
 */
export type TrustConsequences = {
  readonly changes: readonly TrustChange[]
  readonly named: { readonly changes?: readonly AgentChange[] }
  readonly effects: readonly Effect[]
}

/**
 * Applies effects in order and says what happened, and to whom: a failure is also charged to those the agent acted for. What waited in a
 * scope in which an agent fell is paused in the same write.
 */
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
  const changed = named.map(({ agent, change }): AgentChange => ({ agent, ...change }))
  const pauses = pauseEffects(effects, changed, { tenant, nowMs }, state)
  project(pauses, nowMs, tenant, state)
  return {
    changes: named.map(({ change }) => change),
    named: changed.length === 0 ? {} : { changes: changed },
    effects: [...effects, ...pauses],
  }
}

/** Tells the metrics of demotions. */
export function observeChanges({ observe }: { readonly observe: Observer }, changes: readonly TrustChange[]): void {
  for (const change of changes) if (change.kind === 'demoted') observe({ kind: 'demotion', from: change.from, to: change.to })
}
