import type { ScopeKey } from '../model/scope.ts'
import type { AgentTrust, Incident } from './agent-trust.ts'
import type { TrustConstants } from './constants.ts'
import { decay } from './decay.ts'
import { incidentCap, incidentsInScope } from './incidents.ts'
import { publish } from './phi.ts'
import { scopeOf } from './state.ts'

/** One incident in one scope: its published cap, and the verified successes since it counts, decayed units. */
export type ScopeStanding = { readonly scope: ScopeKey; readonly cap: number; readonly proven: number }

/** One incident as it stands. `scope` null: of the whole agent. `cap`: the lowest of those scopes, published; as raised where there is none. */
export type IncidentStanding = {
  readonly incident: Incident
  readonly scope: ScopeKey | null
  readonly state: 'open' | 'recovering'
  readonly cap: number
  readonly scopes: readonly ScopeStanding[]
}

/** Every incident that still bounds an agent: those that wait for a person, and those that wait for what the agent proves. */
export function incidentStandings(agent: AgentTrust, nowMs: number, constants: TrustConstants): readonly IncidentStanding[] {
  const keys = Object.keys(agent.scopes).sort()
  const ofAgent = agent.incidents.map((incident) =>
    standing(
      incident,
      null,
      keys.flatMap((key) => {
        const counts = scopeOf(agent, key).agentIncidentCounts
        return incidentsInScope([incident], counts).map((counted) => inScope(counted, key, nowMs, constants))
      }),
    ),
  )
  const ofScopes = keys.flatMap((key) =>
    scopeOf(agent, key).incidents.map((incident) => standing(incident, key, [inScope(incident, key, nowMs, constants)])),
  )
  return [...ofAgent, ...ofScopes].filter(({ state, cap }) => state === 'open' || cap < 1)
}

function inScope(incident: Incident, scope: ScopeKey, nowMs: number, constants: TrustConstants): ScopeStanding {
  const counts = incident.review !== 'required'
  const proven = counts ? incident.c * decay(nowMs - incident.tMs, constants.half_life_positive_days) : 0
  return { scope, cap: publish(incidentCap(incident, nowMs, constants)), proven }
}

/** In a scope in which nothing happened yet, nothing is proven either: there the cap is as raised. */
function standing(incident: Incident, scope: ScopeKey | null, scopes: readonly ScopeStanding[]): IncidentStanding {
  const caps = scopes.map(({ cap }) => cap)
  const cap = caps.length === 0 ? publish(incident.cap) : Math.min(...caps)
  return { incident, scope, state: incident.review === 'required' ? 'open' : 'recovering', cap, scopes }
}
