import { z } from 'zod'

import { Layer } from '../../model/layer.ts'
import { ScopeKey } from '../../model/scope.ts'
import { HoldReason } from '../../trust/bounds.ts'
import { EvidenceSource } from '../../trust/constants.ts'

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()
const unit = z.number().min(0).max(1)

/** Judging agents' words that are kept per decision, at most. */
export const ADVICE_MAX = 16
/** Reports of one agent that wait, at most. All of them have to fit into one record. */
export const FILINGS_MAX = 64
/** Sources whose failures of the last hour are remembered per agent, at most; the oldest go. */
export const WITNESSES_MAX = 256

/** The windows in which what is said is tallied: successes of a day, failures of an hour, complaints of 30 days. */
export const TallyWindow = z.enum(['positive', 'factual', 'ambiguous'])
export type TallyWindow = z.infer<typeof TallyWindow>

/** Units said in one bucket of time. */
export const TallyBucket = z.strictObject({ start_ms: z.int(), units: z.number().nonnegative() })
export type TallyBucket = z.infer<typeof TallyBucket>

/** How much was said lately, in units: in one layer of a scope, or by one rater or source about one agent. Oldest first. */
export const Tally = z.strictObject({
  positive: z.array(TallyBucket),
  factual: z.array(TallyBucket),
  ambiguous: z.array(TallyBucket),
})
export type Tally = z.infer<typeof Tally>

/** What is tallied: everything in a layer of a scope of the agent, or everything that one rater or source says about the agent. */
export const TallyOf = z.union([z.strictObject({ scope: ScopeKey, layer: Layer }), z.strictObject({ rater: id })])
export type TallyOf = z.infer<typeof TallyOf>

/** One verdict or judged signal, with who said it, and what it is worth where that is not what its source is worth. */
export const Verdict = z.strictObject({
  layer: Layer,
  class: z.string().max(128),
  gravity: z.enum(['positive', 'none', 'ambiguous', 'minor', 'moderate', 'major', 'critical']),
  source: EvidenceSource,
  /** The credential or person it came from. */
  by: id,
  event_time_ms: atMs,
  /** ρ of this rater by the canaries they caught; that of the source when absent. */
  rho: unit.optional(),
  /** The rater has seen enough canaries. */
  calibrated: z.literal(true).optional(),
  /** Share of a success that counts, because nobody was asked to verify the decision; the whole when absent. */
  share: unit.optional(),
  /** Units of success that the budgets still had room for; no bound when absent. */
  room: z.number().nonnegative().optional(),
})
export type Verdict = z.infer<typeof Verdict>

/** A report that was over a limit: what it says, so that it can weigh once it is corroborated or a person accepts it. */
export const HeldFiling = z.strictObject({
  /** The hold that it is told with. */
  hold: id,
  /** The decision that was reported on. */
  decision_id: id,
  scope: ScopeKey,
  reason: HoldReason,
  at_ms: atMs,
  verdict: Verdict,
})
export type HeldFiling = z.infer<typeof HeldFiling>

/** Failures that sources told of one agent: who did in the last hour and where, and what waits. */
export const Filings = z.strictObject({
  witnesses: z.array(z.strictObject({ source: id, scope: ScopeKey, at_ms: atMs })).max(WITNESSES_MAX),
  held: z.array(HeldFiling).max(FILINGS_MAX),
})
export type Filings = z.infer<typeof Filings>

/** Owners by agent, of every agent that the catalogue ever named with one. */
export const Owners = z.record(z.string().max(256), z.string().max(256))
export type Owners = z.infer<typeof Owners>

/** What a judging agent said of a decision: advice, never an approval. */
export const JudgeAdvice = z.strictObject({ by: id, class: z.string().max(128), at_ms: atMs })
export type JudgeAdvice = z.infer<typeof JudgeAdvice>
