import { z } from 'zod'
import { overLimit } from '../format/limit.ts'

/** Most rules in one document. */
const RISK_RULES_MAX = 500
/** Most points one rule may add. */
const RULE_POINTS_MAX = 10
/** How deep conditions may nest. */
const CONDITION_DEPTH_MAX = 8

/** A plain member path such as `$.arguments.amount`; no other JSONPath expression is evaluated. */
const MemberPath = z.string().regex(/^\$(\.[A-Za-z_][A-Za-z0-9_-]*)+$/u, 'a plain member path such as $.amount.value')

/** Operators of json-rules-engine that rules may use. */
export const OPERATORS = [
  'equal',
  'notEqual',
  'in',
  'notIn',
  'contains',
  'doesNotContain',
  'lessThan',
  'lessThanInclusive',
  'greaterThan',
  'greaterThanInclusive',
] as const

/** The facts that rules can read, and their members; null where the members are the caller's. What `request` says of its circumstances is claimed, what `facts` says is verified. */
export const RISK_FACTS = {
  request: [
    'subject_type',
    'subject_id',
    'action',
    'resource_type',
    'resource_id',
    'environment',
    'session',
    'purpose',
    'jurisdiction',
  ],
  arguments: null,
  action: [
    'name',
    'known',
    'scope',
    'stake',
    'category',
    'blast',
    'reversibility',
    'frequency',
    'static_points',
    'default_level',
    'disposition',
    'negative_signal',
    'classification',
    'rollback_handle',
    'reversible_until',
    'namespace',
    'version',
  ],
  agent: ['id', 'known', 'class', 'tier'],
  trust: ['score', 'level_effective', 'level_granted', 'confidence', 'failure_bound'],
  time: ['hour', 'weekday', 'off_hours'],
  content: ['classification', 'sensitive', 'classes'],
  facts: null,
  amount: ['value'],
  recipients: ['count', 'domains', 'new_domains'],
  records: ['count'],
  destinations: ['count', 'values', 'kinds', 'new', 'new_kinds', 'new_beside_mail'],
  counters: ['actions_last_hour', 'first_use', 'denials_last_hour'],
} as const satisfies Readonly<Record<string, readonly string[] | null>>
/** The name of a fact that rules can read. */
export type RiskFactName = keyof typeof RISK_FACTS
const RISK_FACT_NAMES = Object.keys(RISK_FACTS) as RiskFactName[]

/** Operators that compare numbers. */
export const NUMBER_OPERATORS = ['lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive'] as const
/** Operators whose value is a list. */
const LIST_OPERATORS = ['in', 'notIn'] as const
/** Most entries of the list that `in` and `notIn` compare with. */
const LIST_ENTRIES_MAX = 1_000

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()])

/** One comparison of a member of a fact with a constant. */
export const RuleCondition = z
  .strictObject({
    fact: z.enum(RISK_FACT_NAMES),
    operator: z.enum(OPERATORS),
    value: z.union([scalar, z.array(scalar).min(1).max(LIST_ENTRIES_MAX)]),
    path: MemberPath,
    name: z.string().max(128).optional(),
  })
  .superRefine(({ fact, operator, path, value }, context) => {
    const members: readonly string[] | null = RISK_FACTS[fact]
    const [, member = ''] = path.split('.')
    if (members !== null && member !== '' && !members.includes(member)) {
      context.addIssue({
        code: 'custom',
        path: ['path'],
        message: `fact "${fact}" has no such member; it has: ${members.join(', ')}`,
      })
    }
    const wanted = wantedValue(operator, value)
    if (wanted !== undefined)
      context.addIssue({ code: 'custom', path: ['value'], message: `"${operator}" compares with ${wanted}` })
  })
export type RuleCondition = z.infer<typeof RuleCondition>

/** What the operator should have been given instead of the value; undefined if they go together. */
function wantedValue(operator: (typeof OPERATORS)[number], value: unknown): string | undefined {
  const isList = Array.isArray(value)
  if (LIST_OPERATORS.some((each) => each === operator)) return isList ? undefined : 'a list of values'
  if (NUMBER_OPERATORS.some((each) => each === operator)) return typeof value === 'number' ? undefined : 'a number'
  return isList ? 'a single value' : undefined
}

/** A condition or a group of them. */
export type RuleConditions =
  | RuleCondition
  | { readonly all: readonly RuleConditions[] }
  | { readonly any: readonly RuleConditions[] }
  | { readonly not: RuleConditions }
export const RuleConditions: z.ZodType<RuleConditions> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(RuleConditions).min(1).max(64) }),
    z.strictObject({ any: z.array(RuleConditions).min(1).max(64) }),
    z.strictObject({ not: RuleConditions }),
    RuleCondition,
  ]),
)

function depthOf(conditions: RuleConditions): number {
  if ('not' in conditions) return 1 + depthOf(conditions.not)
  const group = 'all' in conditions ? conditions.all : 'any' in conditions ? conditions.any : []
  return 1 + Math.max(0, ...group.map(depthOf))
}

/** One risk rule: when its conditions hold it adds points, and perhaps duties. Rules only ever add. */
export const RiskRule = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/u, 'lower-case letters, digits and hyphens')
    .max(128),
  reason: z.string().min(1).max(500),
  priority: z.int().min(1).max(1_000).default(1),
  conditions: RuleConditions.refine(
    (conditions) => depthOf(conditions) <= CONDITION_DEPTH_MAX,
    overLimit('conditions are nested', 'risk.condition_depth_max', { max: CONDITION_DEPTH_MAX }),
  ),
  points: z.int().min(0).max(RULE_POINTS_MAX),
  obligations: z.array(z.string().min(1).max(128)).max(16).default([]),
})
export type RiskRule = z.infer<typeof RiskRule>

/** A versioned document of risk rules (`policies/risk/*.json`). */
export const RiskDocument = z.strictObject({
  $schema: z.string().optional(),
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/u)
    .max(128),
  version: z.string().min(1).max(64),
  description: z.string().max(2_000).optional(),
  rules: z
    .array(RiskRule)
    .max(RISK_RULES_MAX)
    .superRefine((rules, context) => {
      const ids = rules.map(({ id }) => id)
      for (const [index, id] of ids.entries())
        if (ids.indexOf(id) !== index)
          context.addIssue({ code: 'custom', path: [index, 'id'], message: `rule id "${id}" is taken; give each rule its own` })
    }),
})
export type RiskDocument = z.infer<typeof RiskDocument>
