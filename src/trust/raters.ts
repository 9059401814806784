import { z } from 'zod'

import type { Level } from '../model/level.ts'
import type { EvidenceSource, TrustConstants } from './constants.ts'
import { countRequired, evidenceRequired, evidenceStep } from './ladder.ts'
import { decay } from './layer/decay.ts'
import { valuedAt } from './layer/layer.ts'
import { failureLowerBound, failureUpperBound } from './layer/opinion.ts'
import { phi } from './score-scale.ts'
import { RATERS_MAX, type RaterShare, type ScopeTrust, VERIFIERS_MAX } from './stored-trust.ts'

/** How one person decides, for the detection of rubber stamps. */
export const RaterRecord = z.strictObject({
  approved: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  /** Sum over all verdicts of the time from request to verdict, ms. */
  latency_ms_sum: z.int().nonnegative(),
  /** Verdicts within ten seconds of the request: too fast to have read it. */
  hasty: z.int().nonnegative(),
  /** Verdicts by latency: how many within each of `LATENCY_SECONDS`, the last beyond them. */
  latencies: z.array(z.int().nonnegative()).max(16).default([]),
  /** Requests of a known right answer that this rater judged, and those judged rightly. */
  canaries: z.strictObject({ seen: z.int().nonnegative(), caught: z.int().nonnegative() }).default({ seen: 0, caught: 0 }),
  /** Units of success that this rater's word gave to agents. */
  units_given: z.number().nonnegative().default(0),
})

export type RaterRecord = z.infer<typeof RaterRecord>

/** Sources that are somebody's judgement: people, and agents that judge. Everything else is automatic, and no rater. */
const RATERS: readonly EvidenceSource[] = ['human', 'end_user', 'llm_judge']

/** Whether a source is a rater: a person, or an agent that judges. */
export function isRater(source: EvidenceSource): boolean {
  return RATERS.includes(source)
}

/** Whether a rater has judged enough canaries to be known by them. */
export function isCalibrated({ canaries }: Pick<RaterRecord, 'canaries'>, { canaries_min }: TrustConstants): boolean {
  return canaries.seen >= canaries_min
}

/** ρ of a person by the canaries that they judged rightly: the lower bound of their rate, 0–1; null until there are enough of them. */
export function raterWeight(record: Pick<RaterRecord, 'canaries'>, constants: TrustConstants): number | null {
  if (!isCalibrated(record, constants)) return null
  const { seen, caught } = record.canaries
  return failureLowerBound(seen - caught, caught, constants.prior_units)
}

/** Share of verdicts that are a yes from which a rater may be a rubber stamp, and share of them given faster than anybody reads. 0–1. */
const STAMP_APPROVED = 0.95
const STAMP_HASTY = 0.5

/** Whether a rater says yes to nearly everything, faster than it can be read. Told to people; it weighs nothing, canaries do. */
export function isRubberStamp({ approved, rejected, hasty }: RaterRecord, { canaries_min }: TrustConstants): boolean {
  const verdicts = approved + rejected
  return verdicts >= canaries_min && approved >= STAMP_APPROVED * verdicts && hasty >= STAMP_HASTY * verdicts
}

/** More, or less, that rests on one rater's word alone. */
export type ShareChange = {
  readonly rater: string
  /** Units; below 0 where something else bears them out by now. */
  readonly units: number
  readonly count: number
  /** Null: as before. */
  readonly calibrated: boolean | null
  readonly eventTimeMs: number
}

/**
 * A scope after a change of what rests on one rater. With as many raters as are remembered, a new one takes over the share of the least,
 * so that no share is ever taken for smaller than it is.
 */
export function withRaterShare(scope: ScopeTrust, change: ShareChange, constants: TrustConstants): ScopeTrust {
  const { rater, units, count, eventTimeMs } = change
  const known = scope.raters.find(({ id }) => id === rater)
  // Whose share passed to another has none that could shrink.
  if (known === undefined && units <= 0) return { ...scope, uncalibrated: uncalibratedAfter(scope, change) }
  const least = known ?? (scope.raters.length < RATERS_MAX ? undefined : leastOf(scope.raters, eventTimeMs, constants))
  const from = least ?? { id: rater, r: 0, tMs: eventTimeMs, k: 0 }
  const tMs = Math.max(from.tMs, eventTimeMs)
  const r = shareAt(from, tMs, constants) + units * decay(tMs - eventTimeMs, constants.half_life_positive_days)
  const share: RaterShare = { id: rater, r: Math.max(0, r), tMs, k: Math.max(0, from.k + count) }
  const others = scope.raters.filter((each) => each !== least)
  const raters = share.r > 0 || share.k > 0 ? [...others, share] : others
  return { ...scope, raters, uncalibrated: uncalibratedAfter(scope, change) }
}

