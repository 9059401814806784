import { z } from 'zod'

import { Layer } from '../../model/layer.ts'
import { Canary } from '../documents/approval.ts'
import { JudgeAdvice } from '../documents/tally.ts'
import { KeptValue, RollbackResult } from '../documents/verdicts.ts'
import { atMs, id } from './fields.ts'

/** Effects on what is known of one decision: verdicts, whether it is a canary, advice, the way back. */
export const VERDICT_EFFECTS = {
  /** A verdict or judged signal about one decision was taken into account. */
  verdict: z.strictObject({
    kind: z.literal('verdict'),
    decision_id: id,
    layer: Layer,
    source: id,
    class: z.string().max(128),
    event_time_ms: atMs,
    positive: z.number().nonnegative(),
    negative: z.number().nonnegative(),
    /** Severity of the failure it tells of; none when absent. */
    kappa: z.number().nonnegative().optional(),
    /** The ladder counted a success by it. */
    counted: z.boolean().optional(),
    factual: z.boolean(),
    self_flagged: z.boolean(),
    /** Units that it says the decision was a success by, whatever was said before; none when absent. */
    claim: z.number().nonnegative().optional(),
    /** It is the word of a rater, and no automatic verification. */
    rater: z.literal(true).optional(),
  }),
  /** A decision, and its approval if there is one, is a canary from now on. */
  canary: z.strictObject({
    kind: z.literal('canary'),
    decision_id: id,
    request_digest: z.string().length(64).nullable(),
    canary: Canary,
  }),
  /** A judging agent advises on a decision. */
  advice: z.strictObject({ kind: z.literal('advice'), decision_id: id, advice: JudgeAdvice }),
  /** What its enforcement point kept so that it can be undone; null: an outcome came without a handle that was needed. */
  handle_kept: z.strictObject({ kind: z.literal('handle_kept'), decision_id: id, kept: KeptValue.nullable() }),
  /** Somebody tried to undo it. */
  rolled_back: z.strictObject({
    kind: z.literal('rolled_back'),
    decision_id: id,
    result: RollbackResult,
    by: id,
    at_ms: atMs,
    within_deadline: z.boolean(),
  }),
} as const
