import { z } from 'zod'

import { Outcome } from './outcome.ts'

/** Longest name of an obligation, guardrail, source or reason code, in characters. */
export const NAME_CHARS_MAX = 128
/** Longest human-readable reason, in characters. */
export const REASON_CHARS_MAX = 1_000
/** Most obligations, guardrails or list entries one term may carry. */
export const TERM_ITEMS_MAX = 256

/** Who fulfils a duty: the decision point itself, or the enforcement point that asked. */
const PERFORMERS = ['pdp', 'pep'] as const

/** A duty attached to an outcome. Two obligations are the same when their canonical JSON is. */
export const Obligation = z.strictObject({
  id: z.string().min(1).max(NAME_CHARS_MAX),
  performer: z.enum(PERFORMERS),
  properties: z
    .record(z.string().max(NAME_CHARS_MAX), z.union([z.string().max(REASON_CHARS_MAX), z.number(), z.boolean()]))
    .optional(),
})
export type Obligation = z.infer<typeof Obligation>

/** A bound on what may be done: a numeric cap (lower is tighter) or an allow-list (smaller is tighter). */
export const Guardrail = z.union([z.number().nonnegative(), z.array(z.string().min(1).max(NAME_CHARS_MAX)).max(TERM_ITEMS_MAX)])
export type Guardrail = z.infer<typeof Guardrail>

/** Guardrails by name. Names end in their meaning and unit, e.g. `amount_max`, `tool_actions_per_hour_max`, `recipient_domains`; what ends in `_max` is a number. */
export const Guardrails = z.record(z.string().min(1).max(NAME_CHARS_MAX), Guardrail)
export type Guardrails = z.infer<typeof Guardrails>

/** Terms without which there is no decision: one that is missing, undefined or there twice is deny, `term_missing`. */
export const MANDATORY_SOURCES = ['base', 'trust', 'risk', 'category', 'chain', 'containment', 'incident', 'hard'] as const
/** Where a term of the meet comes from. */
export const SOURCES = [...MANDATORY_SOURCES, 'context', 'guardrails', 'pact'] as const
export const Source = z.enum(SOURCES)
export type Source = z.infer<typeof Source>
/** The mandatory terms that only the graduation bundle supplies, exactly once each. */
export const BUNDLE_SOURCES = ['trust', 'risk', 'category'] as const satisfies readonly Source[]

/** One term of the meet: the highest outcome its source concedes, with the duties and bounds that go with it. */
export const Ceiling = z.strictObject({
  source: Source,
  outcome: Outcome,
  reason: z.string().min(1).max(REASON_CHARS_MAX),
  obligations: z.array(Obligation).max(TERM_ITEMS_MAX).default([]),
  guardrails: Guardrails.default({}),
})
export type Ceiling = z.infer<typeof Ceiling>