/** Distinct verifiers with one more; beyond the most that are remembered, as before. */
export function verifiersWith(verifiers: readonly string[], verifier: string | undefined): readonly string[] {
  if (verifier === undefined || verifiers.includes(verifier) || verifiers.length >= VERIFIERS_MAX) return verifiers
  return [...verifiers, verifier]
}

/** A scope after somebody else, too, bore a counted decision out: who a rater is that has not seen enough canaries does not count for the top. */
export function withVerifier(
  scope: ScopeTrust,
  { verifier, calibrated }: { readonly verifier: string; readonly calibrated: boolean },
): ScopeTrust {
  const known = { ...scope, verifiers: verifiersWith(scope.verifiers, verifier) }
  return { ...known, uncalibrated: uncalibratedAfter(known, { rater: verifier, calibrated }) }
}

/** Raters without enough canaries, of those who count as verifiers; who has seen enough by now is no more among them. */
function uncalibratedAfter(
  { uncalibrated, verifiers }: ScopeTrust,
  { rater, calibrated }: Pick<ShareChange, 'rater' | 'calibrated'>,
): readonly string[] {
  if (calibrated === null) return uncalibrated
  if (calibrated) return uncalibrated.includes(rater) ? uncalibrated.filter((id) => id !== rater) : uncalibrated
  if (!verifiers.includes(rater) || uncalibrated.includes(rater)) return uncalibrated
  return [...uncalibrated, rater].slice(-VERIFIERS_MAX)
}

function shareAt({ r, tMs }: RaterShare, nowMs: number, constants: TrustConstants): number {
  return r * decay(nowMs - tMs, constants.half_life_positive_days)
}

function leastOf(raters: readonly RaterShare[], nowMs: number, constants: TrustConstants): RaterShare | undefined {
  return raters.toSorted((one, other) => shareAt(one, nowMs, constants) - shareAt(other, nowMs, constants))[0]
}

/** Shares on a new rung: counts start over with the ladder's. */
export function sharesStartedOver(raters: readonly RaterShare[]): readonly RaterShare[] {
  return raters.filter(({ r }) => r > 0).map((share) => ({ ...share, k: 0 }))
}

/** Shares after the layer they are part of kept only a part of its good evidence. */
export function sharesKept(raters: readonly RaterShare[], kept: number): readonly RaterShare[] {
  return raters.map((share) => ({ ...share, r: share.r * kept }))
}

/** Distinct verifiers that count for a level: for the top, of raters only those who have seen enough canaries. */
export function verifiersFor({ verifiers, uncalibrated }: ScopeTrust, level: Level): number {
  return level === 4 ? verifiers.filter((id) => !uncalibrated.includes(id)).length : verifiers.length
}

/** What a level needs, and the score that there is with every rater. */
export type RaterStanding = { readonly nowMs: number; readonly score: number; readonly needed: number }

/**
 * How much of what a level needs is left without the rater on whom most of it rests, 0–1: the least of score, count and e-process, each as
 * a share of what is needed. Without raters nothing rests on one: 1. Conservative: what the rater alone bears is taken from the scope's own
 * evidence, failures stay, and nothing is borrowed from other scopes.
 */
export function withoutLargestRater(scope: ScopeTrust, to: Level, standing: RaterStanding, constants: TrustConstants): number {
  return Math.min(1, ...scope.raters.map((share) => leftWithout(share, { scope, to, standing }, constants)))
}

/** A scope that is measured for a level. */
type Measured = { readonly scope: ScopeTrust; readonly to: Level; readonly standing: RaterStanding }

function leftWithout(share: RaterShare, { scope, to, standing }: Measured, constants: TrustConstants): number {
  const { layers, ladder } = scope
  const { nowMs, score, needed } = standing
  const { r, s } = valuedAt(layers.outcome, nowMs, constants)
  const own = Math.max(0, r - shareAt(share, Math.max(nowMs, share.tMs), constants))
  const left = Math.min(score, phi(failureUpperBound(own, s, constants.prior_units), constants))
  return Math.min(
    shareOf(left, needed),
    shareOf(ladder.k - share.k, countRequired(ladder, to, nowMs, constants)),
    shareOf(ladder.e - share.k * evidenceStep(to, 'good', constants), evidenceRequired(ladder, to, nowMs, constants)),
  )
}

function shareOf(have: number, need: number): number {
  if (have >= need) return 1
  return need > 0 ? Math.max(0, have / need) : 0
}
