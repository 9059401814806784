import { VERB_ROLES } from '../../access/authority.ts'
import type { Endpoint } from '../endpoint.ts'

/** Media type of a history that is imported: one JSON object on each line. */
export const HISTORY_TYPE = 'application/x-ndjson'
/** Media types of CloudEvents, one and many. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json'
/** @see CLOUD_EVENT_TYPE */
export const CLOUD_EVENTS_TYPE = 'application/cloudevents-batch+json'

/** The endpoints by which signals and histories come in, by their operation ids. */
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
  importHistory: {
    method: 'post',
    path: '/api/v1/trust/import',
    convention: 'native',
    summary: 'Take the signed history of before, wholly or not at all; the signature stands in the header Gradus-Signature.',
    roles: VERB_ROLES.import_trust,
    body: 'HistoryText',
    bodyTypes: { [HISTORY_TYPE]: 'HistoryText' },
    rated: 'reports',
    answer: { status: 200, schema: 'ImportAnswer' },
  },
} as const satisfies Record<string, Endpoint>
