import type { Finding } from '../../detect/finding.ts'
import { HOUR_MS } from '../../format/time.ts'
import { agentIncident } from '../../ledger/agent-incident.ts'
import type { Effect } from '../../ledger/effect.ts'
import { agentKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { rememberSighting } from '../corroboration.ts'
import { DETECTORS_SOURCE } from './detector-verdicts.ts'
import { isAlarm } from './request-detectors.ts'

/** A weak sign of an injection within so long of another adds nothing to its incident, ms. */
const WEAK_AGAIN_MS = HOUR_MS
/** Where no session is named, everything that the agent does is one, for so long, ms. */
const UNNAMED_SESSION_MS = HOUR_MS

/** The agent that an injection may cap, when, and the documents and constants as they are. */
export type InjectionContext = {
  readonly tenant: string
  readonly agent: string
  readonly atMs: number
  /** Names the incident: a decision for what is in its arguments, a record for what a tool gave back. */
  readonly origin: string
  readonly constants: Pick<TrustConstants, 'incident_rules'>
  readonly view: Pick<View, 'document'>
}

/** An injection in the arguments caps the agent at once. While one of its class holds, another adds nothing to it. */
export function argumentIncidents(findings: readonly Finding[], context: InjectionContext): readonly Effect[] {
  const { agent, atMs, origin, constants } = context
  const found = findings.find(({ detector, verdict }) => detector === 'injection_arguments' && isAlarm(verdict))
  if (found === undefined) return []
  if (found.verdict === 'anomalous') return suspectedIncident(context)
  if (incidentsOf(context).some((one) => one.class === 'injection_weak' && one.atMs > atMs - WEAK_AGAIN_MS)) return []
  return [agentIncident(agent, 'injection_weak', `injection-${origin}`, constants)]
}

/** What looks like an injection in what a tool gave back caps the session like the incident that it is not. */
export function outputCaps(
  findings: readonly Finding[],
  session: string | undefined,
  context: InjectionContext,
): readonly Effect[] {
  const { tenant, agent, atMs, origin, constants, view } = context
  const found = findings.find(({ detector, verdict }) => detector === 'injection_output' && isAlarm(verdict))
  if (found === undefined) return []
  const isStrong = found.verdict === 'anomalous'
  const value = constants.incident_rules[isStrong ? 'injection_suspected' : 'injection_weak'].cap ?? 0
  if (session === undefined) {
    const source = `session:unnamed:${isStrong ? 'injection' : 'weak_injection'}`
    return [{ kind: 'timed_ceiling', agent, source, value, until_ms: atMs + UNNAMED_SESSION_MS }]
  }
  const capped: Effect = { kind: 'session', agent, session, cap: { source: 'session:injection', value }, used: null }
  if (!isStrong) return [capped]
  const sighting = { tenant, agent, session, by: DETECTORS_SOURCE, nowMs: atMs }
  const { effect, isSecond } = rememberSighting(sighting, origin, view)
  return [capped, effect, ...(isSecond ? suspectedIncident(context) : [])]
}

/** The incident of an injection that is the agent's; none while one waits for its review. */
function suspectedIncident(context: InjectionContext): readonly Effect[] {
  const { agent, origin, constants } = context
  if (incidentsOf(context).some((one) => one.class === 'injection_suspected' && one.review === 'required')) return []
  return [agentIncident(agent, 'injection_suspected', `injection-${origin}`, constants)]
}

function incidentsOf({ tenant, agent, view }: InjectionContext) {
  return view.document(agentKey(tenant, agent))?.incidents ?? []
}
