import type { Caller } from '../../access/caller.ts'
import type { SessionClaim } from '../../access/parties.ts'
import type { ActionClass } from '../../catalogue/catalogue-file.ts'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { movedUnits } from '../../ledger/fold/bounds.ts'
import { boundsKey, sessionKey, TOOLS_KEY } from '../../ledger/keys.ts'
import type { DocumentKeys, View } from '../../ledger/store.ts'
import type { Request } from '../../model/request.ts'
import type { ScopeKey } from '../../model/scope.ts'
import { unvouchedCeilings } from '../../trust/agent-sessions.ts'
import { boundCeilings, leastBySource, MOVED_UNITS_MIN, newBounds, sessionCeilings } from '../../trust/bounds.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { joinPostures, type Posture, postureCeilings } from '../../trust/posture.ts'
import type { ScoreCeiling } from '../../trust/score-ceiling.ts'
import { newAgentTrust } from '../../trust/stored-trust.ts'
import { scopeView } from '../../trust/trust-view.ts'

/** Whose ceilings are read, where and when. */
export type CeilingSubject = {
  readonly tenant: string
  readonly agent: string
  readonly scope: ScopeKey
  readonly nowMs: number
  /** The session that the request belongs to; it can only lower. Absent: no request is judged. */
  readonly session?: SessionClaim | undefined
  /** What the caller's own credential proves of the agent, on top of what is stored. */
  readonly posture?: Posture | undefined
  /** Whether the catalogue has an agent: one that it no longer has lends its output no trust. */
  readonly isKnown?: ((agent: string) => boolean) | undefined
}

/** Every ceiling on an agent's score in one scope that is no evidence: holds, coverage, posture, session. */
export function ceilingsFor(
  view: Pick<View, 'document'>,
  bounded: CeilingSubject,
  constants: TrustConstants,
): readonly ScoreCeiling[] {
  const { tenant, agent, scope, nowMs, session } = bounded
  const bounds = view.document(boundsKey(tenant, agent)) ?? newBounds()
  const posture = bounded.posture === undefined ? bounds.posture : joinPostures(bounds.posture, bounded.posture)
  const standing = [...boundCeilings(bounds, scope, nowMs, constants), ...postureCeilings(posture, nowMs, constants)]
  if (session === undefined) return standing
  const { name, vouched } = session
  const usedScore = (used: string): number =>
    bounded.isKnown?.(used) === false ? 0 : scoreOf(view, { tenant, agent: used, scope, nowMs }, constants)
  const own = name === undefined ? undefined : view.document(sessionKey(tenant, agent, name))
  const ofSessions = [
    ...sessionCeilings(own, nowMs, usedScore),
    // Who leaves a session out, or makes one up, is in none that is better than the others.
    ...(vouched ? [] : unvouchedCeilings(bounds.sessions, nowMs, usedScore)),
  ]
  return [...standing, ...leastBySource(ofSessions)]
}

/** Published score of an agent in a scope under its own standing ceilings; 0 for one that nobody knows. */
function scoreOf(view: Pick<View, 'document'>, bounded: CeilingSubject, constants: TrustConstants): number {
  const { tenant, agent, scope, nowMs } = bounded
  const trust = view.document({ kind: 'agent', tenant, id: agent }) ?? newAgentTrust()
  return scopeView(trust, scope, { nowMs, ceilings: ceilingsFor(view, bounded, constants) }, constants).score
}

/** Scopes that a tool came from, as long as the agent has not proven itself with it where it is now. */
export function formerScopes(
  view: Pick<View, 'document'>,
  { tenant, agent, tool }: { readonly tenant: string; readonly agent: string; readonly tool: string },
): readonly ScopeKey[] {
  const places = view.document(TOOLS_KEY) ?? {}
  const place = Object.hasOwn(places, tool) ? places[tool] : undefined
  if (place === undefined || place.from.length === 0) return []
  const bounds = view.document(boundsKey(tenant, agent)) ?? newBounds()
  return movedUnits(bounds, place.scope, tool) >= MOVED_UNITS_MIN ? [] : place.from
}

/** The ceiling that each unaudited server on the path of a call puts on trust. */
export function serverCeilings(
  request: Request,
  { namespace }: Pick<ActionClass, 'namespace'>,
  catalogue: Pick<Catalogue, 'unaudited'>,
  { bound_ceilings }: TrustConstants,
): readonly ScoreCeiling[] {
  const { mcp_servers: named = [] } = (request.context ?? {}) as { readonly mcp_servers?: readonly string[] }
  return catalogue.unaudited(namespace, named).map((server) => ({ source: `mcp:${server}`, value: bound_ceilings.mcp_unaudited }))
}

/** What the caller's own credential proves of an agent; undefined where the credential is somebody else's. */
export function provenPosture({ agent, posture }: Pick<Caller, 'agent' | 'posture'>, agentId: string): Posture | undefined {
  return agent === agentId ? posture : undefined
}

/** Whether the agent's own credential proved who it is, and nothing about it is wanting. */
export function isIdentified(
  view: Pick<View, 'document'>,
  { tenant, agent, nowMs, posture }: Pick<CeilingSubject, 'tenant' | 'agent' | 'nowMs' | 'posture'>,
  constants: TrustConstants,
): boolean {
  if (posture === undefined) return false
  const { posture: stored } = view.document(boundsKey(tenant, agent)) ?? newBounds()
  return postureCeilings(joinPostures(stored, posture), nowMs, constants).length === 0
}

/** The documents that bound an agent, and those of agents whose output its session used. */
export function scoreCeilingKeys(tenant: string, agents: readonly string[], used: readonly string[]): DocumentKeys {
  return [...agents, ...used.filter((id) => !agents.includes(id))].flatMap((id) => [
    boundsKey(tenant, id),
    ...(agents.includes(id) ? [] : [{ kind: 'agent' as const, tenant, id }]),
  ])
}
