import { DAY_MS } from '../format/time.ts'
import { type Level, lowerLevel } from '../model/level.ts'
import type { TrustConstants } from './constants.ts'
import { isAfter } from './layer/decay.ts'
import { bandOf, publish } from './score-scale.ts'
import type { Ladder } from './stored-trust.ts'

/** The rung above; undefined at the top. */
export function nextLevel(level: Level): Level | undefined {
  return ([1, 2, 3, 4, undefined] as const)[level]
}

/** Strikes that still count: none once enough clean days have passed since the last. */
export function activeStrikes(ladder: Ladder, nowMs: number, constants: TrustConstants): number {
  const expired = ladder.struckAtMs === null || nowMs - ladder.struckAtMs > constants.strike_days * DAY_MS
  return expired ? 0 : ladder.strikes
}

/** Log of the e-value that one verified decision adds for "the true failure rate is below p0 of `level`" (a test martingale). */
export function evidenceStep(level: Level, outcome: 'good' | { readonly kappa: number }, constants: TrustConstants): number {
  const p0 = constants.rate_limit[level]
  const p1 = p0 * constants.rate_ratio
  if (outcome === 'good') return Math.log((1 - p1) / (1 - p0))
  const { min, max } = constants.severity_bounds
  return Math.min(max, Math.max(min, outcome.kappa)) * Math.log(p1 / p0)
}

/** Incident-free verified decisions needed for a level: what it takes, at least what earned it before, doubled per relapse. */
export function countRequired(ladder: Ladder, level: Level, nowMs: number, constants: TrustConstants): number {
  const relapses = Math.max(0, activeStrikes(ladder, nowMs, constants) - 1)
  return (
    Math.max(constants.count_min[level], ladder.kGrant[level]) * Math.pow(2, Math.min(constants.strike_doublings_max, relapses))
  )
}

/** Log e-value needed for a level; every strike and every restart pays ln 2. */
export function evidenceRequired(ladder: Ladder, level: Level, nowMs: number, constants: TrustConstants): number {
  const tries = activeStrikes(ladder, nowMs, constants) + ladder.restarts
  return Math.log(1 / constants.promotion_alpha[level]) + tries * Math.LN2
}

/** Milliseconds still to be spent on the present level before `level`. */
export function dwellLeftMs(ladder: Ladder, level: Level, nowMs: number, constants: TrustConstants): number {
  return Math.max(0, constants.dwell_days[level] * DAY_MS - (nowMs - ladder.sinceMs))
}

/** A verified good decision: its weight in units, when it happened, and when the last failure of the scope did (null: never). */
export type GoodDecision = { readonly weight: number; readonly eventTimeMs: number; readonly lastFailureMs: number | null }

/** A verified good decision: counts once if it is heavy enough and later than the last failure. */
export function countGood(ladder: Ladder, good: GoodDecision, constants: TrustConstants): Ladder {
  const { weight, eventTimeMs, lastFailureMs } = good
  if (!countsAsGood(weight, constants) || !isAfter(eventTimeMs, lastFailureMs)) return ladder
  const next = nextLevel(ladder.level)
  const e = next === undefined ? ladder.e : ladder.e + evidenceStep(next, 'good', constants)
  return { ...ladder, e, k: ladder.k + 1 }
}

/** A good decision that had counted and turned out not to be one: its step is taken back. */
export function uncountGood(ladder: Ladder, constants: TrustConstants): Ladder {
  const next = nextLevel(ladder.level)
  const e = next === undefined ? ladder.e : ladder.e - evidenceStep(next, 'good', constants)
  return { ...ladder, e, k: Math.max(0, ladder.k - 1) }
}

function countsAsGood(weight: number, constants: TrustConstants): boolean {
  return weight > 0 && weight >= constants.count_weight_min
}

/** A verified failed decision: counts with its severity, less what was counted for it before. The run k goes on; only an incident ends it. */
export function countFailure(ladder: Ladder, kappa: number, constants: TrustConstants, kappaCounted = 0): Ladder {
  const next = nextLevel(ladder.level)
  if (next === undefined) return ladder
  const step = (severity: number): number => evidenceStep(next, { kappa: severity }, constants)
  return { ...ladder, e: ladder.e + (kappaCounted > 0 ? Math.min(0, step(kappa) - step(kappaCounted)) : step(kappa)) }
}

/** Takes the grant down to what the demotion score supports, if it lies more than the margin under the granted level: a strike, and k and e start over. */
export function demoted(ladder: Ladder, demotionScore: number, nowMs: number, constants: TrustConstants): Ladder {
  const supported = publish(demotionScore)
  if (supported >= constants.thresholds[ladder.level] - constants.demote_margin) return ladder
  return {
    ...ladder,
    level: lowerLevel(ladder.level, bandOf(supported, constants)),
    k: 0,
    e: 0,
    sinceMs: nowMs,
    strikes: activeStrikes(ladder, nowMs, constants) + 1,
    struckAtMs: nowMs,
  }
}

/** One rung up, if there is one: k and e start over; the count that earned the level is remembered. */
export function promoted(ladder: Ladder, nowMs: number): Ladder {
  const to = nextLevel(ladder.level)
  if (to === undefined) return ladder
  const kGrant: [number, number, number, number, number] = [...ladder.kGrant]
  kGrant[to] = Math.max(kGrant[to], ladder.k)
  return { ...ladder, level: to, k: 0, e: 0, sinceMs: nowMs, kGrant }
}

/** The ladder after a change of composition: k and e start over, and every start-over has to be paid for. */
export function restarted(ladder: Ladder, levelMax: Level, nowMs: number): Ladder {
  return { ...ladder, level: lowerLevel(ladder.level, levelMax), k: 0, e: 0, sinceMs: nowMs, restarts: ladder.restarts + 1 }
}
