import type { EvidenceSource, EvidenceStake, Severity, TrustConstants } from './constants.ts'

/** Weight of a success, 0–1: ρ of the source, or of the very rater where that is known, times η of what was at stake. */
export function positiveWeight(
  source: EvidenceSource,
  stake: EvidenceStake,
  constants: TrustConstants,
  rho = constants.source_weights[source],
): number {
  return Math.min(1, rho * constants.stake_weights[stake])
}

/** Severity κ of a failure; a minor one that the agent flagged itself counts a little less: loud failure is cheaper than silent. */
export function severityOf(severity: Severity, selfFlagged: boolean, constants: TrustConstants): number {
  const kappa = constants.severity_weights[severity]
  return selfFlagged && severity === 'minor' ? kappa * constants.self_flagged_share : kappa
}

/** Weight of a failure: ρ of the source, or of the very rater where that is known (never below its floor), times η of what was at stake times κ. */
export function negativeWeight(
  source: EvidenceSource,
  stake: EvidenceStake,
  kappa: number,
  constants: TrustConstants,
  rho = constants.source_weights[source],
): number {
  return Math.max(rho, constants.source_weight_negative_min) * constants.stake_weights[stake] * kappa
}
