import type { RiskBand } from '../model/outcome.ts'

/** Risk as policies see it. */
export type RiskView = {
  readonly points: number
  readonly band: RiskBand
  readonly rules: readonly { readonly id: string; readonly document: string; readonly points: number; readonly reason: string }[]
  /** Duties that rules added, by obligation id. */
  readonly obligations: readonly string[]
  /** Facts that were of the wrong type or could not be known; any makes the band `high`. */
  readonly unavailable: readonly string[]
}
