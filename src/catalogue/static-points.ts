import type { RiskBand } from '../model/outcome.ts'
import type { StakeClass } from '../model/scope.ts'
import type { ActionClass } from './catalogue-file.ts'

/** Most points of the band `low`; more is `medium`. */
export const LOW_POINTS_MAX = 1
/** Most points of the band `medium`; more is `high`. */
export const MEDIUM_POINTS_MAX = 3

/** What an action costs by its nature: blast radius 0–3, reversibility 0–2 (2 irreversible), and how often it is meant to happen. */
export type ActionWeight = Pick<ActionClass, 'blast' | 'reversibility' | 'frequency'>

/** Points of blast, irreversibility and frequency (docs/trust-model.md): an integer from 0 to 6. */
export function staticPoints({ blast, reversibility, frequency }: ActionWeight): number {
  const rare = frequency === 'rare' ? 1 : 0
  const harmless = frequency === 'high' && blast <= 1 && reversibility === 0 ? 1 : 0
  return Math.max(0, blast + reversibility + rare - harmless)
}

/** The band of a category at a number of points. `read` is for reads of at most one point; what is not a number is `high`. */
export function riskBand(category: ActionClass['category'], points: number): RiskBand {
  if (points <= LOW_POINTS_MAX) return category === 'read_only' ? 'read' : 'low'
  return points <= MEDIUM_POINTS_MAX ? 'medium' : 'high'
}

/** The stake class trust is earned in: `light` where the static risk is read or low. */
export function stakeClass(category: ActionClass['category'], points: number): StakeClass {
  const band = riskBand(category, points)
  return band === 'read' || band === 'low' ? 'light' : 'full'
}
