import type { Finding } from '../../detect/finding.ts'
import { HOUR_MS } from '../../format/time.ts'
import { agentIncident } from '../../ledger/agent-incident.ts'
import type { Effect } from '../../ledger/effect.ts'
import { agentKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { rememberSighting } from '../corroboration.ts'
import { injectionEffect } from '../injection-effect.ts'
import { DETECTORS_SOURCE } from './detector-verdicts.ts'
import { isAlarm } from './request-detectors.ts'

/** A weak sign of an injection within so long of another adds nothing to its incident, ms. */
const WEAK_AGAIN_MS = HOUR_MS

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

/** The action whose output was looked at, and the session that it was in, as somebody said who is believed or not. */
export type OutputOrigin = {
  readonly decisionId: string
  readonly action: string
  readonly session: string | undefined
  readonly vouched: boolean
}

/** What looks like an injection in what a tool gave back lowers the session; seen by a second source, it is an incident of the agent. */
export function outputInjections(
  findings: readonly Finding[],
  { decisionId, action, session, vouched }: OutputOrigin,
  context: InjectionContext,
): readonly Effect[] {
  const { tenant, agent, atMs, origin, view } = context
  const found = findings.find(({ detector, verdict }) => detector === 'injection_output' && isAlarm(verdict))
  if (found === undefined) return []
  const reason = found.reason.slice(0, REASON_CHARS_MAX)
  const seen = { record_id: origin, decision_id: decisionId, action, by: DETECTORS_SOURCE, confidence: found.score, reason }
  const lowered = injectionEffect({ agent, session, vouched, atMs }, seen)
  if (found.verdict !== 'anomalous' || session === undefined) return [lowered]
  const sighting = { tenant, agent, session, by: DETECTORS_SOURCE, nowMs: atMs }
  const { effect, isSecond } = rememberSighting(sighting, origin, view)
  return [lowered, effect, ...(isSecond ? suspectedIncident(context) : [])]
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
