import { LAYERS, type ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from '../model/trust-constants.ts'
import type { AgentTrust, TrustView } from '../model/trust-state.ts'
import type { ScopeTrustAnswer } from '../model/wire-trust.ts'
import { nextLevel } from './ladder.ts'
import { conflictOf, fusedOpinion } from './opinion.ts'
import { promotionGates } from './promotion.ts'
import { scopeView, type ViewTerms } from './view.ts'

/** A scope as people see it: its trust, every gate of the next rung, and what its layers say together. */
export function scopeTrust(agent: AgentTrust, scope: ScopeKey, terms: ViewTerms, constants: TrustConstants): ScopeTrustAnswer {
  const view = scopeView(agent, scope, terms, constants)
  const opinions = liveOpinions(view)
  const level = nextLevel(view.level_granted)
  const gates = level === undefined ? [] : promotionGates(agent, scope, { ...terms, human: false }, constants)
  return {
    ...view,
    next: level === undefined ? null : { level, gates: [...gates] },
    fused_opinion: fusedOpinion(opinions),
    conflict: conflictOf(opinions),
  }
}

function liveOpinions({ layers }: TrustView): readonly TrustView['opinion'][] {
  return LAYERS.flatMap((layer) => (layers[layer].live ? [layers[layer].opinion] : []))
}
