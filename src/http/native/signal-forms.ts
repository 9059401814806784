import type { IncomingHttpHeaders } from 'node:http'

import { EVENT_TYPE_PREFIX } from '../../evidence/signals/mapping/map-alert.ts'
import { AgentSignal, DecisionSignal, type SignalBody, SignalCloudEvent, type SignalEvent } from '../../evidence/signals/wire.ts'
import { ANY_SIGNAL_CLASSES, type AnySignalClass, isOutcomeClass, isStateClass } from '../../model/signal-classes.ts'
import { signalDataOf } from '../../model/signal-data.ts'
import { didYouMean } from '../../policy/known-names.ts'
import { type Parsed, refuseRequest } from '../exchange.ts'
import { checkShape } from '../input.ts'

type Json = Readonly<Record<string, unknown>>

/** Reads the plain form. */
export function plainEvent(value: unknown): Parsed<SignalEvent> {
  const raw = objectOf(value)
  const of = classOf(raw['class'], '/class')
  if (!of.ok) return of
  return isStateClass(of.value) ? plainAgentEvent(raw) : plainDecisionEvent(raw, of.value)
}

function plainAgentEvent(raw: Json): Parsed<SignalEvent> {
  const parsed = checkShape(AgentSignal, raw)
  if (!parsed.ok) return parsed
  const { class: of, agent, data, event_time: eventTime = null, source, id } = parsed.value
  const signal = bodyOf(of, data, '/data')
  if (!signal.ok) return signal
  return withOrigin({ signal: signal.value, agent, origin: null, event_time: eventTime, raw }, source, id)
}

function plainDecisionEvent(raw: Json, of: AnySignalClass): Parsed<SignalEvent> {
  const parsed = checkShape(DecisionSignal, raw)
  if (!parsed.ok) return parsed
  const { event_time: eventTime = null, source, id, layer, decision_id, result, detail } = parsed.value
  const data = { decision_id, ...(result === undefined ? {} : { result }), ...(detail === undefined ? {} : { detail }) }
  const isOutcome = isOutcomeClass(of)
  if (isOutcome && layer !== undefined && layer !== 'outcome')
    return refuseRequest('bad_request', `/layer: the class "${of}" belongs to the layer "outcome"`, {
      errors: [{ pointer: '/layer', message: `the class "${of}" belongs to the layer "outcome"` }],
    })
  const signal = bodyOf(of, isOutcome ? data : { ...data, layer }, '')
  if (!signal.ok) return signal
  return withOrigin({ signal: signal.value, agent: null, origin: null, event_time: eventTime, raw }, source, id)
}

function withOrigin(event: SignalEvent, source: string | undefined, id: string | undefined): Parsed<SignalEvent> {
  if (source === undefined && id === undefined) return { ok: true, value: event }
  if (source !== undefined && id !== undefined) return { ok: true, value: { ...event, origin: { source, id } } }
  const missing = source === undefined ? 'source' : 'id'
  return refuseRequest('bad_request', `/${missing}: a signal that is told from others has a source and an id`, {
    errors: [{ pointer: `/${missing}`, message: 'a signal that is told from others has a source and an id' }],
  })
}

/** Reads a CloudEvent of the structured form. */
export function cloudEvent(value: unknown): Parsed<SignalEvent> {
  const raw = objectOf(value)
  const parsed = checkShape(SignalCloudEvent, raw)
  if (!parsed.ok) return parsed
  const { type, subject, time, source, id, data } = parsed.value
  if (!type.startsWith(EVENT_TYPE_PREFIX))
    return refuseRequest('bad_request', `/type: "${type}" is no type of signal`, {
      fix: `the type is "${EVENT_TYPE_PREFIX}" and the class, such as "${EVENT_TYPE_PREFIX}clean"`,
      errors: [{ pointer: '/type', message: `"${type}" is no type of signal` }],
    })
  const of = classOf(type.slice(EVENT_TYPE_PREFIX.length), '/type')
  if (!of.ok) return of
  const signal = bodyOf(of.value, data, '/data')
  if (!signal.ok) return signal
  const event = { signal: signal.value, agent: subject ?? null, origin: { source, id }, event_time: time ?? null, raw }
  return { ok: true, value: event }
}

/** The CloudEvent of the binary form: its attributes are in headers that begin with `ce-`, its data are the body. */
export function binaryEvent(headers: IncomingHttpHeaders, data: unknown): Parsed<SignalEvent> {
  const event: Record<string, unknown> = { datacontenttype: headers['content-type'], data }
  for (const [name, text] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || typeof text !== 'string') continue
    const decoded = decodedHeader(text)
    if (decoded === undefined)
      return refuseRequest('bad_request', `The header ${name} is not percent-encoded UTF-8.`, {
        fix: 'Encode it, or send the event as JSON.',
      })
    event[name.slice('ce-'.length)] = decoded
  }
  return cloudEvent(event)
}

function decodedHeader(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function classOf(name: unknown, pointer: string): Parsed<AnySignalClass> {
  const known = ANY_SIGNAL_CLASSES.find((each) => each === name)
  if (known !== undefined) return { ok: true, value: known }
  const message = typeof name === 'string' ? `there is no class of signal "${name.slice(0, 64)}"` : 'a signal has a class'
  return refuseRequest('bad_request', `${pointer}: ${message}`, {
    fix: didYouMean(typeof name === 'string' ? name.slice(0, 64) : '', ANY_SIGNAL_CLASSES, 'docs/signals.md lists all classes'),
    errors: [{ pointer, message }],
  })
}

function bodyOf(of: AnySignalClass, data: unknown, prefix: string): Parsed<SignalBody> {
  const parsed = checkShape<unknown>(signalDataOf(of), data, prefix)
  return parsed.ok ? { ok: true, value: { class: of, data: parsed.value } as SignalBody } : parsed
}
