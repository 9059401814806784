import type { ScopeKey } from '../model/scope.ts'
import {
  type Activity,
  type ActivityBucket,
  type ActivityBuckets,
  BUCKET_MS,
  type Owed,
  OWED_MAX,
  REMEMBERED_NAMES_MAX,
  WINDOW_MS,
} from './documents/activity.ts'

type Window = keyof typeof WINDOW_MS

/** An agent that has done nothing yet. */
export function newActivity(): Activity {
  return { scopes: {}, requests: [], outstanding: [], actions: [], domains: [] }
}

const bucketStart = (atMs: number, window: Window): number => atMs - (atMs % BUCKET_MS[window])
const isWithin = (startMs: number, nowMs: number, window: Window): boolean =>
  startMs > nowMs - WINDOW_MS[window] - BUCKET_MS[window]

/** The buckets that a window ending at `nowMs` touches; each counts whole. */
function within<T extends { readonly start_ms: number }>(buckets: readonly T[], nowMs: number, window: Window): readonly T[] {
  return buckets.filter((bucket) => isWithin(bucket.start_ms, nowMs, window))
}

function remember(names: readonly string[], added: readonly string[]): readonly string[] {
  if (added.every((name) => names.includes(name))) return names
  const all = [...names.filter((name) => !added.includes(name)), ...new Set(added)]
  return all.slice(-REMEMBERED_NAMES_MAX)
}

