import { z } from 'zod'

import { SOURCES } from './ceiling.ts'

/** Whether an answer is enforced, or only what it would have been is recorded. */
const MODES = ['enforce', 'observe'] as const
export const Mode = z.enum(MODES)
export type Mode = z.infer<typeof Mode>

/** Terms that can be observed alone. The base is always the answer's bound, and what a person contained stays contained. */
export const OBSERVABLE_SOURCES = SOURCES.filter((source) => source !== 'base' && source !== 'containment')
export type ObservableSource = (typeof OBSERVABLE_SOURCES)[number]

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
