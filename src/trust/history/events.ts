import { z } from 'zod'

import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { epochMs } from '../../format/time.ts'
import { Layer } from '../../model/layer.ts'
import { TRUST_ID_CHARS_MAX } from '../stored-trust.ts'

/** Most events of one history. */
const TRUST_EVENTS_MAX = 10_000_000

/** An ISO 8601 time with an offset, or a date (midnight UTC); read as milliseconds since 1970-01-01 UTC. */
const Time = z
  .union(
    [z.iso.datetime({ offset: true }), z.iso.date()],
    'must be an ISO 8601 time with "Z" or an offset, such as 2026-01-05T08:00:00Z',
  )
  .transform((text) => epochMs(text))
const id = z.string().min(1).max(TRUST_ID_CHARS_MAX)

const EvidenceEvent = z
  .strictObject({
    type: z.literal('evidence').optional(),
    layer: Layer,
    polarity: z.enum(['positive', 'negative']),
    weight: z.number().min(0),
    kappa: z.number().min(0).optional(),
    blast: z.int().min(0).max(3).optional(),
    reversibility: z.int().min(0).max(2).optional(),
    event_time: Time.optional(),
    at: Time.optional(),
  })
  .refine(({ polarity, blast, reversibility }) => polarity === 'negative' || (blast ?? reversibility) === undefined, {
    path: ['blast'],
    message: 'a success has no reach: leave out blast and reversibility, or say polarity: negative',
  })
  .transform(({ event_time, at, ...event }, context) => {
    const atMs = event_time ?? at
    if (atMs !== undefined) return { ...event, type: 'evidence' as const, atMs }
    context.addIssue({ code: 'custom', path: ['event_time'], message: 'is missing' })
    return z.NEVER
  })
const timed = <T extends { readonly at: number }>({ at, ...event }: T) => ({ ...event, atMs: at })
const IncidentEvent = z
  .strictObject({ type: z.literal('incident'), id, cap: z.number().min(0).max(1), review: z.boolean().default(false), at: Time })
  .transform(timed)
const ReviewEvent = z
  .strictObject({ type: z.literal('review'), id, false_positive: z.boolean().default(false), at: Time })
  .transform(timed)
const CompositionEvent = z
  .strictObject({ type: z.literal('composition'), kind: z.enum(['major', 'minor']), at: Time })
  .transform(timed)
const PromoteEvent = z
  .strictObject({ type: z.literal('promote'), verifiers: z.int().min(0).default(3), human: z.boolean().default(false), at: Time })
  .transform(timed)

const SCHEMAS = {
  evidence: EvidenceEvent,
  incident: IncidentEvent,
  review: ReviewEvent,
  composition: CompositionEvent,
  promote: PromoteEvent,
} as const

/** One event of a scope's history: evidence, an incident, its review, a change of composition, an attempt at promotion. */
export type TrustEvent = z.infer<(typeof SCHEMAS)[keyof typeof SCHEMAS]>

const Typed = z.looseObject({ type: z.enum(['evidence', 'incident', 'review', 'composition', 'promote']).default('evidence') })

/**
 * Reads one event; `index` is its position, from 0, for the message. An event without `type` is evidence.
 * Throws `bad_request` with the event's number, the member and what is wrong with it.
 */
export function parseTrustEvent(value: unknown, index: number): TrustEvent {
  const typed = Typed.safeParse(value)
  const parsed = typed.success ? SCHEMAS[typed.data.type].safeParse(value) : typed
  if (parsed.success) return parsed.data
  // What zod refuses has an issue at least.
  const [{ path, message }] = parsed.error.issues as unknown as readonly [z.core.$ZodIssue]
  const member = path.map(String).join('.')
  const where = `event ${index}${member === '' ? '' : `, ${member}`}`
  throw new ServiceError('bad_request', `${where}: ${message}`, {
    place: { pointer: `/${[index, ...path].map(String).join('/')}` },
    fix: 'see "History files" in docs/trust-model.md for the members of each event',
  })
}

function tooMany(came: number): ServiceError {
  return new ServiceError('too_large', overLimit('the history has', 'history.events_max', { max: TRUST_EVENTS_MAX, came }), {
    fix: 'replay a part of it',
  })
}

/** Reads a history, in order of processing. Throws `bad_request` naming the first event and member that is wrong. */
export function parseTrustEvents(values: unknown): readonly TrustEvent[] {
  if (!Array.isArray(values)) throw new ServiceError('bad_request', 'a history is an array of events', { place: { pointer: '' } })
  if (values.length > TRUST_EVENTS_MAX) throw tooMany(values.length)
  return values.map((value: unknown, index) => parseTrustEvent(value, index))
}
