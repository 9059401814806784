import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { giveWay } from '../access/give-way.ts'
import { ServiceError } from '../format/error.ts'
import { agentKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { type IncidentStanding, incidentStandings } from '../trust/incident-caps.ts'
import { publish } from '../trust/score-scale.ts'
import { gravestFirst } from './rules/gravest-first.ts'
import { type IncidentFilter, INCIDENTS_LISTED_MAX, type IncidentsAnswer, type IncidentView } from './wire.ts'

/** Agents that are looked at before others are served. */
const CHUNK_AGENTS = 32

/** Incidents of the caller's tenant that still bound an agent: what waits for a person first, then by cap, the newest first. */
export async function incidents(deps: VerbDeps, caller: Caller, { agent, state }: IncidentFilter): Promise<IncidentsAnswer> {
  authorize(caller, 'read_steering')
  const nowMs = deps.nowMs()
  const found = (await standingIncidents(deps, caller.tenant, nowMs, agent)).filter(
    (each) => state === undefined || each.state === state,
  )
  return { incidents: found.toSorted(gravestFirst).slice(0, INCIDENTS_LISTED_MAX), total: found.length }
}

/** One incident that still bounds an agent. */
export async function incident(deps: VerbDeps, caller: Caller, incidentId: string): Promise<IncidentView> {
  authorize(caller, 'read_steering')
  const found = (await standingIncidents(deps, caller.tenant, deps.nowMs())).find(({ incident_id }) => incident_id === incidentId)
  if (found !== undefined) return found
  throw new ServiceError('not_found', `there is no incident "${incidentId}" that bounds an agent`, {
    fix: 'see GET /api/v1/incidents; one that is over, or was a false positive, is in the log only',
  })
}

async function standingIncidents(deps: VerbDeps, tenant: string, nowMs: number, agent?: string): Promise<IncidentView[]> {
  const agents = agent === undefined ? await deps.store.list('agent', tenant) : [agent]
  const found: IncidentView[] = []
  for (let from = 0; from < agents.length; from += CHUNK_AGENTS) {
    const keys = agents.slice(from, from + CHUNK_AGENTS).map((id) => agentKey(tenant, id))
    const views = await deps.store.read(keys, (view) => keys.flatMap((key) => standingIncidentsOf(key, nowMs, view)))
    found.push(...views)
    await giveWay()
  }
  return found
}

/** Incidents that still bound one agent, of its stored trust. */
export function standingIncidentsOf(
  key: ReturnType<typeof agentKey>,
  nowMs: number,
  view: Pick<View, 'document' | 'constants'>,
): readonly IncidentView[] {
  const trust = view.document(key)
  return trust === undefined ? [] : incidentStandings(trust, nowMs, view.constants()).map((standing) => shown(key.id, standing))
}

function shown(agent: string, { incident: of, scope, state, cap, scopes }: IncidentStanding): IncidentView {
  return {
    incident_id: of.id,
    agent,
    class: of.class,
    reach: scope === null ? 'agent' : 'scope',
    scope,
    state,
    cap,
    cap_raised: publish(of.cap),
    since: new Date(of.atMs).toISOString(),
    review: of.review,
    needs: state === 'open' ? 'review' : 'evidence',
    counts_from: state === 'open' ? null : new Date(of.fromMs).toISOString(),
    merged: of.merged,
    scopes: [...scopes],
  }
}
