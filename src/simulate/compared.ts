import type { Outcome } from '../model/outcome.ts'

/** An answer as far as a comparison is concerned. */
export type Answered = {
  readonly outcome: Outcome
  /** The terms that hold it there. */
  readonly limiting: readonly string[]
  /** What each term conceded at most, by its source. */
  readonly conceded: Readonly<Partial<Record<string, Outcome>>>
  /** Duties and bounds as canonical text. */
  readonly duties: string
}

/** One decision, as it was answered and as the candidate answers it. */
export type Compared = {
  readonly decisionId: string
  readonly atMs: number
  /** The agent, or the person where none acted. */
  readonly agent: string
  readonly action: string
  readonly before: Answered
  readonly after: Answered
}

/** Ids kept as examples of one kind. */
export const CHANGE_EXAMPLES_MAX = 3
