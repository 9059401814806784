import type { ConsequenceTier } from '../model/catalogue.ts'
import type { Matrices } from '../model/matrix.ts'
import type { Outcome, RiskBand } from '../model/outcome.ts'
import type { Level } from '../model/scope.ts'

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
