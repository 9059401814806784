import type { Layer } from '../../model/layer.ts'
import { ADVICE_MAX } from '../documents/tally.ts'
import type { Verdicts } from '../documents/verdicts.ts'
import type { EffectOf } from '../effect.ts'
import type { VERDICT_EFFECTS } from '../effects/verdicts.ts'
import { approvalKey } from '../keys.ts'
import { type FoldRules, NO_CHANGES, type ProjectionState } from './state.ts'

type VerdictEffect = EffectOf<'verdict'>
type LayerVerdicts = NonNullable<Verdicts['layers'][Layer]>

/** What is known of one decision: what it was judged as, that it is a canary, what judging agents advise, and its way back. */
export const VERDICT_RULES: FoldRules<keyof typeof VERDICT_EFFECTS> = {
  verdict: (effect, { tenant }, state) => onVerdicts(tenant, effect.decision_id, state, (before) => withVerdict(before, effect)),
  canary: ({ decision_id, request_digest, canary }, { tenant }, state) => {
    onVerdicts(tenant, decision_id, state, (before) => ({ ...before, canary }))
    if (request_digest !== null) markApproval(tenant, request_digest, state)
    return NO_CHANGES
  },
  advice: ({ decision_id, advice }, { tenant }, state) =>
    onVerdicts(tenant, decision_id, state, (before) => ({
      ...before,
      advice: [...(before.advice ?? []), advice].slice(-ADVICE_MAX),
    })),
  handle_kept: (effect, { tenant }, state) =>
    onVerdicts(tenant, effect.decision_id, state, (before) => withRollback(before, effect)),
  rolled_back: (effect, { tenant }, state) =>
    onVerdicts(tenant, effect.decision_id, state, (before) => withRollback(before, effect)),
}

/** A decision that nobody has judged yet. */
export function newVerdicts(): Verdicts {
  return { layers: {}, heard: [], self_flagged: false }
}

/** What was counted in a layer in which nobody has judged yet. */
export const NO_VERDICTS: LayerVerdicts = {
  positive: 0,
  positive_ms: null,
  negative: 0,
  kappa: 0,
  factual: false,
  counted: false,
}

/** The name under which one source's verdict is remembered, so that saying it twice counts once. */
export function verdictName(layer: string, source: string, verdictClass: string): string {
  return `${layer}|${verdictClass}|${source}`
}

/** What is known of a decision after one more word about its way back. */
export function withRollback(before: Verdicts, effect: EffectOf<'handle_kept' | 'rolled_back'>): Verdicts {
  if (effect.kind === 'handle_kept') return { ...before, rollback: { ...before.rollback, kept: effect.kept } }
  const { result, by, at_ms, within_deadline } = effect
  return { ...before, rollback: { ...before.rollback, attempt: { result, by, at_ms, within_deadline } } }
}

/** The heaviest claim of a success after one more, and the heaviest of anybody else. */
export function claimsAfter(
  { best, second = 0 }: Pick<LayerVerdicts, 'best' | 'second'>,
  claimed: Pick<VerdictEffect, 'source' | 'claim' | 'rater'>,
): Pick<LayerVerdicts, 'best' | 'second'> {
  const { source: by, claim: weight = 0 } = claimed
  const rater = claimed.rater === true
  if (weight <= 0) return best === undefined ? {} : { best, second }
  if (best === undefined) return { best: { by, rater, weight }, second }
  if (best.by === by) return { best: { ...best, weight: Math.max(best.weight, weight) }, second }
  return weight > best.weight ? { best: { by, rater, weight }, second: best.weight } : { best, second: Math.max(second, weight) }
}

function withVerdict(before: Verdicts, effect: VerdictEffect): Verdicts {
  const layer = before.layers[effect.layer] ?? NO_VERDICTS
  const name = verdictName(effect.layer, effect.source, effect.class)
  return {
    ...before,
    layers: { ...before.layers, [effect.layer]: layerAfter(layer, effect) },
    heard: before.heard.includes(name) ? before.heard : [...before.heard, name],
    self_flagged: before.self_flagged || effect.self_flagged,
  }
}

/** A layer after one more verdict; a fact against a success takes it back. */
function layerAfter(layer: LayerVerdicts, effect: VerdictEffect): LayerVerdicts {
  const isTakenBack = effect.factual && layer.positive > 0
  return {
    positive: isTakenBack ? 0 : layer.positive + effect.positive,
    positive_ms: isTakenBack ? null : effect.positive > 0 ? effect.event_time_ms : layer.positive_ms,
    negative: layer.negative + effect.negative,
    kappa: Math.max(layer.kappa, effect.kappa ?? 0),
    factual: layer.factual || effect.factual,
    counted: layer.counted || effect.counted === true,
    ...(isTakenBack ? {} : claimsAfter(layer, effect)),
  }
}

function markApproval(tenant: string, requestDigest: string, state: ProjectionState): void {
  const key = approvalKey(tenant, requestDigest)
  const open = state.document(key)
  if (open !== undefined) state.put(key, { ...open, canary: true })
}

function onVerdicts(
  tenant: string,
  id: string,
  state: ProjectionState,
  change: (before: Verdicts) => Verdicts,
): typeof NO_CHANGES {
  const key = { kind: 'verdicts', tenant, id } as const
  state.put(key, change(state.document(key) ?? newVerdicts()))
  return NO_CHANGES
}
