import { z } from 'zod'

import { ActionCategory, Classification } from '../catalogue/catalogue-file.ts'
import { ToolCategory } from '../model/scope.ts'

/** Most sequence rules. */
const SEQUENCE_RULES_MAX = 32
/** Most steps of one rule. */
export const SEQUENCE_STEPS_MAX = 6
/** Longest id of a rule of a detector, characters. */
const RULE_ID_CHARS_MAX = 64
/** Longest pattern of action names, characters. */
const ACTION_PATTERN_CHARS_MAX = 256
const MEANING_CHARS_MAX = 500
const SECONDS_MAX = 7 * 86_400
const LIST_MAX = 64

/** Id of a rule of a detector: lower-case letters, digits, `_`, `-`. */
export const DetectRuleId = z
  .string()
  .max(RULE_ID_CHARS_MAX)
  .regex(/^[a-z][a-z0-9_-]*$/u, 'a rule id is lower-case letters, digits, "_" or "-", and starts with a letter')
export type DetectRuleId = z.infer<typeof DetectRuleId>

/** What an action must be to be a step; members that are absent match anything, those that are there must all match. */
export const SequenceStep = z
  .strictObject({
    /** Kinds of action, any of them. */
    category: z.array(ActionCategory).min(1).max(LIST_MAX).readonly().optional(),
    /** Tool categories (the first half of a trust scope), any of them. */
    scope: z.array(ToolCategory).min(1).max(LIST_MAX).readonly().optional(),
    /** Name of the action; `*` stands for any characters. */
    action: z.string().min(1).max(ACTION_PATTERN_CHARS_MAX).optional(),
    /** Least classification of the data. */
    classification_at_least: Classification.optional(),
    /** Whether an action whose classification nobody knows counts as high enough; without it, it does not. */
    or_unclassified: z.boolean().optional(),
    /** Whether it goes out of the organisation. */
    external: z.boolean().optional(),
    /** Whether it destroys. */
    destructive: z.boolean().optional(),
    /** Whether it was let run; absent: an attempt counts. */
    ran: z.boolean().optional(),
  })
  .readonly()
export type SequenceStep = z.infer<typeof SequenceStep>

/** Actions that are harmless alone and not in this order: "reads restricted data, then sends outside within ten minutes". */
export const SequenceRule = z
  .strictObject({
    id: DetectRuleId,
    meaning: z.string().min(1).max(MEANING_CHARS_MAX),
    steps: z.array(SequenceStep).min(2).max(SEQUENCE_STEPS_MAX).readonly(),
    /** From the first step to the last, seconds. */
    within_seconds: z.number().positive().max(SECONDS_MAX),
    /** `session`: all steps in one session (an action without a session belongs to every one). `agent`: in any. */
    reach: z.enum(['session', 'agent']).default('agent'),
    verdict: z.enum(['suspicious', 'anomalous']).default('anomalous'),
  })
  .readonly()
export type SequenceRule = z.infer<typeof SequenceRule>

/** The sequence rules of a policy set: ids are unique. */
export const SequenceRules = z
  .array(SequenceRule)
  .max(SEQUENCE_RULES_MAX)
  .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'two sequence rules have the same id: rename one')
  .readonly()
export type SequenceRules = z.infer<typeof SequenceRules>

/** The rules that hold unless the configuration names others. */
export const DEFAULT_SEQUENCE_RULES: SequenceRules = [
  {
    id: 'sensitive_read_then_external_send',
    meaning: 'restricted or confidential data was read, and within ten minutes something was sent outside',
    steps: [{ classification_at_least: 'confidential', ran: true }, { external: true }],
    within_seconds: 600,
    reach: 'agent',
    verdict: 'anomalous',
  },
  {
    id: 'permission_change_then_destruction',
    meaning: 'permissions were changed or tried to be changed, and within an hour something was to be destroyed',
    steps: [{ category: ['permission_escalation'] }, { destructive: true }],
    within_seconds: 3_600,
    reach: 'agent',
    verdict: 'anomalous',
  },
]