/** One request came in: counters for risk facts. `action` and `domains` are what ran; null and empty where nothing did. */
export function withRequest(
  activity: Activity,
  seen: {
    readonly action: string | null
    readonly denied: boolean
    readonly domains: readonly string[]
    readonly destinations?: readonly string[] | undefined
    readonly escalation?: true | undefined
  },
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
    actions: [...remember(activity.actions, seen.action === null ? [] : [seen.action])],
    domains: [...remember(activity.domains, seen.domains)],
    ...(seen.destinations === undefined ? {} : { destinations: [...remember(activity.destinations ?? [], seen.destinations)] }),
    ...(seen.escalation === true ? { escalations: counted(activity.escalations ?? [], 0, atMs, 'day') } : {}),
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

/** Scope, tool and buckets of everything counted. Own members only, so that no tool's name reaches a prototype. */
function entriesOf(activity: Activity): readonly (readonly [scope: ScopeKey, tool: string, used: ActivityBuckets])[] {
  return Object.entries(activity.scopes).flatMap(([scope, tools]) =>
    Object.entries(tools).map(([tool, used]) => [scope, tool, used] as const),
  )
}

/** What is counted, without what is older than every window. */
function recent(activity: Activity, atMs: number): Activity['scopes'] {
  const isRecent = (used: ActivityBuckets): boolean => used.day.some(({ start_ms }) => isWithin(start_ms, atMs, 'day'))
  const scopes = Object.entries(activity.scopes).map(([scope, tools]) => {
    const kept = Object.entries(tools).filter(([, used]) => isRecent(used))
    return [scope, Object.fromEntries(kept)] as const
  })
  return Object.fromEntries(scopes.filter(([, tools]) => Object.keys(tools).length > 0))
}

/** One decision lets something run: volume, money, and perhaps an outstanding slot. */
export function withCharge(
  activity: Activity,
  charge: {
    readonly scope: ScopeKey
    /** Null: a tool outside the catalogue; all of them are counted as one. */
    readonly tool: string | null
    readonly decision_id: string
    readonly amount: number
    readonly verify_by_ms: number | null
    readonly due?: true | undefined
  },
  atMs: number,
): Activity {
  const { scope, amount, decision_id, verify_by_ms } = charge
  const due = charge.due === true ? { due: true as const } : {}
  const tool = charge.tool ?? ''
  const scopes = recent(activity, atMs)
  const tools = new Map(Object.entries(scopes[scope] ?? {}))
  const used = tools.get(tool) ?? { hour: [], day: [] }
  tools.set(tool, { hour: counted(used.hour, amount, atMs, 'hour'), day: counted(used.day, amount, atMs, 'day') })
  // What is due goes only with the record that counts it as missed, or as verified.
  const outstanding = activity.outstanding.filter(
    (slot) => (slot.due === true || slot.verify_by_ms > atMs) && slot.decision_id !== decision_id,
  )
  return {
    ...activity,
    scopes: { ...scopes, [scope]: Object.fromEntries(tools) },
    outstanding: verify_by_ms === null ? outstanding : [...outstanding, { decision_id, scope, tool, verify_by_ms, ...due }],
  }
}

/** One decision has to be verified that charged nothing; beyond `OWED_MAX` there is no room, and nothing changes. */
export function withOwed(activity: Activity, { decision_id, scope, verify_by_ms }: Owed): Activity {
  const others = (activity.owed ?? []).filter((slot) => slot.decision_id !== decision_id)
  return others.length >= OWED_MAX ? activity : { ...activity, owed: [...others, { decision_id, scope, verify_by_ms }] }
}

/** The decision is verified: its slot is free. Volume and money stay charged, they were spent. */
export function withRelease(activity: Activity, decisionId: string): Activity {
  const isOther = (slot: Owed): boolean => slot.decision_id !== decisionId
  return {
    ...activity,
    outstanding: activity.outstanding.filter(isOther),
    ...(activity.owed === undefined ? {} : { owed: activity.owed.filter(isOther) }),
  }
}

/**
 * How far a budget reaches: everything its account does, one trust scope in both stake classes, one scope in the stake class of the
 * action (where trust is earned), or one tool.
 */
export type Reach = 'account' | 'scope' | 'stake' | 'tool'

/** The scope and tool of an action; null for a tool outside the catalogue. */
export type UsagePlace = { readonly scope: ScopeKey; readonly tool: string | null }

/** What of its budgets an account has used. */
export type Usage = {
  readonly actions_last_hour: number
  readonly actions_last_day: number
  readonly amount_last_day: number
  readonly outstanding: number
}

const categoryOf = (scope: ScopeKey): string => scope.slice(0, scope.lastIndexOf(':'))

function reaches(reach: Reach, place: UsagePlace): (scope: ScopeKey, tool: string) => boolean {
  switch (reach) {
    case 'account':
      return () => true
    case 'scope':
      return (scope) => categoryOf(scope) === categoryOf(place.scope)
    case 'stake':
      return (scope) => scope === place.scope
    case 'tool':
      return (_scope, tool) => tool === (place.tool ?? '')
  }
}

/** Use within a reach in the windows that end at `nowMs`. A bucket that began within the window counts whole. */
export function usageOf(activity: Activity | undefined, reach: Reach, place: UsagePlace, nowMs: number): Usage {
  const isMeant = reaches(reach, place)
  const used = entriesOf(activity ?? newActivity()).filter(([scope, tool]) => isMeant(scope, tool))
  const day = used.flatMap(([, , buckets]) => within(buckets.day, nowMs, 'day'))
  const hour = used.flatMap(([, , buckets]) => within(buckets.hour, nowMs, 'hour'))
  const slots = (activity?.outstanding ?? []).filter((slot) => isMeant(slot.scope, slot.tool) && slot.verify_by_ms > nowMs)
  return {
    actions_last_hour: hour.reduce((sum, { count }) => sum + count, 0),
    actions_last_day: day.reduce((sum, { count }) => sum + count, 0),
    amount_last_day: day.reduce((sum, { amount }) => sum + amount, 0),
    outstanding: slots.length,
  }
}

/** Counters of the agent as a whole, for risk facts. */
export type Counters = { readonly actions_last_hour: number; readonly denials_last_hour: number; readonly first_use: boolean }

/** Requests and refusals of the last hour, and whether this action has never run before. */
export function countersOf(activity: Activity | undefined, action: string, nowMs: number): Counters {
  const hour = within(activity?.requests ?? [], nowMs, 'hour')
  return {
    actions_last_hour: hour.reduce((sum, bucket) => sum + bucket.count, 0),
    denials_last_hour: hour.reduce((sum, bucket) => sum + bucket.denied, 0),
    first_use: !(activity?.actions ?? []).includes(action),
  }
}

/** How often an account asked for a permission escalation within the last day. */
export function escalationsOf(activity: Activity | undefined, nowMs: number): number {
  return within(activity?.escalations ?? [], nowMs, 'day').reduce((sum, { count }) => sum + count, 0)
}
