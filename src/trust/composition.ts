import { requireFinite } from '../format/error.ts'
import { lowerLevel } from '../model/level.ts'
import type { TrustConstants } from './constants.ts'
import { startedOver } from './demotion.ts'
import { restarted } from './ladder.ts'
import { valuedAt } from './layer/layer.ts'
import { sharesKept } from './raters.ts'
import { type AgentTrust, type Composition, type LayerState, mapScopes } from './stored-trust.ts'
import type { TrustWrite } from './trust-change.ts'

/** How much a change of composition takes: the model (major), or the prompt or tool catalogue (minor). */
export type CompositionKind = 'major' | 'minor'

/** What changed between two compositions; null for nothing. Absent equals absent; the first one ever seen is no change; none claimed is no change. */
export function compositionKind(old: Composition | null, next: Composition | null): CompositionKind | null {
  if (old === null || next === null) return null
  if (old.model !== next.model) return 'major'
  return old.prompt === next.prompt && old.tool_catalogue === next.tool_catalogue ? null : 'minor'
}

/** What an agent is made of from now on (null: nobody knows), how much that takes, and when. */
export type CompositionChange = {
  readonly composition: Composition | null
  readonly kind: CompositionKind
  readonly nowMs: number
}

/**
 * The agent is made of something else now: what the old composition proved counts for less, failures stay whole, every run starts over
 * and has to be paid for. Identity changes once, with the agent.
 */
export function changeComposition(agent: AgentTrust, change: CompositionChange, constants: TrustConstants): TrustWrite {
  const { composition, kind, nowMs } = change
  requireFinite({ nowMs })
  const levelMax = kind === 'major' ? constants.composition_major_level_max : 4
  const lowered = Object.entries(agent.scopes).filter(([, { ladder }]) => lowerLevel(ladder.level, levelMax) < ladder.level)
  const renewed = { ...agent, composition, identity: keptOver(agent.identity, kind, nowMs, constants) }
  const changed = mapScopes(renewed, (scope) => {
    const outcome = keptOver(scope.layers.outcome, kind, nowMs, constants)
    const { r } = valuedAt(scope.layers.outcome, nowMs, constants)
    const kept = r > 0 ? outcome.r / r : 1
    const restart = startedOver(scope, restarted(scope.ladder, levelMax, nowMs))
    return {
      ...restart,
      raters: sharesKept(restart.raters, kept),
      ...(restart.reads === undefined ? {} : { reads: { ...restart.reads, r: restart.reads.r * kept } }),
      undo: [],
      layers: {
        behaviour: keptOver(scope.layers.behaviour, kind, nowMs, constants),
        context: keptOver(scope.layers.context, kind, nowMs, constants),
        outcome,
      },
    }
  })
  return { agent: changed, changes: [{ kind: 'composition_changed', change: kind, scopes_lowered: lowered.map(([key]) => key) }] }
}

/** What a trusted enforcement point says the agent is made of: remembered, and applied if it is a change. Parts that it leaves out are as stored. */
export function observeComposition(
  agent: AgentTrust,
  composition: Composition,
  nowMs: number,
  constants: TrustConstants,
): TrustWrite {
  const whole = { ...agent.composition, ...composition }
  const kind = compositionKind(agent.composition, whole)
  if (kind !== null) return changeComposition(agent, { composition: whole, kind, nowMs }, constants)
  return { agent: agent.composition === null ? { ...agent, composition } : agent, changes: [] }
}

/** The agent as it would be if a claim about its composition were true: for reading only, and never above what is stored. */
export function withClaimedComposition(
  agent: AgentTrust,
  claimed: Composition,
  nowMs: number,
  constants: TrustConstants,
): AgentTrust {
  const whole = { ...agent.composition, ...claimed }
  const kind = compositionKind(agent.composition, whole)
  return kind === null ? agent : changeComposition(agent, { composition: whole, kind, nowMs }, constants).agent
}

function keptOver(layer: LayerState, kind: CompositionKind, nowMs: number, constants: TrustConstants): LayerState {
  if (layer.r === 0 && layer.s === 0) return layer
  const { r, s } = valuedAt(layer, nowMs, constants)
  const kept = r * constants.composition_keep[kind]
  const unitsMax = kind === 'major' ? constants.composition_major_units_max : Infinity
  return { ...layer, r: Math.min(kept, unitsMax), s, tMs: Math.max(layer.tMs, nowMs) }
}
