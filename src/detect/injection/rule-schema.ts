import { z } from 'zod'

import { DetectRuleId } from '../sequence-rules.ts'

const MEANING_CHARS_MAX = 500
const WORD_CHARS_MAX = 64
const LITERAL_CHARS_MAX = 128
const STEPS_MAX = 8
const ALTERNATIVES_MAX = 64
const PATTERNS_MAX = 64
const GAP_WORDS_MAX = 12

const meaning = z.string().min(1).max(MEANING_CHARS_MAX)
const confidence = z.number().min(0).max(1)
/** Of signs of one group only the strongest counts; a rule without one stands for itself. */
const group = DetectRuleId.optional()
const word = z
  .string()
  .min(1)
  .max(WORD_CHARS_MAX)
  .regex(/^(?:[\p{Ll}\p{Lo}\p{N}]+|[.+])$/u, 'a word is lower-case letters and digits, without spaces or punctuation')

/** Kinds of characters that a reader does not see and a model does. */
export const CHARACTER_KINDS = ['tag', 'bidi_control', 'zero_width'] as const

/**
 * What one injection rule looks for. `words`: any of the phrases, each an ordered list of steps, each step any of its words, with at most
 * `gap_words` other words between two steps. The word `.` is where a sentence, a line or a quotation begins or ends; a step that begins with `+` follows
 * directly. `literal`: any of the texts, case and spelling folded. `characters`: at least `count_min` characters of
 * a kind. No regular expressions: every kind is looked for in time linear in the text.
 */
export const InjectionRule = z.discriminatedUnion('kind', [
  z
    .strictObject({
      id: DetectRuleId,
      kind: z.literal('words'),
      meaning,
      confidence,
      group,
      gap_words: z.int().min(0).max(GAP_WORDS_MAX).default(3),
      phrases: z
        .array(z.array(z.array(word).min(1).max(ALTERNATIVES_MAX).readonly()).min(1).max(STEPS_MAX).readonly())
        .min(1)
        .max(PATTERNS_MAX)
        .readonly(),
    })
    .readonly(),
  z
    .strictObject({
      id: DetectRuleId,
      kind: z.literal('literal'),
      meaning,
      confidence,
      group,
      texts: z.array(z.string().min(3).max(LITERAL_CHARS_MAX)).min(1).max(PATTERNS_MAX).readonly(),
    })
    .readonly(),
  z
    .strictObject({
      id: DetectRuleId,
      kind: z.literal('characters'),
      meaning,
      confidence,
      group,
      characters: z.enum(CHARACTER_KINDS),
      count_min: z.int().min(1).max(1_000),
    })
    .readonly(),
])
export type InjectionRule = z.infer<typeof InjectionRule>

/** Most injection rules in force. */
const INJECTION_RULES_MAX = 64

/** Injection rules; ids are unique. */
export const InjectionRules = z
  .array(InjectionRule)
  .max(INJECTION_RULES_MAX)
  .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'two injection rules have the same id: rename one')
  .readonly()
export type InjectionRules = z.infer<typeof InjectionRules>
