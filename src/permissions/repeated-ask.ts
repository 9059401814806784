import type { RequestContext } from '../decisions/request-context.ts'
import { DETECTORS_SOURCE } from '../evidence/detectors/detector-verdicts.ts'
import { judgeEach } from '../evidence/raters/judge.ts'
import type { Judged, Verdict } from '../evidence/rules/weighing.ts'
import type { Effect } from '../ledger/effect.ts'
import type { View } from '../ledger/store.ts'

/** How often an agent may ask for the same permission within a day before it is an alarm. */
export const SAME_ASKS_PER_DAY_MAX = 3

/** An ask: the id of its record, what follows from it, and which one of this permission within a day it is. */
type RepeatedAsk = {
  readonly id: string
  readonly context: RequestContext
  readonly askedToday: number
  readonly newId: () => string
}

/**
 * What asking again and again weighs: the alarm of the behaviour layer that repeated permission escalation is, from the fourth time within a day on. Agents
 * outside the catalogue have no trust to lose.
 */
export function repeatedAskEffects(
  { id, context, askedToday, newId }: RepeatedAsk,
  nowMs: number,
  view: View,
): readonly Effect[] {
  const { agent, action, scope, tenant } = context
  if (askedToday <= SAME_ASKS_PER_DAY_MAX || !agent.known) return []
  const judged: Judged = {
    ...{ decision_id: id, agent: agent.id, scope, earns: false, delegators: [], decided_at_ms: nowMs },
    ...{ blast: action.blast, reversibility: action.reversibility },
    stake: action.category === 'read_only' ? 'read' : 'proposal',
  }
  const alarm: Verdict = {
    ...{ layer: 'behaviour', class: 'anomalous', gravity: 'minor', source: 'deterministic' },
    ...{ by: DETECTORS_SOURCE, event_time_ms: nowMs },
  }
  const evaluation = { tenant, nowMs, decisionId: id, knowsCanaries: true, untrustedJudge: false, newId }
  return judgeEach(judged, [alarm], evaluation, { first: [], view })
}
