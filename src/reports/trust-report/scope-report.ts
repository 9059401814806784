import { z } from 'zod'

/** Scopes that are counted apart; further ones are `other`. */
export const REPORTED_SCOPES_MAX = 128

export const OTHER_SCOPES = 'other'

/** Levels at which an agent acts by itself. */
export const AUTONOMY_LEVELS = [3, 4] as const

export type AutonomyLevel = (typeof AUTONOMY_LEVELS)[number]

const count = z.int()
/** What happened in one scope on one day (UTC). */
export const TrustDay = z.strictObject({
  executed: count,
  good: count,
  bad: count,
  incidents: count,
  promotions: count,
  demotions: count,
  false_demotions: count,
  confirmed_demotions: count,
  /** Time to the first grant of level 3, and of level 4, ms. */
  autonomy_ms: z.strictObject({ 3: z.array(z.number()), 4: z.array(z.number()) }),
})
export type TrustDay = z.infer<typeof TrustDay>

/** One average of times to autonomy, ms; of how many grants. */
export type Spread = { readonly grants: number; readonly mean_ms: number; readonly median_ms: number }

/** How trust worked in one scope over the time asked for. Rates are null where there is nothing to divide by. */
export type ScopeReport = {
  readonly scope: string
  readonly executed: number
  readonly judged: number
  /** Of the actions that somebody verified, the share that went well. */
  readonly compliance_rate: number | null
  readonly incidents: number
  /** Incidents for each 1,000 executed actions. */
  readonly incidents_per_1000: number | null
  readonly promotions: number
  readonly demotions: { readonly total: number; readonly false: number; readonly confirmed: number; readonly waiting: number }
  /** Of the demotions that are judged, the share that was given back, or that nothing confirmed within three days. */
  readonly false_demotion_rate: number | null
  /** From the agent's first record to the first grant of the level in the scope. */
  readonly time_to_autonomy: { readonly L3: Spread | null; readonly L4: Spread | null }
}

/** A day on which nothing happened. */
export function newTrustDay(): TrustDay {
  return {
    executed: 0,
    good: 0,
    bad: 0,
    incidents: 0,
    promotions: 0,
    demotions: 0,
    false_demotions: 0,
    confirmed_demotions: 0,
    autonomy_ms: { 3: [], 4: [] },
  }
}

/** Two days as one. */
export function addDays(a: TrustDay, b: TrustDay): TrustDay {
  return {
    executed: a.executed + b.executed,
    good: a.good + b.good,
    bad: a.bad + b.bad,
    incidents: a.incidents + b.incidents,
    promotions: a.promotions + b.promotions,
    demotions: a.demotions + b.demotions,
    false_demotions: a.false_demotions + b.false_demotions,
    confirmed_demotions: a.confirmed_demotions + b.confirmed_demotions,
    autonomy_ms: { 3: [...a.autonomy_ms[3], ...b.autonomy_ms[3]], 4: [...a.autonomy_ms[4], ...b.autonomy_ms[4]] },
  }
}

/** What the days of a scope, as one, come to. */
export function scopeReport(scope: string, day: TrustDay): ScopeReport {
  const { executed, incidents, promotions, demotions, false_demotions, confirmed_demotions } = day
  // A success of before that is taken back today would leave less than none.
  const good = Math.max(0, day.good)
  const judged = good + day.bad
  const settled = false_demotions + confirmed_demotions
  return {
    scope,
    executed,
    judged,
    compliance_rate: judged === 0 ? null : good / judged,
    incidents,
    incidents_per_1000: executed === 0 ? null : (1_000 * incidents) / executed,
    promotions,
    demotions: { total: demotions, false: false_demotions, confirmed: confirmed_demotions, waiting: demotions - settled },
    false_demotion_rate: settled === 0 ? null : false_demotions / settled,
    time_to_autonomy: { L3: spreadOf(day.autonomy_ms[3]), L4: spreadOf(day.autonomy_ms[4]) },
  }
}

function spreadOf(samples: readonly number[]): Spread | null {
  if (samples.length === 0) return null
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length
  return { grants: samples.length, mean_ms: mean, median_ms: medianOf(samples) ?? 0 }
}

/** The median; null of nothing. */
export function medianOf(samples: readonly number[]): number | null {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low, high] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
