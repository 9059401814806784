import type { RiskBand } from '../model/outcome.ts'

/** A rule that counts. */
type FiredRule = {
  readonly id: string
  readonly document: string
  readonly points: number
  readonly reason: string
  /** Facts that the request only claims, and that hold in one reading alone: the one that counts is the worse. Absent: none. */
  readonly claimed?: readonly string[]
}

/** Risk as policies see it. */
export type RiskView = {
  readonly points: number
  readonly band: RiskBand
  readonly rules: readonly FiredRule[]
  /** Duties that rules added, by obligation id. */
  readonly obligations: readonly string[]
  /** Facts that were of the wrong type or could not be known; any makes the band `high`. */
  readonly unavailable: readonly string[]
}
