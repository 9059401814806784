import { z } from 'zod'

import { Outcome, OUTCOMES, RISK_BANDS } from './outcome.ts'

const row = z.strictObject({ read: Outcome, low: Outcome, medium: Outcome, high: Outcome })

/** The trust × risk matrix of one consequence tier: level → band → the highest outcome conceded; more trust never concedes less, more risk never more. */
export const Matrix = z.strictObject({ '0': row, '1': row, '2': row, '3': row, '4': row }).superRefine((matrix, context) => {
  const rank = (level: number, band: number): number => OUTCOMES.indexOf(matrix[String(level) as '0'][RISK_BANDS[band] as 'read'])
  for (let level = 0; level <= 4; level++)
    for (let band = 0; band < RISK_BANDS.length; band++) {
      if (level > 0 && rank(level, band) < rank(level - 1, band))
        context.addIssue({
          code: 'custom',
          path: [String(level), RISK_BANDS[band] ?? ''],
          message: 'a higher level must not concede less than the level below',
        })
      if (band > 0 && rank(level, band) > rank(level, band - 1))
        context.addIssue({
          code: 'custom',
          path: [String(level), RISK_BANDS[band] ?? ''],
          message: 'a higher risk must not be conceded more than the band before',
        })
    }
})
export type Matrix = z.infer<typeof Matrix>

/** One matrix per consequence tier; tiers without one use `standard`. */
export const Matrices = z.object({ standard: Matrix }).catchall(Matrix)
export type Matrices = z.infer<typeof Matrices>
