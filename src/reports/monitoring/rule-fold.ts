import { z } from 'zod'

import { canonicalJson, sha256Hex } from '../../format/canonical-json.ts'
import { MINUTE_MS } from '../../format/time.ts'
import type { Alert } from '../../ledger/alert.ts'
import type { Hit } from './hits.ts'
import type { MonitoringRule } from './settings.ts'

/** Most groups of one rule; beyond that the group not seen for longest is dropped. */
export const RULE_GROUPS_MAX = 1_000
/** A window slides in this many parts. One more is kept, so that the counted time is never shorter than the window. */
const PARTS = 12

const atMs = z.int().nonnegative()
const Group = z.strictObject({
  group: z.string(),
  /** Pairs of part index and count, oldest first. */
  parts: z.array(z.tuple([z.int(), z.int()])).max(PARTS + 1),
  alerted_ms: atMs.nullable(),
})
/** The saved state of one rule. `digest` is that of the rule: after a change of the rule the state no longer counts. */
const RuleState = z.strictObject({
  digest: z.string(),
  since_ms: atMs,
  groups: z.array(Group).max(RULE_GROUPS_MAX),
  /** The current fixed window, for rules with `below`. */
  current: z.strictObject({ index: z.int(), count: z.int() }),
  below_alerted_ms: atMs.nullable(),
})
/** The saved state of all rules. It is bounded, and holds nothing of a request. */
export const RulesState = z.record(z.string(), RuleState)
export type RulesState = z.infer<typeof RulesState>

/** An alert of a tenant. The same records always give the same id, so that a restart does not repeat it. */
export type Raised = { readonly id: string; readonly tenant: string; readonly at_ms: number; readonly alert: Alert }

/** What rules need of a record. */
export type RuleSighting = { readonly atMs: number; readonly recordId: string; readonly hits: readonly Hit[] }

/** Counts hits in the order of the log. The same records give the same alerts. */
export type RuleFold = {
  readonly add: (sighting: RuleSighting) => readonly Raised[]
  /** Ends windows by the clock; one with too few records gives an alert. */
  readonly tick: (nowMs: number) => readonly Raised[]
  readonly state: () => RulesState
}

type Counted = { parts: (readonly [number, number])[]; alertedMs: number | null }
type RuleProgress = {
  readonly rule: MonitoringRule
  readonly digest: string
  readonly sinceMs: number
  /** The group seen last stands last. */
  readonly groups: Map<string, Counted>
  current: { index: number; count: number }
  belowAlertedMs: number | null
}

/** Continues from saved state; a new or changed rule starts at `nowMs`. */
export function createRuleFold(rules: readonly MonitoringRule[], saved: RulesState, nowMs: number): RuleFold {
  const progresses = new Map(rules.map((rule) => [rule.id, progressOf(rule, saved[rule.id], nowMs)]))
  return {
    add: ({ atMs: at, recordId, hits }) =>
      hits.flatMap(({ rule, group }) => {
        const progress = progresses.get(rule)
        return progress === undefined ? [] : [...closeWindows(progress, at), ...countHit(progress, group, at, recordId)]
      }),
    tick: (now) => [...progresses.values()].flatMap((progress) => closeWindows(progress, now)),
    state: () => Object.fromEntries([...progresses].map(([id, progress]) => [id, stateOf(progress)])),
  }
}

function progressOf(rule: MonitoringRule, saved: RulesState[string] | undefined, nowMs: number): RuleProgress {
  const digest = sha256Hex(canonicalJson(rule))
  if (saved?.digest !== digest)
    return {
      rule,
      digest,
      sinceMs: nowMs,
      groups: new Map(),
      current: { index: Math.floor(nowMs / windowMs(rule)), count: 0 },
      belowAlertedMs: null,
    }
  const { since_ms, groups, current, below_alerted_ms } = saved
  return {
    rule,
    digest,
    sinceMs: since_ms,
    groups: new Map(groups.map(({ group, parts, alerted_ms }) => [group, { parts: [...parts], alertedMs: alerted_ms }])),
    current: { ...current },
    belowAlertedMs: below_alerted_ms,
  }
}

