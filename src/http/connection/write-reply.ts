import type { ServerResponse } from 'node:http'

import type { Reply, Trace } from '../exchange.ts'
import type { WatchUnread } from './unread-answers.ts'

const ASCII = /^[ -~]*$/u

/** How an answer is written. `source`: who reads it. */
export type Writing = { readonly draining: boolean; readonly source: string; readonly watchUnread: WatchUnread }

/** Writes an answer with what every answer carries; nothing where one was written already. */
export function write(
  response: ServerResponse,
  reply: Reply,
  trace: Pick<Trace, 'echo' | 'traceparent'>,
  { draining, source, watchUnread }: Writing,
): void {
  if (response.headersSent || response.destroyed) return reply.stream?.abandon()
  const headers: Record<string, string | number> = {
    'Content-Type': reply.type,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-ID': trace.echo,
  }
  if (reply.stream === undefined) headers['Content-Length'] = reply.bytes?.length ?? Buffer.byteLength(reply.body)
  if (trace.traceparent !== undefined) headers['traceparent'] = trace.traceparent
  if (draining) headers['Connection'] = 'close'
  for (const name in reply.headers) headers[name] = reply.headers[name] ?? ''
  response.writeHead(reply.status, headers)
  if (reply.stream !== undefined) return void reply.stream.send(response)
  // Node writes headers as UTF-8 when they go out with a string; an id in Latin-1 comes back identical only beside bytes.
  response.end(reply.bytes ?? (ASCII.test(trace.echo) ? reply.body : Buffer.from(reply.body)))
  watchUnread(response, source)
}
