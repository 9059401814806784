import { DAY_MS } from '../../format/time.ts'
import type { TrustConstants } from '../constants.ts'
import { phi } from '../score-scale.ts'
import type { LayerState } from '../stored-trust.ts'
import { decay, isAfter, later, solidUnits, type TimedWeight } from './decay.ts'
import { coolingFactor, heatCeiling } from './heat.ts'
import { failureUpperBound, type Opinion, opinionOf } from './opinion.ts'

/** Evidence borrowed from elsewhere, valued at the time of reading, and as fresh as its newest donor. */
export type Prior = { readonly r: number; readonly s: number; readonly tpMs: number | null }
/** Nothing borrowed. */
export const NO_PRIOR: Prior = { r: 0, s: 0, tpMs: null }

/** Good and bad evidence of a layer, valued at `nowMs`. */
export function valuedAt(
  layer: LayerState,
  nowMs: number,
  constants: TrustConstants,
): { readonly r: number; readonly s: number } {
  const elapsedMs = Math.max(0, nowMs - layer.tMs)
  return {
    r: layer.r * decay(elapsedMs, constants.half_life_positive_days),
    s: layer.s * decay(elapsedMs, constants.half_life_negative_days),
  }
}

/** Adds good evidence of at most one unit; a late one is weighted by its own age, and its total refreshes. A zero weight changes nothing. */
export function addPositive(layer: LayerState, success: TimedWeight, constants: TrustConstants): LayerState {
  const { weight, eventTimeMs, scale = 1 } = success
  if (!(weight > 0)) return layer
  const refreshes = solidUnits(success) >= constants.refresh_weight_min
  const w = Math.min(weight, 1)
  const tMs = Math.max(layer.tMs, eventTimeMs)
  const { r, s } = valuedAt(layer, tMs, constants)
  return {
    r: r + w * decay(tMs - eventTimeMs, constants.half_life_positive_days),
    s,
    q: isAfter(eventTimeMs, layer.tnMs) ? layer.q * coolingFactor(w, constants) : layer.q,
    tMs,
    tpMs: refreshes && scale === 1 ? later(layer.tpMs, eventTimeMs) : layer.tpMs,
    tnMs: layer.tnMs,
    ...readAt(refreshes && scale > 1 ? later(layer.trMs ?? null, eventTimeMs) : (layer.trMs ?? null)),
  }
}

/** The time of the last refreshing read; no member where there was none, as in states of before. */
function readAt(trMs: number | null): Pick<LayerState, 'trMs'> {
  return trMs === null ? {} : { trMs }
}

/** Adds bad evidence and as much heat. A zero weight changes nothing. */
export function addNegative(layer: LayerState, failure: TimedWeight, constants: TrustConstants): LayerState {
  const { weight, eventTimeMs } = failure
  if (!(weight > 0)) return layer
  const tMs = Math.max(layer.tMs, eventTimeMs)
  const { r, s } = valuedAt(layer, tMs, constants)
  return {
    r,
    s: s + weight * decay(tMs - eventTimeMs, constants.half_life_negative_days),
    q: layer.q + weight,
    tMs,
    tpMs: layer.tpMs,
    tnMs: later(layer.tnMs, eventTimeMs),
    ...readAt(layer.trMs ?? null),
  }
}

/** Takes a positive back, at what is left of it, down to zero at most, and undoes the cooling it did. What it refreshed stays refreshed. */
export function takePositiveBack(layer: LayerState, success: TimedWeight, constants: TrustConstants): LayerState {
  const { weight, eventTimeMs } = success
  const w = Math.min(weight, 1)
  const left = w * decay(layer.tMs - eventTimeMs, constants.half_life_positive_days)
  const cooled = isAfter(eventTimeMs, layer.tnMs)
  return {
    ...layer,
    r: Math.max(0, layer.r - left),
    q: cooled ? layer.q * Math.pow(2, w / constants.heat_half_life_units) : layer.q,
  }
}

/** Ceiling by the age of the last verified positive; linear between the points, 0 where there was none. */
export function freshnessCeiling(tpMs: number | null, nowMs: number, { freshness }: Pick<TrustConstants, 'freshness'>): number {
  if (tpMs === null) return 0
  const ageDays = (nowMs - tpMs) / DAY_MS
  let left = freshness[0]
  for (const right of freshness) {
    if (ageDays <= right.age_days) {
      if (left === undefined || left === right) return right.ceiling
      return left.ceiling + ((right.ceiling - left.ceiling) * (ageDays - left.age_days)) / (right.age_days - left.age_days)
    }
    left = right
  }
  return 0
}

/** A layer at a time: its trust, the three ceilings it is the least of, and what they come from. */
export type LayerReading = {
  readonly trust: number
  readonly evidence: number
  readonly heat: number
  readonly fresh: number
  readonly r: number
  readonly s: number
  readonly failureBound: number
  readonly opinion: Opinion
  readonly tpMs: number | null
}

/** Reads a layer at `nowMs` together with what it may borrow. */
export function readLayer(layer: LayerState, prior: Prior, nowMs: number, constants: TrustConstants): LayerReading {
  const own = valuedAt(layer, nowMs, constants)
  const r = own.r + prior.r
  const s = own.s + prior.s
  const failureBound = failureUpperBound(r, s, constants.prior_units)
  const evidence = phi(failureBound, constants)
  const heat = heatCeiling(layer.q, constants)
  const tpMs = later(later(layer.tpMs, layer.trMs ?? null), prior.tpMs)
  const fresh = freshnessCeiling(tpMs, nowMs, constants)
  const trust = Math.min(evidence, heat, fresh)
  return { trust, evidence, heat, fresh, r, s, failureBound, opinion: opinionOf(r, s, constants.prior_units), tpMs }
}
