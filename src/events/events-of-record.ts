import { unreachable } from '../format/error.ts'
import type { Alert } from '../ledger/alert.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { DecisionBody } from '../ledger/recorded-decision.ts'
import type { AgentChange } from '../trust/trust-change.ts'
import type { Effect, EffectOf } from '../ledger/effect.ts'
import { pauseOwner } from '../ledger/fold/pauses.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { StoredRecord } from '../ledger/store.ts'
import type { Event, EventType } from './event.ts'

/** What a record means for the outside; most records mean nothing. Header members and what a person needs to act, no arguments. */
export function eventsOf({ record, leafIndex }: StoredRecord): readonly Event[] {
  return [...effectEvents(record), ...consequences(record), ...alerts(record), ...conflicts(record)].map(({ type, data }) => ({
    type,
    timestamp: record.at,
    data: {
      tenant: record.tenant,
      agent: record.agent,
      action: record.action,
      decision_id: record.decision_id,
      actor: record.actor,
      record_id: record.id,
      leaf_index: leafIndex,
      ...data,
    },
  }))
}

type UntimedEvent = Pick<Event, 'type' | 'data'>

type EventsOfEffect = {
  readonly [K in Effect['kind']]: ((effect: Extract<Effect, { kind: K }>, record: AuditRecord) => readonly UntimedEvent[]) | null
}

/** The events of each kind of effect; null: it is of no interest outside, or is sent as what it did (`consequences`). */
const EFFECT_EVENTS: EventsOfEffect = {
  approval: (effect, record) => [{ type: APPROVAL_EVENTS[effect.step.kind], data: { approval: approvalData(record, effect) } }],
  override: ({ override: { id, scope, action, people, reason, until_ms } }) => [
    {
      type: people.length === 1 ? 'override.opened' : 'override.confirmed',
      data: { override: { id, scope, action, people, reason, until: new Date(until_ms).toISOString() } },
    },
  ],
  override_ended: ({ id }) => [{ type: 'override.ended', data: { override: { id } } }],
  incident: ({ agent, incident }) => [{ type: 'incident.raised', data: { agent, incident } }],
  review: ({ agent, incident_id: id, false_positive }) => [
    { type: 'incident.reviewed', data: { agent, incident: { id, false_positive } } },
  ],
  contain: ({ containment }) => [{ type: 'containment.set', data: { containment } }],
  lift: ({ id }) => [{ type: 'containment.lifted', data: { containment: { id } } }],
  promote: ({ agent, scope, level }) => [{ type: 'agent.promoted', data: { agent, scope, level } }],
  hold: ({ agent, hold }) => [{ type: 'hold.placed', data: { agent, hold } }],
  hold_resolved: ({ agent, id }) => [{ type: 'hold.resolved', data: { agent, hold: { id } } }],
  session: ({ agent, session, cap, used }) => [{ type: 'session.bounded', data: { agent, session, cap, used } }],
  injection_found: ({ agent, session, injection }) => [
    { type: 'session.bounded', data: { agent, session, cap: null, used: null, injection } },
  ],
  constants: (_effect, record) => policySetEvents(record),
  evidence: null,
  take_back: null,
  delegator: null,
  composition: null,
  demote: null,
  posture: null,
  tools: null,
  received: null,
  import: null,
  detectors: null,
  watched: null,
  coverage: null,
  timed_ceiling: null,
  seen: null,
  charge: null,
  owe: null,
  release: null,
  told: ({ what }, record) => toldEvents(what, record),
  verdict: null,
  rater_share: null,
  verifier: null,
  tally: null,
  witness: null,
  filing: null,
  // Nobody who judges canaries may learn which they are.
  canary: null,
  canary_judged: null,
  advice: null,
  handle_kept: null,
  rolled_back: ({ result, within_deadline }) => [
    { type: 'decision.rolled_back', data: { rollback: { result, within_deadline } } },
  ],
  owners: null,
  paused: pauseEvents,
  resumed: ({ decision_id, resumption: { person }, request_digest }) => [
    {
      type: request_digest === null ? 'reservation.resumed' : 'approval.resumed',
      data: { decision_id, person, ...(request_digest === null ? {} : { approval: { request_digest } }) },
    },
  ],
  spot_check: ({ check }) => [{ type: 'review.due', data: { review: check } }],
  permission_asked: (effect, record) => [{ type: 'permission_request.asked', data: permissionAskedData(effect, record) }],
  permission_closed: ({ id, verdict }) => [{ type: `permission_request.${verdict}`, data: { permission_request: { id } } }],
  spot_checked: (_effect, { outcome }) => [{ type: 'review.done', data: { finding: outcome } }],
}

function effectEvents(record: AuditRecord): readonly UntimedEvent[] {
  return record.effects.flatMap((effect) => {
    // The row of a kind takes effects of that kind, which the compiler does not see through the lookup.
    const make = EFFECT_EVENTS[effect.kind] as ((effect: Effect, record: AuditRecord) => readonly UntimedEvent[]) | null
    return make === null ? [] : make(effect, record)
  })
}

/** What waits for people, and what was let run, is told apart: people hear of the one, enforcement points of the other. */
function pauseEvents({ pause, approvals, reservations, complete }: EffectOf<'paused'>): readonly UntimedEvent[] {
  const agent = pauseOwner(pause.target)
  const about = { ...(agent === '' ? {} : { agent }), pause }
  return [
    ...(approvals.length === 0 && complete
      ? []
      : [{ type: 'approval.paused' as const, data: { ...about, decision_ids: approvals, complete } }]),
    ...(reservations.length === 0 && complete
      ? []
      : [{ type: 'reservation.paused' as const, data: { ...about, decision_ids: reservations, complete } }]),
  ]
}

