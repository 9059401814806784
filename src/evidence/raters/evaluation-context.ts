import type { Verdicts } from '../../ledger/documents/verdicts.ts'
import type { View } from '../../ledger/store.ts'
import type { Judged, Verdict, Weighed } from '../rules/weighing.ts'

/** Where and when a decision is judged, and by whom. */
export type EvaluationContext = {
  readonly tenant: string
  readonly nowMs: number
  /** The decision that was reported on; the one that is judged may be the one that asked for its approval. */
  readonly decisionId: string
  /** Whoever judges can read which decisions are canaries, so a canary tells nothing of them. */
  readonly knowsCanaries: boolean
  /** A judging agent that its own trust does not carry: what it says is advice only. */
  readonly untrustedJudge: boolean
  /** The id that a hold gets if the verdict has to wait. */
  readonly newId: () => string
}

/** One verdict with what it is judged by: what it is about, what is known of that decision, and the documents as they are. */
export type VerdictCase = {
  readonly judged: Judged
  readonly verdict: Verdict
  /** What was said of the decision before; undefined: nothing. */
  readonly seenVerdicts: Verdicts | undefined
  readonly context: EvaluationContext
  readonly view: View
}

/** What a verdict weighs within the limits, and the verdict as it is recorded. */
export type LimitedVerdict = Weighed & { readonly verdict: Verdict }
