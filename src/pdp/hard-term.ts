import type { Ceiling } from '../model/ceiling.ts'
import type { DecisionInputs } from '../model/decision-inputs.ts'
import type { Level } from '../model/scope.ts'
import { matrixCell } from './matrix-cell.ts'
import { denial, term } from './term.ts'

/** Scores at which levels 1 to 4 begin (docs/trust-model.md, the ladder); fixed, not configuration. */
const LEVEL_THRESHOLDS = [0.3, 0.5, 0.7, 0.9] as const

/**
 * What no policy can leave out: permission escalation by an agent is denied, a switched-off agent is denied, and an incident caps
 * the agent at the level of its cap, at level 0 for sensitive data while its review is due.
 */
export function hardTerm(inputs: DecisionInputs): Ceiling {
  const { matrices, tier, band, sensitive, incidents } = inputs
  if (inputs.human) return term('hard', 'allow', 'human')
  if (inputs.action.category === 'permission_escalation') return denial('hard', 'permission_escalation')
  if (inputs.kill_switch) return denial('hard', 'kill_switch')
  if (incidents === 'unknown') return denial('hard', 'incidents_unknown')
  if (incidents.review_open && sensitive) {
    return term('hard', matrixCell({ matrices, tier, level: 0, band, sensitive }), 'incident_review_due:sensitive')
  }
  if (incidents.cap >= 1 && !incidents.review_open) return term('hard', 'allow', 'none')
  const level = levelOf(incidents.cap)
  return term('hard', matrixCell({ matrices, tier, level, band, sensitive }), `incident_cap:level_${level}`)
}

/** The level of a score; what is not a number is level 0. */
function levelOf(cap: number): Level {
  return LEVEL_THRESHOLDS.filter((threshold) => cap >= threshold).length as Level
}
