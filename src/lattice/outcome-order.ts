import type { Outcome } from '../model/outcome.ts'

/** The height of each outcome in the chain `deny ⊏ suggest ⊏ require_approval ⊏ allow_guarded ⊏ allow`, 0 to 4. */
export const OUTCOME_RANK = {
  deny: 0,
  suggest: 1,
  require_approval: 2,
  allow_guarded: 3,
  allow: 4,
} as const satisfies Record<Outcome, number>

/** The lower of two outcomes. */
export function lowerOutcome(a: Outcome, b: Outcome): Outcome {
  return OUTCOME_RANK[a] <= OUTCOME_RANK[b] ? a : b
}

/** Whether the first outcome is at most the second. */
export function outcomeLeq(a: Outcome, b: Outcome): boolean {
  return OUTCOME_RANK[a] <= OUTCOME_RANK[b]
}

/** Whether something may run: `allow_guarded` or `allow`. */
export function mayRun(outcome: Outcome): boolean {
  return OUTCOME_RANK[outcome] >= OUTCOME_RANK.allow_guarded
}