const APPROVAL_EVENTS = {
  requested: 'approval.requested',
  voted: 'approval.decided',
  withdrawn: 'approval.withdrawn',
  expired: 'approval.expired',
  redeemed: 'approval.redeemed',
} as const satisfies Record<string, EventType>

/** An approval is found again by the digest of its request, whichever record a step of it is in. */
function approvalData(
  record: AuditRecord,
  { request_digest, step }: Extract<Effect, { kind: 'approval' }>,
): Readonly<Record<string, unknown>> {
  switch (step.kind) {
    case 'requested': {
      const { scope, band, approvers_needed, expires_at_ms } = step.approval
      const endsAt = new Date(expires_at_ms).toISOString()
      return { request_digest, state: 'pending', scope, band, approvers_needed, ends_at: endsAt, ...teamOf(record.body) }
    }
    case 'voted':
      return { request_digest, state: record.outcome, verdict: step.vote.verdict, person: step.vote.person }
    case 'redeemed':
      return { request_digest, state: 'redeemed', redeemed_by: step.by }
    case 'withdrawn':
    case 'expired':
      return { request_digest, state: step.kind }
    default:
      return unreachable(step)
  }
}

function policySetEvents({ body }: AuditRecord): readonly UntimedEvent[] {
  const { digest, former, modes_loosened } = body as {
    readonly digest?: string
    readonly former?: string | null
    readonly modes_loosened?: readonly string[]
  }
  const activated: UntimedEvent = { type: 'policy_set.activated', data: { policy_set: { digest, former } } }
  const loosened = modes_loosened ?? []
  return loosened.length === 0 ? [activated] : [activated, { type: 'mode.loosened', data: { modes: loosened } }]
}

const TOLD_EVENTS = {
  alert_soc: 'duty.alert_soc',
  notify_owner: 'duty.notify_owner',
  permission_escalation: 'escalation.repeated',
} as const satisfies Record<string, EventType>

/** The team on whose behalf a decision was, with who answers for it; nothing where it was for none. */
function teamOf(body: AuditRecord['body']): { readonly team?: unknown } {
  const { team } = (body as { readonly facts?: Pick<DecisionFacts, 'team'> }).facts ?? {}
  return team === undefined ? {} : { team }
}

/** What a decision had to tell: how it was answered, and who answers for the agent. */
function toldEvents(what: keyof typeof TOLD_EVENTS, { outcome, body }: AuditRecord): readonly UntimedEvent[] {
  const { duties, escalation, decision } = body as unknown as Pick<DecisionBody, 'duties' | 'escalation' | 'decision'>
  const team = teamOf(body)
  const { owner = null } = (what === 'permission_escalation' ? escalation : duties?.[what]) ?? {}
  const attempts = what === 'permission_escalation' ? { attempts: escalation?.attempts } : {}
  return [{ type: TOLD_EVENTS[what], data: { owner, ...team, ...attempts, outcome, limiting: decision.limiting } }]
}

/** What an agent asks for, under the id of the request that is open for it. What was written with it is not sent. */
function permissionAskedData(
  { request: { permission, owner } }: Extract<Effect, { kind: 'permission_asked' }>,
  { body }: AuditRecord,
): Readonly<Record<string, unknown>> {
  const { request: id, asked_today } = body as { readonly request?: string; readonly asked_today?: number }
  return { permission_request: { id, ...permission, owner, asked_today } }
}

const ALERT_EVENTS: Readonly<Partial<Record<Alert['kind'], EventType>>> = {
  log_review: 'log_review.overdue',
  spot_check: 'review.overdue',
}

/** What a monitoring rule or an overdue review of the log has to say. */
function alerts({ kind, body }: AuditRecord): readonly UntimedEvent[] {
  if (kind !== 'alert') return []
  const { alert } = body as unknown as { readonly alert: Alert }
  return [{ type: ALERT_EVENTS[alert.kind] ?? 'alert.raised', data: { alert } }]
}

/** A source that said something else under an id that it had used. */
function conflicts({ kind, outcome, body }: AuditRecord): readonly UntimedEvent[] {
  if (kind !== 'signal' || outcome !== 'conflict') return []
  return [{ type: 'signal.conflict', data: { conflict: (body as { readonly conflict?: unknown }).conflict } }]
}

/** What a record did to levels and incidents, as its body names it: demotions and the incidents of grave failures have no effect of their own. */
function consequences({ body, effects }: AuditRecord): readonly UntimedEvent[] {
  const changes = (body as { readonly changes?: readonly AgentChange[] }).changes ?? []
  if (changes.length === 0) return []
  const raised = new Set(effects.map((effect) => (effect.kind === 'incident' ? effect.incident.id : undefined)))
  return changes.flatMap((change): readonly UntimedEvent[] => {
    const { agent } = change
    if (change.kind === 'demoted') {
      const { scope, from, to, demotion_score, by } = change
      const person = by === undefined ? {} : { by, reason: (body as { readonly reason?: string }).reason ?? '' }
      return [{ type: 'agent.demoted', data: { agent, scope, from, to, demotion_score, ...person } }]
    }
    if (change.kind !== 'incident_raised' || raised.has(change.incident)) return []
    const { incident: id, class: of, scope, cap, review } = change
    return [{ type: 'incident.raised', data: { agent, incident: { id, class: of, scope, cap, review } } }]
  })
}
