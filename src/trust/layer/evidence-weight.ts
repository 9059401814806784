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

/**
 * By how much limits on light successes are milder on a success. A read weighs little so that reading proves nothing of writing; where a
 * scope's tools only read there is nothing else to prove, so there limits look at the source alone. At least 1.
 */
export function readScale(onlyReads: boolean | undefined, { stake_weights: { read } }: TrustConstants): number {
  return onlyReads === true && read > 0 ? 1 / read : 1
}

/** How far an action reaches and how hard it is to undo, as the catalogue said when it was decided: blast radius 0–3, reversibility 0–2 (2: irreversible). */
export type ActionReach = { readonly blast: number; readonly reversibility: number }

/** m: how much more a failure weighs by the reach of its action, 1–10; 1 where the constants have no table. What is not in the table is the worst. */
export function reachFactor({ blast, reversibility }: ActionReach, { blast_weights: rows }: TrustConstants): number {
  if (rows === undefined) return 1
  const row = rows[blast] ?? rows[3]
  return row[reversibility] ?? row[2]
}

/** A failure as it is told: how grave, of an action of which reach, and whether the agent said so itself. */
export type ToldFailure = { readonly severity: Severity; readonly reach: ActionReach; readonly selfFlagged: boolean }

/**
 * Severity κ of a failure, times m of its action's reach. A complaint that nobody bears out says nothing of harm, so its reach does not
 * count. A minor failure that the agent flagged itself counts a little less: loud failure is cheaper than silent.
 */
export function severityOf({ severity, reach, selfFlagged }: ToldFailure, constants: TrustConstants): number {
  const kappa = constants.severity_weights[severity]
  if (severity === 'ambiguous') return kappa
  const told = selfFlagged && severity === 'minor' ? kappa * constants.self_flagged_share : kappa
  return told * reachFactor(reach, constants)
}

/** Weight of a failure of severity κ: ρ (never below its floor) times η of what was at stake times κ. */
export function negativeWeight({ source, stake, rho }: JudgementTerms, kappa: number, constants: TrustConstants): number {
  return (
    Math.max(rho ?? constants.source_weights[source], constants.source_weight_negative_min) *
    constants.stake_weights[stake] *
    kappa
  )
}
