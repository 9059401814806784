import { byCodeUnit } from '../../format/order.ts'
import type { Store } from '../../ledger/store.ts'
import { type Level, LEVELS } from '../../model/level.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import type { AgentTrust } from '../../trust/stored-trust.ts'
import { type IncidentState, scopeView } from '../../trust/trust-view.ts'
import { medianOf, OTHER_SCOPES, REPORTED_SCOPES_MAX } from './scope-report.ts'
import { AGENT_WIDE, ALL_SCOPES } from './sighting.ts'

/** Ages of one scope that are kept for the median. */
const AGES_MAX = 10_000
/** Agents that are looked at before others have their turn. */
const AGENTS_AT_ONCE = 50

/** Where the trust of all agents stands in one scope, at one time. */
export type ScopeSurvey = {
  readonly scope: string
  readonly agents: number
  /** Mean of 1 − u over the agents; null without any. */
  readonly confidence: number | null
  /** Median age of the newest verified success of the weakest layer, ms; null where there is none. */
  readonly evidence_age_ms: number | null
  readonly levels: Readonly<Record<Level, number>>
  /** Agents by where they stand towards incidents. */
  readonly incidents: Readonly<Record<IncidentState, number>>
  /** Incidents that wait for a person; one that reaches a whole agent is counted once, under `agent_wide`. */
  readonly open_incidents: number
}

type Sum = {
  agents: number
  confidence: number
  ages: number[]
  levels: Record<Level, number>
  incidents: Record<IncidentState, number>
  open: number
}

/** Reads the trust of every agent, a few at a time, so that nobody is held up. `pause` lets others have their turn. */
export async function surveyTrust(
  store: Pick<Store, 'tenants' | 'list' | 'read'>,
  nowMs: number,
  pause: () => Promise<void>,
): Promise<{ readonly all: ScopeSurvey; readonly scopes: readonly ScopeSurvey[] }> {
  const sums: Sums = { all: newSum(), scopes: new Map() }
  for (const tenant of await store.tenants()) {
    const agents = await store.list('agent', tenant)
    for (let from = 0; from < agents.length; from += AGENTS_AT_ONCE) {
      const keys = agents.slice(from, from + AGENTS_AT_ONCE).map((id) => ({ kind: 'agent', tenant, id }) as const)
      await store.read(keys, (view) => {
        for (const agent of keys.flatMap((key) => view.document(key) ?? [])) addAgent(sums, agent, nowMs, view.constants())
      })
      await pause()
    }
  }
  return {
    all: standingOf(ALL_SCOPES, sums.all),
    scopes: [...sums.scopes].map(([scope, sum]) => standingOf(scope, sum)).sort((a, b) => byCodeUnit(a.scope, b.scope)),
  }
}

type Sums = { readonly all: Sum; readonly scopes: Map<string, Sum> }

function sumOf({ scopes }: Sums, scope: string): Sum {
  const name = scopes.has(scope) || scopes.size < REPORTED_SCOPES_MAX ? scope : OTHER_SCOPES
  const sum = scopes.get(name) ?? newSum()
  scopes.set(name, sum)
  return sum
}

function addAgent(sums: Sums, agent: AgentTrust, nowMs: number, constants: TrustConstants): void {
  const wide = openIn(agent.incidents)
  if (wide > 0) for (const sum of [sumOf(sums, AGENT_WIDE), sums.all]) sum.open += wide
  for (const [scope, { incidents }] of Object.entries(agent.scopes)) {
    const seen = scopeView(agent, scope, { nowMs }, constants)
    const open = openIn(incidents)
    for (const sum of [sumOf(sums, scope), sums.all]) {
      sum.agents += 1
      sum.confidence += seen.confidence
      if (seen.freshness.age_ms !== null && sum.ages.length < AGES_MAX) sum.ages.push(seen.freshness.age_ms)
      sum.levels[seen.level_effective] += 1
      sum.incidents[seen.incident.state] += 1
      sum.open += open
    }
  }
}

/** Incidents that wait for their review. */
function openIn(incidents: AgentTrust['incidents']): number {
  return incidents.filter(({ review }) => review === 'required').length
}

function newSum(): Sum {
  return {
    agents: 0,
    confidence: 0,
    ages: [],
    levels: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 },
    incidents: { open: 0, recovering: 0, watch: 0, clear: 0 },
    open: 0,
  }
}

function standingOf(scope: string, { agents, confidence, ages, levels, incidents, open }: Sum): ScopeSurvey {
  return {
    scope,
    agents,
    confidence: agents === 0 ? null : confidence / agents,
    evidence_age_ms: medianOf(ages),
    levels: Object.fromEntries(LEVELS.map((level) => [level, levels[level]])) as Record<Level, number>,
    incidents: { ...incidents },
    open_incidents: open,
  }
}
