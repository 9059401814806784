import { invariant, requireFinite } from '../format/error.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { IncidentClass, IncidentReach, TrustConstants } from './constants.ts'
import { settle } from './demotion.ts'
import { raiseInto, reviewIn } from './incident-caps.ts'
import { type AgentTrust, type Incident, mapScopes, scopeOf, type ScopeTrust, withScope } from './stored-trust.ts'
import type { TrustChange, TrustWrite } from './trust-change.ts'

/** An incident to raise. `scope` is needed where the reach is the scope. `atMs` is processing time. */
export type RaiseIncident = {
  readonly id: string
  readonly class: IncidentClass
  readonly reach: IncidentReach
  readonly scope?: ScopeKey | undefined
  /** Score, 0–1. */
  readonly cap: number
  readonly review: boolean
  readonly atMs: number
}

/** Raises an incident: the cap holds at once, runs without incident start over, and levels that it takes are taken in the same write. */
export function addIncident(agent: AgentTrust, incident: RaiseIncident, constants: TrustConstants): TrustWrite {
  const { id, cap, review, atMs, reach } = incident
  requireFinite({ atMs })
  invariant(cap >= 0 && cap <= 1, `an incident's cap must be between 0 and 1, not ${cap}`)
  const target = reach === 'scope' ? incident.scope : undefined
  invariant(reach === 'agent' || target !== undefined, `incident "${id}" reaches a scope, so it needs one`)
  const raised = { id, class: incident.class, cap, review, atMs }
  const entered = target === undefined ? enterForAgent(agent, raised) : enterForScope(agent, target, raised)
  const settled = settle({ before: agent, after: entered, scope: target ?? null, nowMs: atMs }, constants)
  const change: TrustChange = { kind: 'incident_raised', scope: target ?? null, incident: id, class: incident.class, cap, review }
  return { agent: rememberUndo(agent, settled.agent, id, target), changes: [change, ...settled.changes] }
}

type Raised = Parameters<typeof raiseInto>[1]

function enterForAgent(agent: AgentTrust, raised: Raised): AgentTrust {
  const incidents = raiseInto(agent.incidents, raised)
  const untouched = new Set(incidents.filter((one) => agent.incidents.includes(one)).map((one) => one.id))
  return mapScopes({ ...agent, incidents }, (scope) => ({
    ...scope,
    agentIncidentCounts: scope.agentIncidentCounts.filter((one) => untouched.has(one.id)),
    ladder: { ...scope.ladder, k: 0 },
  }))
}

function enterForScope(agent: AgentTrust, key: ScopeKey, raised: Raised): AgentTrust {
  const scope = scopeOf(agent, key)
  return withScope(agent, key, { ...scope, incidents: raiseInto(scope.incidents, raised), ladder: { ...scope.ladder, k: 0 } })
}

/** Remembers each reached scope's ladder from before the incident; what belongs to no incident any more is forgotten. */
function rememberUndo(before: AgentTrust, after: AgentTrust, id: string, target: ScopeKey | undefined): AgentTrust {
  return mapScopes(after, (scope, key) => {
    if (target !== undefined && key !== target) return scope
    const alive = new Set([...after.incidents, ...scope.incidents].map((one) => one.id))
    const entry = { id, before: scopeOf(before, key).ladder, struckAtMs: scope.ladder.struckAtMs }
    return { ...scope, undo: [...scope.undo.filter((one) => one.id !== id && alive.has(one.id)), entry] }
  })
}

/** A person's review of an incident. */
export type ReviewIncident = { readonly id: string; readonly falsePositive: boolean; readonly atMs: number }

/**
 * Reviews an incident as `reviewIncident` does, and judges every level that it gave back by trust as it is now: failures from while the
 * incident was in force take their part. What another incident in force takes thereby, that one gives back if it was false too.
 */
export function reviewAndSettle(agent: AgentTrust, review: ReviewIncident, constants: TrustConstants): TrustWrite {
  const reviewed = closeReview(agent, review)
  const restored = reviewed.changes.flatMap((change) => (change.kind === 'restored' ? [change.scope] : []))
  return restored.reduce<TrustWrite>((write, key) => {
    const settled = settle({ before: write.agent, after: write.agent, scope: key, nowMs: review.atMs }, constants)
    if (settled.changes.length === 0) return write
    const { struckAtMs: formerly } = scopeOf(agent, key).ladder
    const { ladder: before } = scopeOf(write.agent, key)
    const scope = scopeOf(settled.agent, key)
    const undo = scope.undo.map((one) =>
      one.struckAtMs === formerly ? { ...one, before, struckAtMs: scope.ladder.struckAtMs } : one,
    )
    return { agent: withScope(settled.agent, key, { ...scope, undo }), changes: [...write.changes, ...settled.changes] }
  }, reviewed)
}

/**
 * Reviews an incident wherever it is in force. A false positive is removed and gives back the level it took, unless something else took
 * it since. An id that is not known changes nothing.
 */
export function closeReview(agent: AgentTrust, { id, falsePositive, atMs }: ReviewIncident): TrustWrite {
  requireFinite({ atMs })
  const changes: TrustChange[] = []
  const incidents = reviewIn(agent.incidents, id, falsePositive, atMs)
  const forAgent = reviewedIn(agent.incidents, id)
  if (forAgent) changes.push(reviewChange(null, id, isGone(incidents, id)))
  const reviewed = mapScopes({ ...agent, incidents }, (scope, key) => {
    const inScope = reviewedIn(scope.incidents, id)
    if (!forAgent && !inScope) return scope
    const own = reviewIn(scope.incidents, id, falsePositive, atMs)
    const gone = falsePositive && isGone(incidents, id) && isGone(own, id)
    if (inScope) changes.push(reviewChange(key, id, isGone(own, id)))
    const kept = { ...scope, incidents: own, agentIncidentCounts: countsAfterReview(agent.incidents, incidents, scope) }
    const { scope: restored, change } = gone ? restore(kept, key, id) : { scope: kept, change: undefined }
    if (change !== undefined) changes.push(change)
    return { ...restored, undo: restored.undo.filter((one) => one.id !== id) }
  })
  return changes.length === 0 ? { agent, changes } : { agent: reviewed, changes }
}

function reviewedIn(incidents: readonly Incident[], id: string): boolean {
  return incidents.some((one) => one.id === id)
}

function isGone(incidents: readonly Incident[], id: string): boolean {
  return !reviewedIn(incidents, id)
}

function reviewChange(scope: ScopeKey | null, id: string, removed: boolean): TrustChange {
  return { kind: 'incident_reviewed', scope, incident: id, false_positive: removed }
}

/** Counts go on only for incidents that the review left as they were. */
function countsAfterReview(
  before: readonly Incident[],
  after: readonly Incident[],
  scope: ScopeTrust,
): ScopeTrust['agentIncidentCounts'] {
  const untouched = new Set(after.filter((one) => before.includes(one)).map((one) => one.id))
  return scope.agentIncidentCounts.filter((one) => untouched.has(one.id))
}

function restore(
  scope: ScopeTrust,
  key: ScopeKey,
  id: string,
): { readonly scope: ScopeTrust; readonly change: TrustChange | undefined } {
  const undo = scope.undo.find((one) => one.id === id)
  if (undo?.struckAtMs !== scope.ladder.struckAtMs) return { scope, change: undefined }
  const { level: from } = scope.ladder
  const { level: to } = undo.before
  const change: TrustChange | undefined = from === to ? undefined : { kind: 'restored', scope: key, from, to, incident: id }
  return { scope: { ...scope, ladder: undo.before }, change }
}
