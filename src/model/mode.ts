import { z } from 'zod'

import { NAME_CHARS_MAX, SOURCES } from './ceiling.ts'
import { identifier } from './identifier.ts'
import { ID_CHARS_MAX, TYPE_CHARS_MAX } from './request.ts'
import { ScopeKey } from './scope.ts'

/** Whether an answer is enforced, or only what it would have been is recorded. */
export const MODES = ['enforce', 'observe'] as const
export const Mode = z.enum(MODES)
export type Mode = z.infer<typeof Mode>

/** Terms that can be observed alone. The base is always the answer's bound, and what a person contained stays contained. */
export const OBSERVABLE_SOURCES = SOURCES.filter((source) => source !== 'base' && source !== 'containment')
export type ObservableSource = (typeof OBSERVABLE_SOURCES)[number]

/**
 * One line of `modes` in the configuration. Who it is about, most specific wins: scope before agent before tenant, more named
 * before fewer. `term` or `rules` make it about one term of the meet or one rule document only.
 */
export const ModeRule = z
  .strictObject({
    mode: Mode,
    tenant: identifier(TYPE_CHARS_MAX).optional(),
    agent: identifier(ID_CHARS_MAX).optional(),
    scope: ScopeKey.optional(),
    /** One term of the meet, such as `category`. */
    term: z.enum(OBSERVABLE_SOURCES).optional(),
    /** One rule document, by its id. */
    rules: z.string().min(1).max(NAME_CHARS_MAX).optional(),
    /** Of the sessions, how many are enforced, 0–100; the others are observed. A session stays on its side. */
    percent: z.number().min(0).max(100).optional(),
  })
  .refine((rule) => rule.term === undefined || rule.rules === undefined, {
    message: 'a mode is about a term or about a rule document, not both',
    path: ['rules'],
  })
  .refine((rule) => rule.percent === undefined || rule.mode === 'enforce', {
    message: 'percent says how many sessions are enforced, so it goes with mode: enforce',
    path: ['percent'],
  })
export type ModeRule = z.infer<typeof ModeRule>

/** The mode of one decision, as established before it and kept in its record. */
export type ModeFacts = {
  readonly mode: Mode
  /** Terms left out of what is enforced, sorted. */
  readonly observed_terms: readonly ObservableSource[]
  /** Rule documents left out of what is enforced, sorted. */
  readonly observed_rules: readonly string[]
}

/** Nothing is only observed. */
export const ENFORCED: ModeFacts = { mode: 'enforce', observed_terms: [], observed_rules: [] }

/** `modes` as a whole: no two lines may be about exactly the same, because then neither would be the more specific. */
export const ModeRules = z
  .array(ModeRule)
  .max(1_000)
  .superRefine((rules, context) => {
    const seen = new Map<string, number>()
    rules.forEach(({ tenant, agent, scope, term, rules: document }, index) => {
      const name = JSON.stringify([tenant, agent, scope, term, document])
      const other = seen.get(name)
      if (other !== undefined)
        context.addIssue({ code: 'custom', path: [index], message: `is about the same as line ${other + 1} of modes` })
      seen.set(name, index)
    })
  })
  .default([])

/** What has to hold before an agent's scope goes from observe to enforce (`gradus observe ready`). */
export const ObserveGates = z
  .strictObject({
    /** Days of observed decisions, from the first to now. */
    days_min: z.number().nonnegative().default(7),
    decisions_min: z.int().nonnegative().default(100),
    /** Share of decisions about actions that the catalogue does not know, 0–1. */
    unknown_action_share_max: z.number().min(0).max(1).default(0),
    /** Share of decisions that ran and whose outcome was reported, 0–1. */
    outcome_share_min: z.number().min(0).max(1).default(0.5),
    /** Approvals a day that enforcing would have asked people for. */
    approvals_per_day_max: z.number().nonnegative().default(20),
    /** Share of decisions that ran well and that enforcing would have stopped without asking anybody, 0–1. */
    good_blocked_share_max: z.number().min(0).max(1).default(0.01),
    /** Share of decisions that were decided without trust, risk or graduation, 0–1. */
    degraded_share_max: z.number().min(0).max(1).default(0.01),
  })
  .prefault({})
export type ObserveGates = z.infer<typeof ObserveGates>
