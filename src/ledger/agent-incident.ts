import type { IncidentClass, TrustConstants } from '../trust/constants.ts'
import type { Effect } from './effect.ts'

/** The incident of a class that reaches the whole agent, with the cap and review of its rule; a class without a cap of its own stops the agent. */
export function agentIncident(
  agent: string,
  of: IncidentClass,
  id: string,
  { incident_rules }: Pick<TrustConstants, 'incident_rules'>,
): Extract<Effect, { kind: 'incident' }> {
  const { cap, review } = incident_rules[of]
  return { kind: 'incident', agent, incident: { id, class: of, reach: 'agent', scope: null, cap: cap ?? 0, review } }
}
