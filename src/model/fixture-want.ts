import { z } from 'zod'

import { Guardrails, Source } from './ceiling.ts'
import { LevelWord, unit } from './fixture-given.ts'
import { Outcome, RiskBand } from './outcome.ts'
import { Layer, ScopeKey } from './scope.ts'
import { GateName } from './trust-state.ts'

const texts = z.array(z.string()).max(256)

/** What a decision must be. Only what is named is compared; of lists, what is named must be among what is there. */
export const WantDecision = z.strictObject({
  outcome: Outcome.optional(),
  decision: z.boolean().optional(),
  base: Outcome.optional(),
  /** Source → the lowest outcome that its terms concede. `none`: there is no term of this source. */
  terms: z.partialRecord(Source, z.union([Outcome, z.literal('none')])).optional(),
  obligations: texts.optional(),
  guardrails: Guardrails.optional(),
  risk: z
    .strictObject({
      points: z.int().optional(),
      band: RiskBand.optional(),
      rules: texts.optional(),
      unavailable: texts.optional(),
    })
    .optional(),
  trust: z
    .strictObject({
      scope: ScopeKey.optional(),
      score: unit.optional(),
      level_granted: LevelWord.optional(),
      level_effective: LevelWord.optional(),
      bottleneck_layer: Layer.optional(),
    })
    .nullable()
    .optional(),
  advice: texts.optional(),
  /** Each is a part of one of the reasons. */
  reasons: texts.optional(),
  /** A part of the audit record. */
  record: z.record(z.string(), z.json()).optional(),
  /** What must not be there. */
  without: z
    .strictObject({ obligations: texts, reasons: texts, advice: texts, rules: texts, guardrails: texts })
    .partial()
    .optional(),
})
export type WantDecision = z.infer<typeof WantDecision>

/** What must hold after a step that is no decision. */
export const WantStep = z.strictObject({
  trust: z
    .strictObject({
      score: unit.optional(),
      /** Bounds of the score, both inclusive. */
      score_between: z.tuple([unit, unit]).optional(),
      level_granted: LevelWord.optional(),
      level_effective: LevelWord.optional(),
      incident: z.enum(['open', 'recovering', 'watch', 'clear']).optional(),
    })
    .optional(),
  /** Whether the report counted. */
  counted: z.boolean().optional(),
  promoted: z.boolean().optional(),
  /** Gates of a promotion that are not passed, among others. */
  gates: z.array(GateName).optional(),
  /** What happened to levels and incidents, among others. */
  changes: z
    .array(z.enum(['demoted', 'promoted', 'restored', 'incident_raised', 'incident_reviewed', 'composition_changed']))
    .optional(),
  /** A part of the message with which the step is refused. */
  refused: z.string().optional(),
})
export type WantStep = z.infer<typeof WantStep>
