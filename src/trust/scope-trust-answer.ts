import { z } from 'zod'

import { LAYERS } from '../model/layer.ts'
import { Level } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import { WireShare } from '../model/wire-fields.ts'
import type { TrustConstants } from './constants.ts'
import { nextLevel } from './ladder.ts'
import { conflictOf, fusedOpinion } from './layer/opinion.ts'
import { Gate, promotionGates } from './promotion.ts'
import type { AgentTrust } from './stored-trust.ts'
import { scopeView, TrustView, type ViewTerms } from './trust-view.ts'

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

/** Trust in one scope, with the way up: what every gate of the next rung has and needs, and what the layers say together. */
export const ScopeTrustAnswer = z.strictObject({
  ...TrustView.unwrap().shape,
  /** Null at the top. The gates are those of a promotion that nobody signs. */
  next: z.strictObject({ level: Level, gates: z.array(Gate) }).nullable(),
  /** Opinions of the live layers, fused (weighted belief fusion); for people, no decision rests on it. */
  fused_opinion: z.strictObject({ b: WireShare, d: WireShare, u: WireShare }),
  /** Largest degree of conflict between two live layers, which is a gate too. */
  conflict: WireShare,
})

export type ScopeTrustAnswer = z.infer<typeof ScopeTrustAnswer>
