import { z } from 'zod'

import { lowerOutcome } from '../lattice/outcome-order.ts'
import type { ConsequenceTier } from '../model/consequence-tier.ts'
import type { Level } from '../model/level.ts'
import { Outcome, OUTCOMES, RISK_BANDS, type RiskBand } from '../model/outcome.ts'

const row = z.strictObject({ read: Outcome, low: Outcome, medium: Outcome, high: Outcome })

/** The trust × risk matrix of one consequence tier: level → band → the highest outcome conceded; more trust never concedes less, more risk never more. */
export const Matrix = z.strictObject({ '0': row, '1': row, '2': row, '3': row, '4': row }).superRefine((matrix, context) => {
  const rank = (level: number, band: number): number => OUTCOMES.indexOf(matrix[String(level) as '0'][RISK_BANDS[band] as 'read'])
  for (let level = 0; level <= 4; level++)
    for (const [band, name] of RISK_BANDS.entries()) {
      if (level > 0 && rank(level, band) < rank(level - 1, band))
        context.addIssue({
          code: 'custom',
          path: [String(level), name],
          message: 'a higher level must not concede less than the level below',
        })
      if (band > 0 && rank(level, band) > rank(level, band - 1))
        context.addIssue({
          code: 'custom',
          path: [String(level), name],
          message: 'a higher risk must not be conceded more than the band before',
        })
    }
})
export type Matrix = z.infer<typeof Matrix>

/** One matrix per consequence tier; tiers without one use `standard`. */
export const Matrices = z.object({ standard: Matrix }).catchall(Matrix)
export type Matrices = z.infer<typeof Matrices>

/** Where in the trust × risk matrices to look. */
export type MatrixCell = {
  readonly matrices: Matrices
  readonly tier: ConsequenceTier
  readonly level: Level
  readonly band: RiskBand
  readonly sensitive: boolean
}

/** The highest outcome that a level concedes at a risk. A tier without a matrix uses `standard`; L0 concedes nothing sensitive. */
export function matrixCell({ matrices, tier, level, band, sensitive }: MatrixCell): Outcome {
  if (level === 0 && sensitive) return 'deny'
  return (matrices[tier] ?? matrices.standard)[`${level}`][band]
}

/**
 * The highest outcome conceded to another link of a chain (`tier`: its own): in its own matrix or in that of the agent that acts,
 * whichever is stricter. So no agent that is governed strictly acts through one that is governed lightly, nor the other way round.
 */
export function chainCell(cell: MatrixCell, actingTier: ConsequenceTier): Outcome {
  return lowerOutcome(matrixCell(cell), matrixCell({ ...cell, tier: actingTier }))
}
