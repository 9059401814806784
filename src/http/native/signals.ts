import { VERB_ROLES } from '../../access/authority.ts'
import type { SignalEvent } from '../../evidence/signals/wire.ts'
import { SignalReport } from '../../evidence/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Parsed, type Reply } from '../exchange.ts'
import { parseBody } from '../input.ts'
import { type BatchEntry, ingestEach, SIGNAL_BATCH_VALUES_MAX } from './signal-batch.ts'
import { binaryEvent, cloudEvent, plainEvent } from './signal-forms.ts'

/** Media types of CloudEvents, one and many. */
const CLOUD_EVENT_TYPE = 'application/cloudevents+json'
/** @see CLOUD_EVENT_TYPE */
const CLOUD_EVENTS_TYPE = 'application/cloudevents-batch+json'

/** Signals, one or a batch. */
export const SIGNAL_ENDPOINTS = {
  reportSignal: {
    method: 'post',
    path: '/api/v1/signals',
    convention: 'native',
    summary: 'Report a signal, or a batch of them, in a layer of the credential; plain or as CloudEvents 1.0.',
    roles: VERB_ROLES.report_signal,
    body: 'PlainSignal',
    bodyTypes: { [CLOUD_EVENT_TYPE]: 'SignalCloudEvent', [CLOUD_EVENTS_TYPE]: 'SignalBatch' },
    rated: 'reports',
    answer: { status: 200, schema: 'SignalsAnswer' },
    refusals: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of signals. */
export function createSignalHandlers(service: Service): Record<keyof typeof SIGNAL_ENDPOINTS, Handler> {
  return {
    reportSignal: (exchange) => {
      const type = mediaType(exchange)
      if (type === CLOUD_EVENTS_TYPE) return exchange.asBatch(() => ingestBatch(service, exchange))
      const body = parseBody(exchange.body)
      if (!body.ok) return body.fault
      if (type === CLOUD_EVENT_TYPE) return ingestOne(service, exchange, cloudEvent(body.value))
      if (exchange.headers['ce-specversion'] !== undefined)
        return ingestOne(service, exchange, binaryEvent(exchange.headers, body.value))
      return ingestPlain(service, exchange, body.value)
    },
  }
}

function mediaType({ headers }: Exchange): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** The plain form; one about a decision that is told by nothing is answered with the evidence that it was. */
async function ingestPlain(service: Service, exchange: Exchange, value: unknown): Promise<Reply | Fault> {
  const event = plainEvent(value)
  if (!event.ok) return event.fault
  const { origin, event_time: time, raw } = event.value
  const when = time === null ? {} : { event_time: new Date(time).toISOString() }
  const report = origin === null ? SignalReport.safeParse({ ...raw, ...when }) : undefined
  if (report?.success === true) return jsonReply(await service.reportSignal(exchange.caller, report.data))
  return ingestOne(service, exchange, event)
}

async function ingestOne(service: Service, { caller }: Exchange, event: Parsed<SignalEvent>): Promise<Reply | Fault> {
  return event.ok ? jsonReply(await service.ingestSignal(caller, event.value)) : event.fault
}

async function ingestBatch(service: Service, exchange: Exchange): Promise<Reply | Fault> {
  const body = parseBody(exchange.body, { valuesMax: SIGNAL_BATCH_VALUES_MAX })
  if (!body.ok) return body.fault
  const events: readonly unknown[] | undefined = Array.isArray(body.value) ? body.value : undefined
  if (events === undefined)
    return {
      code: 'bad_request',
      message: 'A batch of CloudEvents is a JSON array.',
      fix: 'Send [ … ], or one event as application/cloudevents+json.',
    }
  const answer = await ingestEach(service, exchange, events, entryOf)
  return 'items' in answer ? jsonReply(answer) : answer
}

function entryOf(value: unknown): BatchEntry {
  const { source, id } = (value ?? {}) as { readonly source?: unknown; readonly id?: unknown }
  return { source, id, event: cloudEvent(value) }
}
