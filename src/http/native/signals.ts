import { VERB_ROLES } from '../../access/authority.ts'
import { BATCH_SIGNALS_MAX, type SignalBatchAnswer, type SignalEvent, type SignalItem } from '../../evidence/signals/wire.ts'
import { SignalReport } from '../../evidence/wire.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Parsed, type Reply } from '../exchange.ts'
import { parseBody } from '../input.ts'
import { faultOf, isOurs, problemOf, PROBLEMS } from '../problems.ts'
import { binaryEvent, cloudEvent, plainEvent } from './signal-forms.ts'

/** Media types of CloudEvents, one and many. */
const CLOUD_EVENT_TYPE = 'application/cloudevents+json'
/** @see CLOUD_EVENT_TYPE */
const CLOUD_EVENTS_TYPE = 'application/cloudevents-batch+json'
/** Values that the body of a batch may hold at all depths. */
const SIGNAL_BATCH_VALUES_MAX = 60_000

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
      if (type === CLOUD_EVENTS_TYPE) return ingestBatch(service, exchange)
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

/** Each event for itself; those about one agent or decision in the order in which they stand. */
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
  if (events.length > BATCH_SIGNALS_MAX)
    return {
      code: 'too_large',
      message: `A batch holds at most ${BATCH_SIGNALS_MAX} events, this one ${events.length}.`,
      fix: 'Send several batches.',
    }
  const tooMany = events.length > 1 ? exchange.charge(events.length - 1) : undefined
  if (tooMany !== undefined) return tooMany
  const items: SignalItem[] = []
  const queues = new Map<string, Promise<void>>()
  for (const [index, value] of events.entries()) {
    const queue = queueOf(value)
    const before = queues.get(queue) ?? Promise.resolve()
    queues.set(
      queue,
      before.then(async () => {
        items[index] = await itemOf(service, exchange, value, index)
      }),
    )
  }
  await Promise.all(queues.values())
  return jsonReply(batchAnswer(items))
}

function batchAnswer(items: SignalItem[]): SignalBatchAnswer {
  const accepted = items.filter(({ answer }) => answer !== undefined)
  const duplicates = accepted.filter(({ answer }) => answer?.duplicate === true)
  return { accepted: accepted.length, duplicates: duplicates.length, refused: items.length - accepted.length, items }
}

/** What two events have in common that must be taken one after the other. */
function queueOf(value: unknown): string {
  const { subject, data } = (value ?? {}) as {
    readonly subject?: unknown
    readonly data?: { readonly decision_id?: unknown } | null
  }
  const about = subject ?? data?.decision_id
  return typeof about === 'string' ? about : ''
}

async function itemOf(service: Service, exchange: Exchange, value: unknown, index: number): Promise<SignalItem> {
  const { source, id } = (value ?? {}) as { readonly source?: unknown; readonly id?: unknown }
  const named = { index, source: textOr(source), id: textOr(id) }
  const refused = (fault: Fault): SignalItem => ({
    ...named,
    status: PROBLEMS[fault.code].status,
    problem: problemOf(fault, exchange.requestId),
  })
  const event = cloudEvent(value)
  if (!event.ok) return refused(event.fault)
  try {
    return { ...named, status: 200, answer: await service.ingestSignal(exchange.caller, event.value) }
  } catch (error) {
    // What fails here fails for all: the whole batch is sent again, and what was taken counts once.
    if (isOurs(error)) throw error
    return refused(faultOf(error))
  }
}

const TEXT_CHARS_MAX = 512

function textOr(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, TEXT_CHARS_MAX) : null
}
