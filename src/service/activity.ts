import { BUCKET_MS, REMEMBERED_NAMES_MAX, WINDOW_MS, type Activity, type ActivityBucket } from '../model/documents.ts'
import type { ScopeKey } from '../model/scope.ts'

type Window = keyof typeof WINDOW_MS

/** An agent that has done nothing yet. */
export function newActivity(): Activity {
  return { scopes: {}, requests: [], outstanding: [], actions: [], domains: [] }
}

const bucketStart = (atMs: number, window: Window): number => atMs - (atMs % BUCKET_MS[window])

/** The buckets that a window ending at `nowMs` touches; each counts whole. */
function within<T extends { readonly start_ms: number }>(buckets: readonly T[], nowMs: number, window: Window): readonly T[] {
  return buckets.filter((bucket) => bucket.start_ms > nowMs - WINDOW_MS[window] - BUCKET_MS[window])
}

function remember(names: readonly string[], added: readonly string[]): string[] {
  const all = [...names.filter((name) => !added.includes(name)), ...new Set(added)]
  return all.slice(-REMEMBERED_NAMES_MAX)
}

/** One request came in: counters for risk facts. */
export function withRequest(
  activity: Activity,
  seen: { readonly action: string; readonly denied: boolean; readonly domains: readonly string[] },
  atMs: number,
): Activity {
  const requests = [...within(activity.requests, atMs, 'hour')]
  const start = bucketStart(atMs, 'hour')
  const denied = seen.denied ? 1 : 0
  const last = requests.at(-1)
  if (last?.start_ms === start)
    requests[requests.length - 1] = { start_ms: start, count: last.count + 1, denied: last.denied + denied }
  else requests.push({ start_ms: start, count: 1, denied })
  return {
    ...activity,
    requests,
    actions: activity.actions.includes(seen.action) ? activity.actions : remember(activity.actions, [seen.action]),
    domains: seen.domains.every((domain) => activity.domains.includes(domain))
      ? activity.domains
      : remember(activity.domains, seen.domains),
  }
}

function counted(buckets: readonly ActivityBucket[], amount: number, atMs: number, window: Window): ActivityBucket[] {
  const kept = [...within(buckets, atMs, window)]
  const start = bucketStart(atMs, window)
  const last = kept.at(-1)
  if (last?.start_ms === start) kept[kept.length - 1] = { start_ms: start, count: last.count + 1, amount: last.amount + amount }
  else kept.push({ start_ms: start, count: 1, amount })
  return kept
}

/** One decision lets something run: volume, money, and perhaps an outstanding slot. */
export function withCharge(
  activity: Activity,
  charge: {
    readonly scope: ScopeKey
    readonly decision_id: string
    readonly amount: number
    readonly verify_by_ms: number | null
  },
  atMs: number,
): Activity {
  const { scope, amount, decision_id, verify_by_ms } = charge
  const used = activity.scopes[scope] ?? { hour: [], day: [] }
  const outstanding = activity.outstanding.filter((slot) => slot.verify_by_ms > atMs && slot.decision_id !== decision_id)
  return {
    ...activity,
    scopes: {
      ...activity.scopes,
      [scope]: { hour: counted(used.hour, amount, atMs, 'hour'), day: counted(used.day, amount, atMs, 'day') },
    },
    outstanding: verify_by_ms === null ? outstanding : [...outstanding, { decision_id, scope, verify_by_ms }],
  }
}

/** The decision is verified: its slot is free. Volume and money stay charged, they were spent. */
export function withRelease(activity: Activity, decisionId: string): Activity {
  return { ...activity, outstanding: activity.outstanding.filter((slot) => slot.decision_id !== decisionId) }
}

/** What one scope has used of its budgets, and what risk rules want to know of the agent. */
export type Usage = {
  readonly actions_last_hour: number
  readonly actions_last_day: number
  readonly amount_last_day: number
  readonly outstanding: number
}

/** Use of one scope's budgets in the windows that end at `nowMs`. A bucket that began within the window counts whole. */
export function usageOf(activity: Activity | undefined, scope: ScopeKey, nowMs: number): Usage {
  const used = activity?.scopes[scope] ?? { hour: [], day: [] }
  const day = within(used.day, nowMs, 'day')
  return {
    actions_last_hour: within(used.hour, nowMs, 'hour').reduce((sum, bucket) => sum + bucket.count, 0),
    actions_last_day: day.reduce((sum, bucket) => sum + bucket.count, 0),
    amount_last_day: day.reduce((sum, bucket) => sum + bucket.amount, 0),
    outstanding: (activity?.outstanding ?? []).filter((slot) => slot.scope === scope && slot.verify_by_ms > nowMs).length,
  }
}

/** Counters of the agent as a whole, for risk facts. */
export type Counters = { readonly actions_last_hour: number; readonly denials_last_hour: number; readonly first_use: boolean }

/** Requests and refusals of the last hour, and whether the agent has never asked for this action before. */
export function countersOf(activity: Activity | undefined, action: string, nowMs: number): Counters {
  const hour = within(activity?.requests ?? [], nowMs, 'hour')
  return {
    actions_last_hour: hour.reduce((sum, bucket) => sum + bucket.count, 0),
    denials_last_hour: hour.reduce((sum, bucket) => sum + bucket.denied, 0),
    first_use: !(activity?.actions ?? []).includes(action),
  }
}
