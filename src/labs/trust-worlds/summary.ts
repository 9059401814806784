import { drawsOf } from './draw.ts'
import type { Life } from './tally.ts'

/** A mean over agents with its 95 % confidence interval. */
export type Mean = { readonly mean: number; readonly low: number; readonly high: number }
/** A median over the agents to whom it could happen; `never`: it did not happen to most of them; null: it could happen to nobody. */
export type Median = { readonly median: number | 'never' | null; readonly of: number }

/** One world under one policy, over all agents and seeds. */
export type Summary = {
  readonly agents: number
  readonly harmful: Mean
  /** Null where there was no onset. */
  readonly harmful_after_onset: Mean | null
  readonly first_light_days: Median
  readonly first_full_days: Median
  readonly contained_light_days: Median
  readonly contained_full_days: Median
  readonly losses: Mean
  readonly false_losses: Mean
  readonly auto_light: Mean
  readonly auto_full: Mean
  readonly reviews_per_day: Mean
  readonly identities: Mean
}

/** Summarizes the lives of a cell. */
export function summarize(lives: readonly Life[]): Summary {
  const mean = (of: (life: Life) => number): Mean => meanOf(lives.map(of))
  const turned = lives.flatMap(({ harmAfterOnset }) => (harmAfterOnset === null ? [] : [harmAfterOnset]))
  return {
    agents: lives.length,
    harmful: mean(({ harm }) => harm),
    harmful_after_onset: turned.length === 0 ? null : meanOf(turned),
    first_light_days: medianSummary(lives.map(({ firstLightDays }) => firstLightDays ?? 'never')),
    first_full_days: medianSummary(lives.map(({ firstFullDays }) => firstFullDays ?? 'never')),
    contained_light_days: medianSummary(lives.map(({ containedLightDays }) => containedLightDays)),
    contained_full_days: medianSummary(lives.map(({ containedFullDays }) => containedFullDays)),
    losses: mean(({ losses }) => losses),
    false_losses: mean(({ falseLosses }) => falseLosses),
    auto_light: mean(({ autoLight }) => autoLight),
    auto_full: mean(({ autoFull }) => autoFull),
    reviews_per_day: mean(({ reviewsPerDay }) => reviewsPerDay),
    identities: mean(({ identities }) => identities),
  }
}

/** How often the agents are drawn anew for an interval. */
const RESAMPLES = 1_000

/**
 * Mean of one number per agent, with the percentile bootstrap over agents: whole agents are drawn anew, because the actions of one are
 * not independent (Efron 1979). Same numbers, same interval.
 */
export function meanOf(values: readonly number[]): Mean {
  const draw = drawsOf(RESAMPLES, 'bootstrap', values.length)
  const average = (of: (at: number) => number): number => values.reduce((sum, _, at) => sum + of(at), 0) / values.length
  const mean = average((at) => values[at] ?? 0)
  if (values.every((value) => value === values[0])) return { mean, low: mean, high: mean }
  const means = Array.from({ length: RESAMPLES }, (_, round) =>
    average((at) => values[Math.floor(draw(round * values.length + at, 'sample') * values.length)] ?? 0),
  ).sort((a, b) => a - b)
  return { mean, low: means[Math.floor(0.025 * RESAMPLES)] ?? mean, high: means[Math.ceil(0.975 * RESAMPLES) - 1] ?? mean }
}

/** The middle one; `never` counts as later than anything, null does not count. */
export function medianSummary(values: readonly (number | 'never' | null)[]): Median {
  const known = values.flatMap((value) => (value === null ? [] : [value === 'never' ? Infinity : value]))
  if (known.length === 0) return { median: null, of: 0 }
  const middle = known.toSorted((a, b) => a - b)[Math.floor((known.length - 1) / 2)] ?? Infinity
  return { median: middle === Infinity ? 'never' : middle, of: known.length }
}
