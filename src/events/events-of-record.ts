import { unreachable } from '../format/error.ts'
import type { Alert } from '../ledger/alert.ts'
import type { AgentChange } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { StoredRecord } from '../ledger/store.ts'
import type { Event, EventType } from './event.ts'

/** What a record means for the outside; most records mean nothing. Header members and what a person needs to act, no arguments. */
export function eventsOf({ record, leafIndex }: StoredRecord): readonly Event[] {
  return [...steps(record), ...consequences(record), ...alerts(record), ...conflicts(record)].map(({ type, data }) => ({
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

type Step = { readonly type: EventType; readonly data: Event['data'] }

function steps(record: AuditRecord): readonly Step[] {
  return record.effects.flatMap((effect): readonly Step[] => {
    switch (effect.kind) {
      case 'approval':
        return [{ type: APPROVAL_EVENTS[effect.step.kind], data: { approval: approvalData(record, effect) } }]
      case 'override': {
        const { id, scope, action, people, reason, until_ms } = effect.override
        const data = { override: { id, scope, action, people, reason, until: new Date(until_ms).toISOString() } }
        return [{ type: people.length === 1 ? 'override.opened' : 'override.confirmed', data }]
      }
      case 'override_ended':
        return [{ type: 'override.ended', data: { override: { id: effect.id } } }]
      case 'incident':
        return [{ type: 'incident.raised', data: { agent: effect.agent, incident: effect.incident } }]
      case 'review':
        return [
          {
            type: 'incident.reviewed',
            data: { agent: effect.agent, incident: { id: effect.incident_id, false_positive: effect.false_positive } },
          },
        ]
      case 'contain':
        return [{ type: 'containment.set', data: { containment: effect.containment } }]
      case 'lift':
        return [{ type: 'containment.lifted', data: { containment: { id: effect.id } } }]
      case 'promote':
        return [{ type: 'agent.promoted', data: { agent: effect.agent, scope: effect.scope, level: effect.level } }]
      case 'hold':
        return [{ type: 'hold.placed', data: { agent: effect.agent, hold: effect.hold } }]
      case 'hold_resolved':
        return [{ type: 'hold.resolved', data: { agent: effect.agent, hold: { id: effect.id } } }]
      case 'session':
        return [
          {
            type: 'session.bounded',
            data: { agent: effect.agent, session: effect.session, cap: effect.cap, used: effect.used },
          },
        ]
      case 'constants':
        return policySetSteps(record)
      case 'evidence':
      case 'take_back':
      case 'delegator':
      case 'composition':
      // Told by what it did (`consequences`).
      case 'demote':
      case 'posture':
      case 'tools':
      case 'received':
      case 'import':
      case 'detectors':
      case 'watched':
      case 'coverage':
      case 'timed_ceiling':
      case 'seen':
      case 'charge':
      case 'release':
      case 'verdict':
      case 'rater_share':
      case 'tally':
      case 'witness':
      case 'filing':
      // Nobody who judges canaries may learn which they are.
      case 'canary':
      case 'canary_judged':
      case 'advice':
      case 'owners':
        return []
      default:
        return unreachable(effect)
    }
  })
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
      return { request_digest, state: 'pending', scope, band, approvers_needed, ends_at: endsAt }
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

function policySetSteps({ body }: AuditRecord): readonly Step[] {
  const { digest, former, modes_loosened } = body as {
    readonly digest?: string
    readonly former?: string | null
    readonly modes_loosened?: readonly string[]
  }
  const activated: Step = { type: 'policy_set.activated', data: { policy_set: { digest, former } } }
  const loosened = modes_loosened ?? []
  return loosened.length === 0 ? [activated] : [activated, { type: 'mode.loosened', data: { modes: loosened } }]
}

/** What a monitoring rule or an overdue review of the log has to say. */
function alerts({ kind, body }: AuditRecord): readonly Step[] {
  if (kind !== 'alert') return []
  const { alert } = body as unknown as { readonly alert: Alert }
  return [{ type: alert.kind === 'log_review' ? 'log_review.overdue' : 'alert.raised', data: { alert } }]
}

/** A source that said something else under an id that it had used. */
function conflicts({ kind, outcome, body }: AuditRecord): readonly Step[] {
  if (kind !== 'signal' || outcome !== 'conflict') return []
  return [{ type: 'signal.conflict', data: { conflict: (body as { readonly conflict?: unknown }).conflict } }]
}

/** What a record did to levels and incidents, as its body names it: demotions and the incidents of grave failures have no effect of their own. */
function consequences({ body, effects }: AuditRecord): readonly Step[] {
  const changes = (body as { readonly changes?: readonly AgentChange[] }).changes ?? []
  if (changes.length === 0) return []
  const raised = new Set(effects.map((effect) => (effect.kind === 'incident' ? effect.incident.id : undefined)))
  return changes.flatMap((change): readonly Step[] => {
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
