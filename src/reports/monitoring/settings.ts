import { z } from 'zod'

import { AlertSeverity } from '../../ledger/alert.ts'
import { RecordKind } from '../../ledger/record.ts'
import { NAME_CHARS_MAX } from '../../model/ceiling.ts'
import { Outcome } from '../../model/outcome.ts'
import { TYPE_CHARS_MAX } from '../../model/request.ts'
import { ScopeKey } from '../../model/scope.ts'
import { SettingsId, uniqueIds } from '../../model/settings-id.ts'

/** Longest window of a rule, minutes: a week. */
const WINDOW_MINUTES_MAX = 10_080
/** Most rules of one configuration. */
const MONITORING_RULES_MAX = 256

const name = z.string().min(1).max(NAME_CHARS_MAX)
const list = <T extends z.ZodType>(entry: T) => z.array(entry).min(1).max(256)

/** Which records a rule looks at. All members that are given must match. Without `kinds`: decisions. */
export const RuleFilter = z.strictObject({
  kinds: list(RecordKind.exclude(['alert'])).default(['decision']),
  /** The answered outcome, or the class of a report. */
  outcomes: list(z.union([Outcome, z.string().min(1).max(64)])).optional(),
  agents: list(name).optional(),
  actions: list(name).optional(),
  /** Only decisions have a scope. */
  scopes: list(ScopeKey).optional(),
  /** A rule watches one tenant, and its alerts belong to that tenant. */
  tenant: z.string().min(1).max(TYPE_CHARS_MAX).default('default'),
})
export type RuleFilter = z.infer<typeof RuleFilter>

const common = {
  id: SettingsId,
  severity: AlertSeverity.default('warning'),
  records: RuleFilter.prefault({}),
  window_minutes: z.int().min(1).max(WINDOW_MINUTES_MAX),
  /** Minutes without another alert of this rule for the same group (see `per`). Default: the window. */
  cooldown_minutes: z.int().min(1).max(WINDOW_MINUTES_MAX).optional(),
  /** Each agent, action or scope is a group with a count of its own. */
  per: z.enum(['all', 'agent', 'action', 'scope']).default('all'),
}
const above = z.int().min(0).max(1_000_000_000)

/** More than `above`, or fewer than `below`, records within the window. */
const VolumeRule = z.strictObject({
  ...common,
  kind: z.literal('volume'),
  above: above.optional(),
  below: above.min(1).optional(),
})
/** Records with a value outside `expected`. `missing`: whether a request without such a value counts. */
const UnexpectedRule = z.strictObject({
  ...common,
  kind: z.literal('unexpected'),
  of: z.enum(['classification', 'jurisdiction', 'resource_type']),
  expected: list(name),
  missing: z.enum(['ignore', 'count']).default('ignore'),
  above: above.default(0),
})
/** Records whose value at `pointer` is outside the range or is not a number. */
const RangeRule = z.strictObject({
  ...common,
  kind: z.literal('range'),
  in: z.enum(['arguments', 'detail', 'result']),
  pointer: z
    .string()
    .max(512)
    .regex(/^(?:\/(?:[^/~]|~[01])*)*$/u, 'a JSON Pointer'),
  min: z.number().optional(),
  max: z.number().optional(),
  missing: z.enum(['ignore', 'count']).default('ignore'),
  above: above.default(0),
})

/** One rule over a time window of the log; it gives an alert when its bound is exceeded. */
export const MonitoringRule = z
  .discriminatedUnion('kind', [VolumeRule, UnexpectedRule, RangeRule])
  .superRefine((rule, context) => {
    const wrong = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (rule.kind === 'volume') {
      if (rule.above === undefined && rule.below === undefined) wrong('above', 'give "above", "below", or both')
      if (rule.below !== undefined && rule.per !== 'all')
        wrong('below', `who is not seen at all cannot be counted per ${rule.per}: leave "per" out`)
    }
    if (rule.kind === 'range') {
      if (rule.min === undefined && rule.max === undefined) wrong('min', 'give "min", "max", or both')
      if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max) wrong('max', 'is below "min"')
      const needed = rule.in === 'arguments' ? 'decision' : 'outcome'
      if (rule.in === 'arguments' && !rule.records.kinds.includes('decision'))
        wrong('in', `only records of the kind "${needed}" have arguments`)
      if (rule.in !== 'arguments' && rule.records.kinds.every((kind) => kind === 'decision'))
        wrong('in', `a decision has no ${rule.in}: set records.kinds, such as [outcome]`)
    }
    if (rule.kind === 'unexpected' && !rule.records.kinds.includes('decision'))
      wrong('of', `only records of the kind "decision" have a ${rule.of}`)
  })
export type MonitoringRule = z.infer<typeof MonitoringRule>

/** The monitoring rules of a configuration. */
export const MonitoringRules = z.array(MonitoringRule).max(MONITORING_RULES_MAX).superRefine(uniqueIds('rule'))

/** `monitoring` of the configuration. */
export const MonitoringSettings = z.strictObject({ rules: MonitoringRules.default([]) }).prefault({})
