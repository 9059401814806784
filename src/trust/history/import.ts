import { requireAmount, requireFinite } from '../../format/error.ts'
import type { Layer } from '../../model/layer.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { TrustConstants } from '../constants.ts'
import { settle } from '../demotion.ts'
import { valuedAt } from '../layer/layer.ts'
import { phiInverse } from '../score-scale.ts'
import { type AgentTrust, type LayerState, scopeOf, withScope } from '../stored-trust.ts'
import type { TrustWrite } from '../trust-change.ts'

/** Share of the evidence that just reaches the band of L3 that an import may come to, so that rounding never reaches it. */
const SHARE_MAX = 0.99

/** History from elsewhere in one layer: units already decayed to `atMs`. Identity is the agent's and ignores the scope. */
export type History = {
  readonly scope: ScopeKey
  readonly layer: Layer
  readonly good: number
  readonly bad: number
  readonly atMs: number
}

/**
 * Good evidence that a layer may hold after an import, units: with all that a scope can borrow on top it is still worth less than the
 * score at which L3 begins.
 */
export function importLimit(constants: TrustConstants): number {
  const { prior_units: prior, thresholds, composition_major_units_max: unitsMax, backoff_units_max: borrowed } = constants
  const reached = prior / phiInverse(thresholds[3], constants) - prior
  return Math.max(0, Math.min(unitsMax, SHARE_MAX * reached - borrowed))
}

/** Good units of an import that a layer takes: what there is room for below the limit. */
export function importedGood(
  layer: LayerState,
  { good, atMs }: Pick<History, 'good' | 'atMs'>,
  constants: TrustConstants,
): number {
  return Math.min(good, Math.max(0, importLimit(constants) - valuedAt(layer, atMs, constants).r))
}

/**
 * Adds history. It is no news, so it refreshes nothing, cools and heats nothing, lifts no incident, and moves neither k nor e: the score stays
 * 0 until something is verified here, and a level is reached by promotion alone. Bad history weighs whole, and takes levels whose ground
 * it takes away. Throws the error for bugs on numbers that are not finite.
 */
export function addHistory(agent: AgentTrust, history: History, nowMs: number, constants: TrustConstants): TrustWrite {
  requireFinite({ nowMs, atMs: history.atMs })
  requireAmount('good', history.good)
  requireAmount('bad', history.bad)
  const { scope: key, layer } = history
  if (layer === 'identity') {
    const after = { ...agent, identity: added(agent.identity, history, constants) }
    return settle({ before: agent, after, scope: null, nowMs }, constants)
  }
  const scope = scopeOf(agent, key)
  const layers = { ...scope.layers, [layer]: added(scope.layers[layer], history, constants) }
  return settle({ before: agent, after: withScope(agent, key, { ...scope, layers }), scope: key, nowMs }, constants)
}

/** The layer with history, valued at the later of its own time and that of the history. */
function added(layer: LayerState, history: History, constants: TrustConstants): LayerState {
  const tMs = Math.max(layer.tMs, history.atMs)
  const { r, s } = valuedAt(layer, tMs, constants)
  const good = importedGood(layer, { good: history.good, atMs: tMs }, constants)
  return { ...layer, r: r + good, s: s + history.bad, tMs }
}
