import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { decay, type TimedWeight } from './layer/decay.ts'
import { phi, publish } from './score-scale.ts'
import { type AgentTrust, type Incident, type IncidentCount, INCIDENTS_MAX, scopeOf } from './stored-trust.ts'

/** What is needed to enter an incident into a set: id, class, score cap, whether a person must review it, when it was raised. */
export type RaisedIncident = Pick<Incident, 'id' | 'class' | 'cap' | 'atMs'> & { readonly review: boolean }

/**
 * Enters an incident into a set. One that is there already keeps the lower cap, the stricter review and the later start, and its
 * count starts over.
 */
export function raiseInto(incidents: readonly Incident[], raised: RaisedIncident): readonly Incident[] {
  const old = incidents.find((one) => one.id === raised.id)
  const entry: Incident = {
    id: raised.id,
    class: raised.class,
    cap: Math.min(raised.cap, old?.cap ?? 1),
    review: raised.review || old?.review === 'required' ? 'required' : 'none',
    atMs: raised.atMs,
    fromMs: Math.max(raised.atMs, old?.fromMs ?? -Infinity),
    c: 0,
    tMs: raised.atMs,
    merged: old?.merged ?? false,
  }
  return bounded([...incidents.filter((one) => one.id !== raised.id), entry])
}

/** Keeps a set within its limit: merges the two oldest entries, those that wait for no review first, at the stricter of everything. */
function bounded(incidents: readonly Incident[]): readonly Incident[] {
  if (incidents.length <= INCIDENTS_MAX) return incidents
  const settled = incidents.filter((one) => one.review !== 'required')
  const oldest = (settled.length >= 2 ? settled : incidents).slice(0, 2)
  return [oldest.reduce(mergeIncidents), ...incidents.filter((one) => !oldest.includes(one))]
}

function mergeIncidents(a: Incident, b: Incident): Incident {
  const stricter = a.cap <= b.cap ? a : b
  return {
    ...stricter,
    review: a.review === 'required' || b.review === 'required' ? 'required' : stricter.review,
    atMs: Math.max(a.atMs, b.atMs),
    fromMs: Math.max(a.fromMs, b.fromMs),
    c: 0,
    tMs: Math.max(a.tMs, b.tMs),
    merged: true,
  }
}

/**
 * A review: a false positive leaves the set, any other review lets counting begin. Of a merged entry nobody can say that all of it was
 * false, so it is only reviewed. Unknown ids change nothing.
 */
export function reviewIn(incidents: readonly Incident[], id: string, falsePositive: boolean, atMs: number): readonly Incident[] {
  if (falsePositive && incidents.some((one) => one.id === id && !one.merged)) return incidents.filter((one) => one.id !== id)
  return incidents.map((one) =>
    one.id === id && one.review === 'required'
      ? { ...one, review: 'passed', fromMs: Math.max(one.fromMs, atMs), c: 0, tMs: atMs }
      : one,
  )
}

/** True if a positive of that time counts towards the incident: reviewed where that is needed, and strictly later than its start. */
export function countsTowards(incident: Incident, eventTimeMs: number): boolean {
  return incident.review !== 'required' && eventTimeMs > incident.fromMs
}

type Counted = { readonly c: number; readonly tMs: number }

/** The count with a positive of at most one unit added. */
export function countPositive<T extends Counted>(counted: T, success: TimedWeight, constants: TrustConstants): T {
  const { weight, eventTimeMs } = success
  const halfLife = constants.half_life_positive_days
  const tMs = Math.max(counted.tMs, eventTimeMs)
  const c = counted.c * decay(tMs - counted.tMs, halfLife) + Math.min(weight, 1) * decay(tMs - eventTimeMs, halfLife)
  return { ...counted, c, tMs }
}

/** The count with a positive taken back, at what is left of it, down to zero at most. */
export function uncountPositive<T extends Counted>(counted: T, success: TimedWeight, constants: TrustConstants): T {
  const { weight, eventTimeMs } = success
  const left = Math.min(weight, 1) * decay(counted.tMs - eventTimeMs, constants.half_life_positive_days)
  return { ...counted, c: Math.max(0, counted.c - left) }
}

/** The agent's incidents as one scope sees them: with the positives counted in that scope. */
export function incidentsInScope(incidents: readonly Incident[], counts: readonly IncidentCount[]): readonly Incident[] {
  if (counts.length === 0) return incidents
  return incidents.map((incident) => {
    const counted = counts.find((one) => one.id === incident.id)
    return counted === undefined ? incident : { ...incident, c: counted.c, tMs: counted.tMs }
  })
}

/** The cap of one incident: as raised until it is reviewed, then what has been proven since, never below as raised. */
export function incidentCap(incident: Incident, nowMs: number, constants: TrustConstants): number {
  if (incident.review === 'required') return incident.cap
  const proven = provenSince(incident, nowMs, constants)
  return Math.max(incident.cap, phi(constants.prior_units / (proven + constants.prior_units), constants))
}

/** Verified successes since the incident counts, decayed units. */
function provenSince(incident: Incident, nowMs: number, constants: TrustConstants): number {
  return incident.c * decay(nowMs - incident.tMs, constants.half_life_positive_days)
}

/** The cap of a set of incidents: the lowest, 1 where there are none. */
export function incidentsCap(incidents: readonly Incident[], nowMs: number, constants: TrustConstants): number {
  return incidents.reduce((cap, incident) => Math.min(cap, incidentCap(incident, nowMs, constants)), 1)
}

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
  const proven = counts ? provenSince(incident, nowMs, constants) : 0
  return { scope, cap: publish(incidentCap(incident, nowMs, constants)), proven }
}

/** In a scope in which nothing happened yet, nothing is proven either: there the cap is as raised. */
function standing(incident: Incident, scope: ScopeKey | null, scopes: readonly ScopeStanding[]): IncidentStanding {
  const caps = scopes.map(({ cap }) => cap)
  const cap = caps.length === 0 ? publish(incident.cap) : Math.min(...caps)
  return { incident, scope, state: incident.review === 'required' ? 'open' : 'recovering', cap, scopes }
}
