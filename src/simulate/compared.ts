import type { Outcome } from '../model/outcome.ts'

/** The parts of an answer that a simulation compares. */
export type Answered = {
  readonly outcome: Outcome
  /** The terms that limit the outcome. */
  readonly limiting: readonly string[]
  /** The highest outcome that each term allows, by its source. */
  readonly conceded: Readonly<Partial<Record<string, Outcome>>>
  /** Obligations and guardrails as canonical JSON. */
  readonly duties: string
}

/** One decision, as it was answered (by the baseline, or as recorded) and as the candidate answers it. */
export type Compared = {
  readonly decisionId: string
  readonly atMs: number
  /** The agent, or the person if no agent acted. */
  readonly agent: string
  readonly action: string
  readonly before: Answered
  readonly after: Answered
}

/** Most example ids per kind of change. */
export const CHANGE_EXAMPLES_MAX = 3
