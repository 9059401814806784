import type { RiskBand } from '../model/outcome.ts'
import type { StakeClass } from '../model/scope.ts'
import type { ActionClass, CatalogueFile, RiskBands } from './catalogue-file.ts'

/** Where the risk bands end where the catalogue says nothing: most points of `low`, and of `medium`. */
export const DEFAULT_RISK_BANDS = { low_points_max: 1, medium_points_max: 3 } as const satisfies RiskBands

/** The risk bands of a catalogue; what it does not say is as by default. */
export function riskBandsOf({ risk_bands }: Pick<CatalogueFile, 'risk_bands'>): RiskBands {
  const { low_points_max, medium_points_max } = DEFAULT_RISK_BANDS
  return {
    low_points_max: risk_bands?.low_points_max ?? low_points_max,
    medium_points_max: risk_bands?.medium_points_max ?? medium_points_max,
  }
}

/** What an action costs by its nature: blast radius 0–3, reversibility 0–2 (2 irreversible), and how often it is meant to happen. */
export type ActionWeight = Pick<ActionClass, 'blast' | 'reversibility' | 'frequency'>

/** Points of blast, irreversibility and frequency (docs/trust-model.md): an integer from 0 to 6. */
export function staticPoints({ blast, reversibility, frequency }: ActionWeight): number {
  const rare = frequency === 'rare' ? 1 : 0
  const harmless = frequency === 'high' && blast <= 1 && reversibility === 0 ? 1 : 0
  return Math.max(0, blast + reversibility + rare - harmless)
}

/** The band of a category at a number of points. `read` is for reads whose points are those of `low`; what is not a number is `high`. */
export function riskBand(category: ActionClass['category'], points: number, bands: RiskBands): RiskBand {
  if (points <= bands.low_points_max) return category === 'read_only' ? 'read' : 'low'
  return points <= bands.medium_points_max ? 'medium' : 'high'
}

/** The stake class trust is earned in: `light` where the static risk is read or low. */
export function stakeClass(category: ActionClass['category'], points: number, bands: RiskBands): StakeClass {
  const band = riskBand(category, points, bands)
  return band === 'read' || band === 'low' ? 'light' : 'full'
}
