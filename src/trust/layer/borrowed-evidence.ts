import { SCOPED_LAYERS, type ScopedLayer } from '../../model/layer.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { TrustConstants } from '../constants.ts'
import type { AgentTrust } from '../stored-trust.ts'
import { later } from './decay.ts'
import { NO_PRIOR, type Prior, valuedAt } from './layer.ts'

/** What a scope borrows, per layer. */
export type Priors = Readonly<Record<ScopedLayer, Prior>>

/** Every scope's evidence valued at one time, by layer, so that each scope can borrow from the others. */
export type Donors = Readonly<Record<ScopedLayer, readonly (Prior & { readonly scope: ScopeKey })[]>>

/** Values the evidence of all the agent's scopes at `nowMs`. */
export function donorsOf(agent: AgentTrust, nowMs: number, constants: TrustConstants): Donors {
  const scopes = Object.entries(agent.scopes)
  const donors = (layer: ScopedLayer) =>
    scopes.map(([scope, trust]) => {
      const state = trust.layers[layer]
      return { scope, ...valuedAt(state, nowMs, constants), tpMs: state.tpMs }
    })
  return { behaviour: donors('behaviour'), context: donors('context'), outcome: donors('outcome') }
}

/** What a scope borrows from the others: at most a share and so many units of their evidence, so that borrowed trust alone stays below .5. */
export function priorsFor(donors: Donors, scope: ScopeKey, constants: TrustConstants): Priors {
  const priors: Record<ScopedLayer, Prior> = { behaviour: NO_PRIOR, context: NO_PRIOR, outcome: NO_PRIOR }
  for (const layer of SCOPED_LAYERS) priors[layer] = borrowed(donors[layer], scope, constants)
  return priors
}

function borrowed(donors: Donors[ScopedLayer], scope: ScopeKey, constants: TrustConstants): Prior {
  let r = 0
  let s = 0
  let tpMs: number | null = null
  for (const donor of donors) {
    if (donor.scope === scope) continue
    r += donor.r
    s += donor.s
    tpMs = later(tpMs, donor.tpMs)
  }
  const units = r + s
  if (units <= 0) return NO_PRIOR
  const share = Math.min(constants.backoff_share_max, constants.backoff_units_max / units)
  return { r: share * r, s: share * s, tpMs }
}
