import type { ServerResponse } from 'node:http'

import { z } from 'zod'

import { VERB_ROLES } from '../../access/authority.ts'
import type { EventStream, EventStreams, StreamFrame } from '../../events/event-streams.ts'
import { identifier } from '../../format/identifier.ts'
import { SECOND_MS } from '../../format/time.ts'
import { ID_CHARS_MAX } from '../../model/request.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { EVENT_STREAM_TYPE, type Exchange, type Fault, type Handler, type Reply } from '../exchange.ts'
import { parseQuery } from '../input.ts'

/** How long a reader may take nothing, ms, before its stream is cut. */
const SLOW_MS_MAX = 10_000
/** How long a reader should wait before it comes back, ms. */
const RETRY_MS = SECOND_MS
/** Longest time that a timer of Node takes, ms. */
const TIMER_MS_MAX = 2_147_483_647

/** Query of `GET /api/v1/events`. */
const EventsQuery = z.strictObject({
  since: z
    .string()
    .min(1)
    .max(32)
    .optional()
    .describe(
      'The last id of a stream, or the `state_version` of an answer; the end of the log when absent. `Last-Event-ID` wins.',
    ),
  agent: identifier(ID_CHARS_MAX).optional().describe('Only what concerns this agent.'),
})

/** What enforcement points follow to drop answers they keep. */
export const EVENT_ENDPOINTS = {
  followEvents: {
    method: 'get',
    path: '/api/v1/events',
    convention: 'native',
    summary: 'Demotions, promotions, containments and incidents as server-sent events, from any state version on.',
    roles: VERB_ROLES.read_trust,
    query: EventsQuery,
    answer: { status: 200, schema: 'events' },
    refusals: ['rate_limited'],
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of event streams. */
export function createEventHandlers(streams: EventStreams): Record<keyof typeof EVENT_ENDPOINTS, Handler> {
  return { followEvents: (exchange) => openEvents(streams, exchange) }
}

/** Answers with a stream of server-sent events that lasts until one side ends it. */
export function openEvents(streams: EventStreams, { caller, query, lastEventId }: Exchange): Reply | Fault {
  const parsed = parseQuery(EventsQuery, query)
  if (!parsed.ok) return parsed.fault
  const { since, agent } = parsed.value
  const stream = cutAt(caller.expires_ms, streams.open(caller, { since: lastEventId ?? since, agent }))
  return {
    status: 200,
    type: EVENT_STREAM_TYPE,
    body: '',
    // Proxies that collect answers before they pass them on leave this one alone; a connection that is not kept never delays a stop.
    headers: { 'X-Accel-Buffering': 'no', Connection: 'close' },
    stream: { send: (response) => sendFrame(stream, response, SLOW_MS_MAX), abandon: stream.close },
  }
}

/** A stream does not outlive the credential that opened it, and leaves nothing behind when it ends before. */
function cutAt(expiresMs: number | undefined, { frames, close }: EventStream): EventStream {
  if (expiresMs === undefined) return { frames, close }
  const timer = setTimeout(close, Math.min(Math.max(0, expiresMs - Date.now()), TIMER_MS_MAX)).unref()
  return {
    frames,
    close: () => {
      clearTimeout(timer)
      close()
    },
  }
}

/** Writes a stream as it comes, and no faster than it is read. */
export async function sendFrame(stream: EventStream, response: ServerResponse, slowMsMax: number): Promise<void> {
  response.once('close', stream.close)
  try {
    response.write(`retry: ${RETRY_MS}\n\n`)
    for await (const frame of stream.frames) if (!(await written(response, frameText(frame), slowMsMax))) break
    response.end()
  } catch {
    // The log cannot be read: whoever comes back goes on where this ends.
    response.destroy()
  } finally {
    stream.close()
  }
}

/** One frame in the form of an event stream. JSON has no line breaks, so its text is one line. */
export function frameText(frame: StreamFrame): string {
  switch (frame.kind) {
    case 'beat':
      return `:\nid: ${frame.id}\n\n`
    case 'ready':
    case 'reset':
      return `event: stream.${frame.kind}\nid: ${frame.id}\ndata: ${JSON.stringify({ state_version: frame.state_version })}\n\n`
    case 'event': {
      const { event, id, state_version } = frame
      return `event: ${event.type}\nid: ${id}\ndata: ${JSON.stringify({ state_version, ...event })}\n\n`
    }
  }
}

/** False: the reader is gone, or took nothing for too long and was cut. */
async function written(response: ServerResponse, text: string, slowMsMax: number): Promise<boolean> {
  if (response.destroyed || response.writableEnded) return false
  if (response.write(text)) return true
  return new Promise((resolve) => {
    const over = (taken: boolean): void => {
      clearTimeout(timer)
      response.off('drain', onDrain).off('close', onClose)
      resolve(taken)
    }
    const onDrain = (): void => over(true)
    const onClose = (): void => over(false)
    const timer = setTimeout(() => response.destroy(), slowMsMax)
    response.on('drain', onDrain).on('close', onClose)
  })
}
