import { authorize, VERB_ROLES } from '../../access/authority.ts'
import { mapAlert, type WholeMapping, wholeMapping } from '../../evidence/signals/mapping/map-alert.ts'
import type { SignalMapping } from '../../evidence/signals/settings.ts'
import type { SignalEvent } from '../../evidence/signals/wire.ts'
import { pointerSteps } from '../../format/source-place.ts'
import { valueInside } from '../../format/value-inside.ts'
import type { Observer } from '../../model/observation.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Parsed, refuseRequest, type Reply } from '../exchange.ts'
import { parseBody } from '../input.ts'
import { type BatchEntry, ingestEach, SIGNAL_BATCH_VALUES_MAX } from './signal-batch.ts'
import { cloudEvent } from './signal-forms.ts'

/** What other systems send in words of their own. */
export const MAPPED_SIGNAL_ENDPOINTS = {
  reportMappedSignal: {
    method: 'post',
    path: '/api/v1/signals/{mapping}',
    convention: 'native',
    summary: 'Report alerts of another system, one or a list, as its mapping in the configuration reads them.',
    roles: VERB_ROLES.report_signal,
    body: 'Json',
    rated: 'reports',
    answer: { status: 200, schema: 'MappedSignalsAnswer' },
    refusals: ['not_found', 'conflict'],
  },
} as const satisfies Record<string, Endpoint>

/** What alerts are read by, and who counts them. */
export type MappedSignalDeps = { readonly mappings: readonly SignalMapping[]; readonly observe: Observer }

/** Handlers of alerts of other systems. */
export function createMappedSignalHandlers(
  service: Service,
  { mappings, observe }: MappedSignalDeps,
): Record<keyof typeof MAPPED_SIGNAL_ENDPOINTS, Handler> {
  const byId = new Map(mappings.map((mapping) => [mapping.id, wholeMapping(mapping)]))
  return {
    reportMappedSignal: (exchange) => {
      authorize(exchange.caller, 'report_signal')
      const { mapping: id = '' } = exchange.params
      const mapping = byId.get(id)
      // One that is for others is as none: names of mappings say who else is watched.
      if (mapping === undefined || !mapping.credentials.includes(exchange.caller.credential ?? '')) return unknownMapping(id)
      return ingestAlerts(service, exchange, mapping, observe)
    },
  }
}

function unknownMapping(id: string): Fault {
  return {
    code: 'not_found',
    message: `There is no mapping "${id.slice(0, 64)}" for this credential.`,
    fix: 'name one of "signals.mappings" that has the credential in its "credentials"',
  }
}

async function ingestAlerts(
  service: Service,
  exchange: Exchange,
  mapping: WholeMapping,
  observe: Observer,
): Promise<Reply | Fault> {
  const body = parseBody(exchange.body, { valuesMax: SIGNAL_BATCH_VALUES_MAX, largeNumbersAsText: true })
  if (!body.ok) return body.fault
  const entryOf = (alert: unknown): BatchEntry => readAlert(mapping, alert, observe)
  const list = listIn(mapping, body.value)
  if (list !== undefined) {
    const answer = await exchange.asBatch(() => ingestEach(service, exchange, list, entryOf))
    return 'items' in answer ? jsonReply(answer) : answer
  }
  const { event } = entryOf(body.value)
  return event.ok ? jsonReply(await service.ingestSignal(exchange.caller, event.value)) : event.fault
}

/** The list of alerts of a body; undefined where the body is one alert. */
function listIn({ items = [] }: WholeMapping, body: unknown): readonly unknown[] | undefined {
  const found = [body, ...items.map((pointer) => valueInside(body, pointerSteps(pointer)))].find((value) => Array.isArray(value))
  return found as readonly unknown[] | undefined
}

/** An alert as a signal; it is recorded as it came, and compared by what it says here. */
function readAlert(mapping: WholeMapping, alert: unknown, observe: Observer): BatchEntry {
  const count = (result: 'mapped' | 'unmatched' | 'refused'): void => observe({ kind: 'mapped', mapping: mapping.id, result })
  const mapped = mapAlert(mapping, alert)
  if (!mapped.ok) {
    count(mapped.kind === 'unmatched' ? 'unmatched' : 'refused')
    return { source: mapping.source, id: null, event: unreadable(mapped.message) }
  }
  const { event: said } = mapped
  const event = cloudEvent(said)
  count(event.ok ? 'mapped' : 'refused')
  const whole: Parsed<SignalEvent> = event.ok
    ? { ok: true, value: { ...event.value, raw: { mapping: mapping.id, alert, signal: said }, compared: said } }
    : event
  return { source: said['source'], id: said['id'], event: whole }
}

function unreadable(message: string): Parsed<SignalEvent> {
  return refuseRequest('bad_request', message, { fix: 'correct the mapping in "signals.mappings", or do not send such alerts' })
}
