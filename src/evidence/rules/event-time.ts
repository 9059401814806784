import { ServiceError } from '../../format/error.ts'
import { DAY_MS, epochMs } from '../../format/time.ts'
import type { Judged, Verdict } from './weighing.ts'
import { SECOND_MS } from '../../format/time.ts'

/** Evidence may be this old; older history enters only by an administrator's import. */
export const EVENT_AGE_MS_MAX = 7 * DAY_MS
/** A caller's clock may be this far ahead, ms. */
export const EVENT_SKEW_MS_MAX = 5_000

/**
 * When something happened, as its reporter says; now where it does not say. A caller's time is a claim: within a week, not before the
 * decision, and not in the future, beyond a small skew. Throws `bad_request`.
 */
export function eventTimeIn(eventTime: string | undefined, decidedAtMs: number, nowMs: number): number {
  if (eventTime === undefined) return nowMs
  const atMs = epochMs(eventTime)
  if (atMs > nowMs + EVENT_SKEW_MS_MAX)
    throw new ServiceError('bad_request', `event_time is ${Math.round((atMs - nowMs) / SECOND_MS)} s in the future`, {
      place: { pointer: '/event_time' },
      fix: 'synchronise the clock, or leave event_time out',
    })
  if (atMs < nowMs - EVENT_AGE_MS_MAX)
    throw new ServiceError('bad_request', 'event_time is more than 7 days ago', {
      place: { pointer: '/event_time' },
      fix: 'older history enters only by an import',
    })
  if (atMs < decidedAtMs - EVENT_SKEW_MS_MAX)
    throw new ServiceError('bad_request', 'event_time is before the decision', {
      place: { pointer: '/event_time' },
      fix: 'say when the outcome was seen, or leave event_time out',
    })
  return Math.min(Math.max(atMs, decidedAtMs), nowMs)
}

/** The verdict at the time that it is about. A success proves what was decided then, whenever it is reported: held back, it proves nothing new. */
export function atItsTime(verdict: Verdict, judged: Judged): Verdict {
  return verdict.gravity === 'positive' ? { ...verdict, event_time_ms: judged.decided_at_ms } : verdict
}

/** Refuses a success of a decision beyond the horizon: it is as old as its decision, however late it is told. A failure counts when it is seen. Throws `conflict`. */
export function refuseOldSuccess({ gravity }: Verdict, judged: Judged, nowMs: number): void {
  if (gravity === 'positive' && judged.decided_at_ms < nowMs - EVENT_AGE_MS_MAX)
    throw new ServiceError('conflict', `decision "${judged.decision_id}" was taken more than 7 days ago and earns nothing more`, {
      place: { pointer: '/decision_id' },
      fix: 'report successes within 7 days; older history enters only by an import',
    })
}
