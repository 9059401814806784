import { DETECTORS_SOURCE } from '../../evidence/detectors/detector-verdicts.ts'
import type { Verdict } from '../../evidence/rules/weighing.ts'
import { escalationsOf } from '../../ledger/activity.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Activity } from '../../ledger/documents/activity.ts'

/** From which attempt within a day on a permission escalation is an alarm. The first may be a mistake. */
const ALARM_FROM = 2

/** Whether an agent asks for an action of the category `permission_escalation`, which none is ever granted. */
export function isEscalation({ action, parties }: Pick<DecisionFacts, 'action' | 'parties'>): boolean {
  return parties.agent !== null && action.category === 'permission_escalation'
}

/** Which attempt within a day this one is of its account, from 1; null where it is none. */
export function escalationAttempt(
  facts: Pick<DecisionFacts, 'action' | 'parties' | 'at_ms'>,
  activity: Activity | undefined,
): number | null {
  return isEscalation(facts) ? escalationsOf(activity, facts.at_ms) + 1 : null
}

/** Whether an attempt is an alarm: from the second on. */
export function isAlarming(attempt: number | null): boolean {
  return attempt !== null && attempt >= ALARM_FROM
}

/**
 * The verdicts of detectors with that of repeated escalation: an alarm of the behaviour layer. One complaint a layer is enough, so a
 * detector that alarms there already stands for both; a mere doubt gives way.
 */
export function withEscalationAlarm(verdicts: readonly Verdict[], attempt: number | null, atMs: number): readonly Verdict[] {
  if (!isAlarming(attempt)) return verdicts
  if (verdicts.some(({ layer, gravity }) => layer === 'behaviour' && gravity !== 'ambiguous')) return verdicts
  const alarm: Verdict = {
    layer: 'behaviour',
    class: 'anomalous',
    gravity: 'minor',
    source: 'deterministic',
    by: DETECTORS_SOURCE,
    event_time_ms: atMs,
  }
  return [alarm, ...verdicts.filter(({ layer }) => layer !== 'behaviour')]
}
