import type { ScopeKey } from '../../model/scope.ts'
import type { IncidentClass, TrustConstants } from '../../trust/constants.ts'
import { type AgentTrust, newAgentTrust } from '../../trust/stored-trust.ts'
import { scopeView } from '../../trust/trust-view.ts'

/** Which incident is raised: of whom, of which class, in which scope, and how low at most. */
export type CappedIncident = {
  readonly class: IncidentClass
  readonly scope?: ScopeKey | undefined
  readonly cap?: number | undefined
}

/** The cap of an incident: that of its class, or just under the band of its scopes as they stand; lower where that is asked for. */
export function capOfReport(
  incident: CappedIncident,
  trust: AgentTrust | undefined,
  nowMs: number,
  constants: TrustConstants,
): number {
  const { cap } = constants.incident_rules[incident.class]
  return Math.min(incident.cap ?? 1, cap ?? capUnderBand(incident.scope, trust ?? newAgentTrust(), nowMs, constants))
}

function capUnderBand(scope: ScopeKey | undefined, trust: AgentTrust, nowMs: number, constants: TrustConstants): number {
  const scopes = scope === undefined ? Object.keys(trust.scopes) : [scope]
  const bands = scopes.map((each) => scopeView(trust, each, { nowMs }, constants).band)
  return constants.major_caps[bands.sort()[0] ?? 0]
}
