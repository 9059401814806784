import { z } from 'zod'

/** What is told to the outside. */
export const EVENT_TYPES = [
  'approval.requested',
  'approval.decided',
  'approval.withdrawn',
  'approval.expired',
  'approval.redeemed',
  'approval.paused',
  'approval.resumed',
  'reservation.paused',
  'reservation.resumed',
  'decision.rolled_back',
  'override.opened',
  'override.confirmed',
  'override.ended',
  'incident.raised',
  'incident.reviewed',
  'containment.set',
  'containment.lifted',
  'hold.placed',
  'hold.resolved',
  'session.bounded',
  'signal.conflict',
  'agent.demoted',
  'agent.promoted',
  'policy_set.activated',
  'mode.loosened',
  'alert.raised',
  'log_review.overdue',
  'duty.alert_soc',
  'duty.notify_owner',
  'escalation.repeated',
  'review.due',
  'review.done',
  'review.overdue',
  'permission_request.asked',
  'permission_request.done',
  'permission_request.refused',
] as const

export const EventType = z.enum(EVENT_TYPES)

export type EventType = z.infer<typeof EventType>

/** One event as it is sent. */
export type Event = {
  readonly type: EventType
  /** ISO 8601. */
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}
