import { z } from 'zod'

import { canonicalJson, sha256Hex } from '../../format/canonical-json.ts'
import { MINUTE_MS } from '../../format/time.ts'
import type { Alert } from '../../ledger/alert.ts'
import type { Hit } from './hits.ts'
import type { MonitoringRule } from './settings.ts'

/** Most groups that a rule counts apart; the one that was not seen for longest makes room. */
export const RULE_GROUPS_MAX = 1_000
/** A window is counted in so many parts, and one more, so that it is never counted too short. */
const PARTS = 12

const atMs = z.int().nonnegative()
const Group = z.strictObject({
  group: z.string(),
  /** Parts of the window with what was counted in each, oldest first. */
  parts: z.array(z.tuple([z.int(), z.int()])).max(PARTS + 1),
  alerted_ms: atMs.nullable(),
})
/** What is remembered of one rule. `digest`: of the rule as it was; another rule of its name begins anew. */
const RuleState = z.strictObject({
  digest: z.string(),
  since_ms: atMs,
  groups: z.array(Group).max(RULE_GROUPS_MAX),
  /** The window that is being counted, for too few. */
  current: z.strictObject({ index: z.int(), count: z.int() }),
  below_alerted_ms: atMs.nullable(),
})
/** What is remembered of all rules; bounded, and without anything of a request. */
export const RulesState = z.record(z.string(), RuleState)
export type RulesState = z.infer<typeof RulesState>

/** An alert with the name that it has whenever the same records give it again, and whose it is. */
export type Raised = { readonly id: string; readonly tenant: string; readonly at_ms: number; readonly alert: Alert }

/** A record as far as rules are concerned. */
export type RuleSighting = { readonly atMs: number; readonly recordId: string; readonly hits: readonly Hit[] }

/** Counts hits in the order of the log. The same records give the same alerts. */
export type RuleFold = {
  readonly add: (sighting: RuleSighting) => readonly Raised[]
  /** Time passed: windows that are over may have had too few. */
  readonly tick: (nowMs: number) => readonly Raised[]
  readonly state: () => RulesState
}

type Counted = { parts: (readonly [number, number])[]; alertedMs: number | null }
type Watch = {
  readonly rule: MonitoringRule
  readonly digest: string
  readonly sinceMs: number
  /** The one that was seen last stands last. */
  readonly groups: Map<string, Counted>
  current: { index: number; count: number }
  belowAlertedMs: number | null
}

/** Goes on from what is remembered; a rule that is new, or was changed, begins at `nowMs`. */
export function createRuleFold(rules: readonly MonitoringRule[], remembered: RulesState, nowMs: number): RuleFold {
  const watches = new Map(rules.map((rule) => [rule.id, watchOf(rule, remembered[rule.id], nowMs)]))
  return {
    add: ({ atMs: at, recordId, hits }) =>
      hits.flatMap(({ rule, group }) => {
        const watch = watches.get(rule)
        return watch === undefined ? [] : [...rolled(watch, at), ...counted(watch, group, at, recordId)]
      }),
    tick: (now) => [...watches.values()].flatMap((watch) => rolled(watch, now)),
    state: () => Object.fromEntries([...watches].map(([id, watch]) => [id, stateOf(watch)])),
  }
}

function watchOf(rule: MonitoringRule, remembered: RulesState[string] | undefined, nowMs: number): Watch {
  const digest = sha256Hex(canonicalJson(rule))
  if (remembered?.digest !== digest)
    return {
      rule,
      digest,
      sinceMs: nowMs,
      groups: new Map(),
      current: { index: Math.floor(nowMs / windowMs(rule)), count: 0 },
      belowAlertedMs: null,
    }
  const { since_ms, groups, current, below_alerted_ms } = remembered
  return {
    rule,
    digest,
    sinceMs: since_ms,
    groups: new Map(groups.map(({ group, parts, alerted_ms }) => [group, { parts: [...parts], alertedMs: alerted_ms }])),
    current: { ...current },
    belowAlertedMs: below_alerted_ms,
  }
}

function stateOf({ digest, sinceMs, groups, current, belowAlertedMs }: Watch): RulesState[string] {
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

/** One more record; an alert where the window holds more than it may, unless there was one of late. */
function counted(watch: Watch, name: string, nowMs: number, recordId: string): readonly Raised[] {
  const { rule, groups } = watch
  if (rule.kind === 'volume' && rule.below !== undefined) watch.current.count += 1
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
  return [raised(watch, { name, found, bound: { above }, fromMs, untilMs: nowMs, recordId })]
}

/** Windows that are over: too few in the last of them is an alert, where the rule watched all of it. */
function rolled(watch: Watch, nowMs: number): readonly Raised[] {
  const { rule, current } = watch
  if (rule.kind !== 'volume' || rule.below === undefined) return []
  const { below } = rule
  const size = windowMs(rule)
  const index = Math.floor(nowMs / size)
  if (index <= current.index) return []
  watch.current = { index, count: 0 }
  const over = index - 1
  const found = over === current.index ? current.count : 0
  const tooEarly = over * size < watch.sinceMs
  const isTold = watch.belowAlertedMs !== null && nowMs - watch.belowAlertedMs < cooldownMs(rule)
  if (found >= below || tooEarly || isTold) return []
  watch.belowAlertedMs = nowMs
  return [raised(watch, { name: '', found, bound: { below }, fromMs: over * size, untilMs: index * size, recordId: null })]
}

type Finding = {
  readonly name: string
  readonly found: number
  readonly bound: Alert['bound']
  readonly fromMs: number
  readonly untilMs: number
  readonly recordId: string | null
}

function raised({ rule, digest }: Watch, { name, found, bound, fromMs, untilMs, recordId }: Finding): Raised {
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
