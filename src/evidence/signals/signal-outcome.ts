import { ServiceError, unreachable } from '../../format/error.ts'
import { agentIncident } from '../../ledger/agent-incident.ts'
import type { Effect } from '../../ledger/effect.ts'
import { agentKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import type { IncidentClass } from '../../trust/constants.ts'
import type { Posture } from '../../trust/posture.ts'
import { rememberSighting, sightingKey } from '../corroboration.ts'
import { injectionEffect } from '../injection-effect.ts'
import { EVENT_SKEW_MS_MAX } from '../rules/event-time.ts'
import { unconfirmedInjection } from '../rules/injection-confidence.ts'
import type { StateSignal } from './wire.ts'

/** Whom a signal is about, who says so, and when. */
export type SignalContext = {
  readonly tenant: string
  readonly agent: string
  /** The credential. */
  readonly by: string
  readonly nowMs: number
  readonly eventTimeMs: number
}

/** What a signal does, as effects and in words. */
export type SignalOutcome = { readonly effects: readonly Effect[]; readonly did: readonly string[] }

const NO_OUTCOME: SignalOutcome = { effects: [], did: [] }

/** What a signal about an agent or a session does to the state. Throws `bad_request` for a time that cannot be. */
export function signalOutcome(signal: StateSignal, context: SignalContext, recordId: string, view: View): SignalOutcome {
  switch (signal.class) {
    case 'credential_issued':
    case 'credential_rotated':
      return posture(context, { credential_issued_ms: pastIn(signal.data.issued_at, context) })
    case 'provisioned':
      return signal.data.issued_at === undefined
        ? NO_OUTCOME
        : posture(context, { credential_issued_ms: pastIn(signal.data.issued_at, context) })
    case 'certificate_renewed':
      return posture(context, { certificate_not_after_ms: timeIn(signal.data.not_after, 'not_after') })
    case 'workload_attested': {
      const { ok, until } = signal.data
      return posture(context, { attested: { ok, ...(until === undefined ? {} : { until_ms: timeIn(until, 'until') }) } })
    }
    case 'delegator_mfa':
      return posture(context, { delegator_mfa: signal.data.ok })
    case 'deprovisioned':
    case 'revoked':
      return incident('credential_compromise', context, recordId, view)
    case 'session_risk':
      return sessionRisk(signal.data, context, view)
    case 'used_output_of': {
      const { session, agent: used } = signal.data
      return {
        effects: [{ kind: 'session', agent: context.agent, session, cap: null, used, shared: true }],
        did: [`the session is worth no more than the agent "${used}"`],
      }
    }
    case 'injection_indicator':
      return injection(signal.data, context, recordId, view)
    case 'canary_tripped':
      return incident('injection_confirmed', context, recordId, view)
    case 'exfiltration':
    case 'permission_escalation':
      return incident(signal.class, context, recordId, view)
    default:
      return unreachable(signal)
  }
}

/** Whether an indicator is a weak one of the agent itself, which weighs as evidence where its decision is known. */
export function isWeakInjection(signal: StateSignal): boolean {
  if (signal.class !== 'injection_indicator') return false
  const { confidence, found_in, confirmed } = signal.data
  return !confirmed && found_in !== 'output' && unconfirmedInjection(confidence) === 'injection_weak'
}

function posture({ agent, eventTimeMs }: SignalContext, given: Posture): SignalOutcome {
  return {
    effects: [{ kind: 'posture', agent, posture: given, event_time_ms: eventTimeMs }],
    did: [`posture: ${Object.keys(given).join(', ')}`],
  }
}

function timeIn(time: string, member: string): number {
  const atMs = Date.parse(time)
  if (atMs >= 0) return atMs
  throw new ServiceError('bad_request', `${member} is before 1970`, {
    place: { pointer: `/data/${member}` },
    fix: 'send a time as RFC 3339 says, such as 2026-03-02T10:00:00Z',
  })
}

/** A time that has been; that of the event where none is given. */
function pastIn(time: string | undefined, { nowMs, eventTimeMs }: SignalContext): number {
  if (time === undefined) return eventTimeMs
  const atMs = timeIn(time, 'issued_at')
  if (atMs <= nowMs + EVENT_SKEW_MS_MAX) return Math.min(atMs, nowMs)
  throw new ServiceError('bad_request', 'issued_at is in the future', {
    place: { pointer: '/data/issued_at' },
    fix: 'synchronise the clock, or send the signal when the credential is in use',
  })
}

/** An incident of the agent; none where one of its class, as low, waits for its review already. */
function incident(of: IncidentClass, { tenant, agent }: SignalContext, recordId: string, view: View): SignalOutcome {
  const raised = agentIncident(agent, of, recordId, view.constants())
  const { cap, review } = raised.incident
  const open = view.document(agentKey(tenant, agent))?.incidents ?? []
  if (review && open.some((one) => one.class === of && one.review === 'required' && one.cap <= cap))
    return { effects: [], did: [`an incident "${of}" of the agent waits for its review already`] }
  return { effects: [raised], did: [`incident "${of}" of the agent, cap ${cap}`] }
}

type RiskData = Extract<StateSignal, { class: 'session_risk' }>['data']

function sessionRisk({ session, level }: RiskData, { agent }: SignalContext, view: View): SignalOutcome {
  if (level === 'low') return NO_OUTCOME
  const { session_high, session_medium } = view.constants().bound_ceilings
  const value = level === 'high' ? session_high : session_medium
  return {
    effects: [{ kind: 'session', agent, session, cap: { source: 'session:risk', value }, used: null, shared: true }],
    did: [`the session is capped at ${value}`],
  }
}

type InjectionData = Extract<StateSignal, { class: 'injection_indicator' }>['data']

/** An indicator in what a tool gave back lowers the session: whoever can send a mail could bring the agent down otherwise. */
function injection(data: InjectionData, context: SignalContext, recordId: string, view: View): SignalOutcome {
  const { confidence, found_in, confirmed, session, decision_id } = data
  if (confirmed) return incident('injection_confirmed', context, recordId, view)
  const kind = unconfirmedInjection(confidence)
  if (kind === null) return NO_OUTCOME
  if (found_in !== 'output' || session === undefined) return incident(kind, context, recordId, view)
  const { agent, by, nowMs: atMs } = context
  const reason = `an indicator of injection in what a tool gave back, of confidence ${confidence}`
  const seen = { record_id: recordId, decision_id: decision_id ?? null, action: null, by, confidence, reason }
  // Who may send signals about sessions is believed about them.
  const lowered: SignalOutcome = {
    effects: [injectionEffect({ agent, session, vouched: true, atMs }, seen)],
    did: ['in the session a person is asked before anything is written or reaches outside'],
  }
  if (kind === 'injection_weak') return lowered
  return both(lowered, secondSource(session, context, recordId, view))
}

/** An injection that two sources saw in one session within the hour is the agent's. */
function secondSource(session: string, context: SignalContext, recordId: string, view: View): SignalOutcome {
  const { effect, isSecond } = rememberSighting({ ...context, session }, recordId, view)
  const remembered: SignalOutcome = { effects: [effect], did: [] }
  return isSecond ? both(remembered, incident('injection_suspected', context, recordId, view)) : remembered
}

function both(one: SignalOutcome, other: SignalOutcome): SignalOutcome {
  return { effects: [...one.effects, ...other.effects], did: [...one.did, ...other.did] }
}

/** Documents that `signalOutcome` reads. */
export function signalDocumentKeys(signal: StateSignal, tenant: string, agent: string) {
  const session = 'session' in signal.data ? signal.data.session : undefined
  return [agentKey(tenant, agent), ...(session === undefined ? [] : [sightingKey({ tenant, agent, session })])]
}
