import { z } from 'zod'

/** `guardrails` of the configuration: what exceeding a cap means, and the bounds that follow from trust. */
export const GuardrailSettings = z
  .strictObject({
    /** What exceeding a cap or budget means. */
    excess: z.enum(['require_approval', 'deny']).default('require_approval'),
    /** Expected-loss budget B in money: an amount is capped at B/U of the scope; 0 switches it off. */
    expected_loss_max: z.number().nonnegative().default(5),
    verify_within_hours: z.number().positive().max(720).default(24),
    /** Hours that count as business hours (UTC, Monday to Friday) for the fact `time.off_hours`. */
    business_hours: z.tuple([z.int().min(0).max(24), z.int().min(0).max(24)]).default([7, 19]),
  })
  .prefault({})

export type GuardrailSettings = z.infer<typeof GuardrailSettings>

/** What a record of a decision may hold beside everything that decides. */
export const RECORD_PARTS = ['measured', 'graduation', 'timing', 'network'] as const
export type RecordPart = (typeof RECORD_PARTS)[number]

const Parts = z.array(z.enum(RECORD_PARTS)).max(RECORD_PARTS.length)

/** What records of decisions hold beside what decides: `enhanced` those with the duty `enhanced_logging`, `standard` all others. */
export const RecordDetailSettings = z
  .strictObject({ standard: Parts.default([]), enhanced: Parts.default([...RECORD_PARTS]) })
  .superRefine(({ standard, enhanced }, context) => {
    if (standard.every((part) => enhanced.includes(part)) && enhanced.some((part) => !standard.includes(part))) return
    context.addIssue({
      code: 'custom',
      path: ['enhanced'],
      message: 'an enhanced record holds all that a standard one does, and more, or the duty enhanced_logging would do nothing',
    })
  })
  .prefault({})
export type RecordDetailSettings = z.infer<typeof RecordDetailSettings>

/** How long an answer is good for, ms. */
export const AnswerValidMs = z.int().min(0).max(60_000).default(5_000)
