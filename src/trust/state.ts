import { invariant } from '../format/error.ts'
import { ScopeKey } from '../model/scope.ts'
import { type AgentTrust, SCOPES_MAX, type ScopeTrust } from './agent-trust.ts'
import { NO_HEAT } from './heat.ts'
import { NEW_LADDER } from './ladder.ts'
import { EMPTY_LAYER } from './layer.ts'

const NEW_SCOPE: ScopeTrust = {
  layers: { behaviour: EMPTY_LAYER, context: EMPTY_LAYER, outcome: EMPTY_LAYER },
  ladder: NEW_LADDER,
  incidents: [],
  agentIncidentCounts: [],
  undo: [],
  track: { good: 0, bad: 0, selfFlagged: 0, failuresByBlastRadius: [0, 0, 0, 0] },
  verifiers: [],
  uncalibrated: [],
  raters: [],
}

/** The trust of an agent of which nothing is known: score 0 in every scope. */
export function newAgentTrust(): AgentTrust {
  return { identity: EMPTY_LAYER, heat: NO_HEAT, incidents: [], composition: null, scopes: {} }
}

/** A scope of the agent; a new one if nothing happened in it yet. */
export function scopeOf(agent: AgentTrust, key: ScopeKey): ScopeTrust {
  const known = Object.hasOwn(agent.scopes, key) ? agent.scopes[key] : undefined
  return known ?? NEW_SCOPE
}

/** The agent with one scope replaced. Throws the error for bugs if the key is none, or the agent would have too many. */
export function withScope(agent: AgentTrust, key: ScopeKey, scope: ScopeTrust): AgentTrust {
  if (!Object.hasOwn(agent.scopes, key)) {
    invariant(ScopeKey.safeParse(key).success, `"${key}" is not a scope ("category:light" or "category:full")`)
    invariant(Object.keys(agent.scopes).length < SCOPES_MAX, `an agent has at most ${SCOPES_MAX} scopes`)
  }
  return { ...agent, scopes: { ...agent.scopes, [key]: scope } }
}

/** The agent with every scope replaced by what `change` makes of it. */
export function mapScopes(agent: AgentTrust, change: (scope: ScopeTrust, key: ScopeKey) => ScopeTrust): AgentTrust {
  return { ...agent, scopes: Object.fromEntries(Object.entries(agent.scopes).map(([key, scope]) => [key, change(scope, key)])) }
}
