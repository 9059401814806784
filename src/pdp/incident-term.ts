import { lowerOutcome } from '../lattice/outcome-order.ts'
import type { Ceiling } from '../model/ceiling.ts'
import type { DecisionInputs } from './decision-inputs.ts'
import { matrixCell } from './matrix-schema.ts'
import { denial, term } from './terms.ts'

/**
 * An incident lowers the agent to the level of its cap; where that level asks for an approval, people can give it. While a review is
 * due only reads go on as far as the level concedes them, and nothing sensitive is touched: the reason names who has to review what.
 */
export function incidentTerm(inputs: DecisionInputs): Ceiling {
  const { matrices, tier, band, sensitive, incidents, action } = inputs
  if (inputs.human) return term('incident', 'allow', 'human')
  if (incidents === 'unknown') return denial('incident', 'incidents_unknown')
  const { cap, level, due } = incidents
  if (cap >= 1 && due.length === 0) return term('incident', 'allow', 'none')
  const conceded = matrixCell({ matrices, tier, level, band, sensitive })
  if (due.length === 0) return term('incident', conceded, `incident_cap:level_${level}`)
  const review = `${due.join(',')}: an operator has to review it`
  if (sensitive) return denial('incident', `incident_review_due:sensitive:${review}`)
  const reads = band === 'read' && action.category === 'read_only'
  return term('incident', reads ? conceded : lowerOutcome(conceded, 'suggest'), `incident_review_due:${review}`)
}

/** Whether a term says again what an incident does to trust, and not that something sensitive is out of reach. */
export function isIncidentCap({ source, reason }: Ceiling): boolean {
  return source === 'incident' && reason !== 'incidents_unknown' && !reason.startsWith('incident_review_due:sensitive:')
}
