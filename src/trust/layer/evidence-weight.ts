import type { EvidenceSource, EvidenceStake, Severity, TrustConstants } from '../constants.ts'

/** What one judgement is weighed by: its source, what was at stake, and ρ of the very rater where that is known (default: ρ of the source, 0–1). */
export type JudgementTerms = {
  readonly source: EvidenceSource
  readonly stake: EvidenceStake
  readonly rho?: number | undefined
}

/** Weight of a success, 0–1: ρ times η of what was at stake. */
export function positiveWeight({ source, stake, rho }: JudgementTerms, constants: TrustConstants): number {
  return Math.min(1, (rho ?? constants.source_weights[source]) * constants.stake_weights[stake])
}

/** Severity κ of a failure; a minor one that the agent flagged itself counts a little less: loud failure is cheaper than silent. */
export function severityOf(severity: Severity, selfFlagged: boolean, constants: TrustConstants): number {
  const kappa = constants.severity_weights[severity]
  return selfFlagged && severity === 'minor' ? kappa * constants.self_flagged_share : kappa
}

/** Weight of a failure of severity κ: ρ (never below its floor) times η of what was at stake times κ. */
export function negativeWeight({ source, stake, rho }: JudgementTerms, kappa: number, constants: TrustConstants): number {
  return (
    Math.max(rho ?? constants.source_weights[source], constants.source_weight_negative_min) *
    constants.stake_weights[stake] *
    kappa
  )
}