function stateOf({ digest, sinceMs, groups, current, belowAlertedMs }: RuleProgress): RulesState[string] {
  return {
    digest,
    since_ms: sinceMs,
    groups: [...groups].map(([group, { parts, alertedMs }]) => ({
      group,
      parts: parts.map(([index, count]) => [index, count]),
      alerted_ms: alertedMs,
    })),
    current: { ...current },
    below_alerted_ms: belowAlertedMs,
  }
}

function windowMs({ window_minutes }: MonitoringRule): number {
  return window_minutes * MINUTE_MS
}

function cooldownMs(rule: MonitoringRule): number {
  return (rule.cooldown_minutes ?? rule.window_minutes) * MINUTE_MS
}

/** Counts one record; gives an alert if the window holds more than `above`, and the last alert is not too recent. */
function countHit(progress: RuleProgress, name: string, nowMs: number, recordId: string): readonly Raised[] {
  const { rule, groups } = progress
  if (rule.kind === 'volume' && rule.below !== undefined) progress.current.count += 1
  const { above } = rule
  if (above === undefined) return []
  const partMs = windowMs(rule) / PARTS
  const index = Math.floor(nowMs / partMs)
  const group = groups.get(name) ?? { parts: [], alertedMs: null }
  groups.delete(name)
  groups.set(name, group)
  if (groups.size > RULE_GROUPS_MAX) groups.delete(groups.keys().next().value ?? '')
  const kept = group.parts.filter(([each]) => each >= index - PARTS)
  const last = kept.at(-1)
  group.parts = last?.[0] === index ? [...kept.slice(0, -1), [index, last[1] + 1]] : [...kept, [index, 1]]
  const found = group.parts.reduce((sum, [, count]) => sum + count, 0)
  if (found <= above || (group.alertedMs !== null && nowMs - group.alertedMs < cooldownMs(rule))) return []
  group.alertedMs = nowMs
  const fromMs = Math.max((group.parts[0]?.[0] ?? index) * partMs, 0)
  return [raised(progress, { name, found, bound: { above }, fromMs, untilMs: nowMs, recordId })]
}

/** Closes finished windows; gives an alert if the last one held less than `below`, and the rule existed throughout it. */
function closeWindows(progress: RuleProgress, nowMs: number): readonly Raised[] {
  const { rule, current } = progress
  if (rule.kind !== 'volume' || rule.below === undefined) return []
  const { below } = rule
  const size = windowMs(rule)
  const index = Math.floor(nowMs / size)
  if (index <= current.index) return []
  progress.current = { index, count: 0 }
  const finished = index - 1
  const found = finished === current.index ? current.count : 0
  const startedLater = finished * size < progress.sinceMs
  const alertedRecently = progress.belowAlertedMs !== null && nowMs - progress.belowAlertedMs < cooldownMs(rule)
  if (found >= below || startedLater || alertedRecently) return []
  progress.belowAlertedMs = nowMs
  return [raised(progress, { name: '', found, bound: { below }, fromMs: finished * size, untilMs: index * size, recordId: null })]
}

type Finding = {
  readonly name: string
  readonly found: number
  readonly bound: Alert['bound']
  readonly fromMs: number
  readonly untilMs: number
  readonly recordId: string | null
}

function raised({ rule, digest }: RuleProgress, { name, found, bound, fromMs, untilMs, recordId }: Finding): Raised {
  const group = rule.per === 'all' ? null : name
  const place = recordId ?? String(untilMs)
  const id = `alert-${sha256Hex(canonicalJson({ rule: rule.id, digest, group, place })).slice(0, 40)}`
  return {
    id,
    tenant: rule.records.tenant,
    at_ms: untilMs,
    alert: {
      rule: rule.id,
      kind: rule.kind,
      severity: rule.severity,
      group,
      found,
      bound,
      from: new Date(fromMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      message: messageOf(rule, group, found),
      record_id: recordId,
    },
  }
}

function messageOf(rule: MonitoringRule, group: string | null, found: number): string {
  const what = {
    volume: 'records',
    unexpected: `records with an unexpected ${rule.kind === 'unexpected' ? rule.of : ''}`,
    range: `records with a value out of range at ${rule.kind === 'range' ? `${rule.in}${rule.pointer}` : ''}`,
  }[rule.kind]
  const whose = group === null ? '' : ` of ${rule.per} "${group}"`
  return `${found} ${what}${whose} within ${rule.window_minutes} minutes`.slice(0, 1_000)
}
