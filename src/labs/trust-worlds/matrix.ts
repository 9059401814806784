import { lowerOutcome } from '../../lattice/outcome-order.ts'
import type { Level } from '../../model/level.ts'
import type { Outcome, RiskBand } from '../../model/outcome.ts'
import { type Matrices, matrixCell } from '../../pdp/matrix-schema.ts'

/** The trust × risk matrix of `policies/graduation/data.yaml`, consequence tier `standard`; a test compares the two. */
export const MATRICES: Matrices = {
  standard: {
    '0': { read: 'allow_guarded', low: 'deny', medium: 'deny', high: 'deny' },
    '1': { read: 'allow_guarded', low: 'suggest', medium: 'suggest', high: 'deny' },
    '2': { read: 'allow', low: 'require_approval', medium: 'require_approval', high: 'suggest' },
    '3': { read: 'allow', low: 'allow_guarded', medium: 'allow_guarded', high: 'require_approval' },
    '4': { read: 'allow', low: 'allow', medium: 'allow', high: 'require_approval' },
  },
}

/** The meet of the trust and the risk term under a base that allows: what a level concedes, and never more than full trust would. */
export function concededAt(level: Level, band: RiskBand): Outcome {
  const cell = (at: Level): Outcome => matrixCell({ matrices: MATRICES, tier: 'standard', level: at, band, sensitive: false })
  return lowerOutcome(cell(level), cell(4))
}
