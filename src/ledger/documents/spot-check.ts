import { z } from 'zod'

import { NAME_CHARS_MAX } from '../../model/ceiling.ts'
import { ScopeKey } from '../../model/scope.ts'

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()

/** Open entries of a tenant's list, at most; what is drawn beyond it says in its record that it is not listed. */
export const SPOT_CHECKS_OPEN_MAX = 1_000

/** Why somebody looks at a decision: a duty came with it, or it was drawn to be verified. */
export const SpotCheckCause = z.enum(['post_hoc_review', 'verification', 'override_audit'])
export type SpotCheckCause = z.infer<typeof SpotCheckCause>

/** One decision that a person has to look at. */
export const SpotCheck = z.strictObject({
  decision_id: id,
  agent: id,
  action: id,
  scope: ScopeKey,
  /** Who answers for the agent; null: the catalogue names nobody, so that an operator has to. */
  owner: z.string().max(NAME_CHARS_MAX).nullable(),
  causes: z.array(SpotCheckCause).min(1),
  at_ms: atMs,
  due_ms: atMs,
})
export type SpotCheck = z.infer<typeof SpotCheck>

/** The decisions of a tenant that somebody has to look at, in the order they were made. */
export const SpotChecks = z.strictObject({ open: z.array(SpotCheck) })
export type SpotChecks = z.infer<typeof SpotChecks>
