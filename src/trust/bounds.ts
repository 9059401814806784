import type { ScopeKey } from '../model/scope.ts'
import type { AgentBounds, Coverage, SessionBounds } from './bounds-documents.ts'
import type { TrustConstants } from './constants.ts'
import { decay } from './decay.ts'
import type { ScoreCeiling, TrustView } from './trust-view.ts'

/** An agent that nothing bounds but its evidence. */
export function newBounds(): AgentBounds {
  return { posture: {}, posture_ms: {}, holds: [], coverage: {}, moved: {}, timed: [] }
}

/** Decisions due to be verified before this much weight of them is known say nothing of coverage, units. */
const COVERAGE_UNITS_MIN = 5

/** Coverage with more decisions verified or missed, decayed to `nowMs`. */
export function coverageAfter(
  before: Coverage | undefined,
  added: Pick<Coverage, 'verified' | 'missed'>,
  nowMs: number,
  constants: TrustConstants,
): Coverage {
  const kept = decay(nowMs - (before?.t_ms ?? nowMs), constants.coverage_half_life_days)
  return {
    verified: (before?.verified ?? 0) * kept + added.verified,
    missed: (before?.missed ?? 0) * kept + added.missed,
    t_ms: Math.max(nowMs, before?.t_ms ?? 0),
  }
}

/** Share of what was due that was verified, 0–1; null while too little was due to say. Decay changes both alike, so time does not move it. */
export function coverageShare({ verified, missed }: Coverage): number | null {
  const due = verified + missed
  return due < COVERAGE_UNITS_MIN ? null : verified / due
}

/** Ceilings that follow from what an agent's bounds say of one scope at one time; the posture is read apart (`posture.ts`). */
export function boundCeilings(
  bounds: AgentBounds,
  scope: ScopeKey,
  nowMs: number,
  constants: TrustConstants,
): readonly ScoreCeiling[] {
  const held = bounds.holds.flatMap(({ scope: where, reason, cap }) =>
    cap === null || (where !== null && where !== scope) ? [] : [{ source: `hold:${reason}`, value: cap }],
  )
  const timed = bounds.timed.filter(({ until_ms }) => until_ms > nowMs).map(({ source, value }) => ({ source, value }))
  const coverage = bounds.coverage[scope]
  const share = coverage === undefined ? null : coverageShare(coverage)
  const uncovered =
    share !== null && share < constants.coverage_min ? [{ source: 'coverage', value: constants.bound_ceilings.coverage }] : []
  return leastBySource([...held, ...timed, ...uncovered])
}

/** Ceilings of a session; `scoreOf` is the trust of an agent whose output was used. A session that is over bounds nothing. */
export function sessionCeilings(
  session: SessionBounds | undefined,
  nowMs: number,
  scoreOf: (agent: string) => number,
): readonly ScoreCeiling[] {
  if (session === undefined || session.until_ms <= nowMs) return []
  const used = session.used.map((agent) => ({ source: `session:output_of:${agent}`, value: scoreOf(agent) }))
  return leastBySource([...session.caps, ...used])
}

/** Units of its own that an agent needs with a tool that moved, before the scope it came from no longer counts: 57 clean ones give U < .05. */
export const MOVED_UNITS_MIN = 57

/** Just under the band above a level, so that a score capped by it reads as that level. */
const UNDER = 0.0001

/**
 * The ceiling that a tool's former scope puts on its new one: as if it had not moved. A level that was never granted there is none here.
 */
export function formerScopeCeiling(
  former: Pick<TrustView, 'scope' | 'score' | 'level_effective'>,
  { thresholds }: TrustConstants,
): ScoreCeiling {
  const next = thresholds[former.level_effective + 1]
  const value = next === undefined ? former.score : Math.min(former.score, next - UNDER)
  return { source: `moved_from:${former.scope}`, value }
}

/** One ceiling per source, the least, by name. */
function leastBySource(ceilings: readonly ScoreCeiling[]): readonly ScoreCeiling[] {
  const least = new Map<string, number>()
  for (const { source, value } of ceilings) least.set(source, Math.min(value, least.get(source) ?? 1))
  return [...least].sort(([a], [b]) => (a < b ? -1 : 1)).map(([source, value]) => ({ source, value }))
}
