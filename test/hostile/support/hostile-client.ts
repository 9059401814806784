import { Agent, request as httpRequest } from 'node:http'

import type { HostileRequest } from './hostile-requests.ts'

/** What came back: status 0 where the connection was closed without an answer. */
export type HostileAnswer = { readonly status: number; readonly text: string; readonly ms: number; readonly error?: string }

/** Bytes of an answer that are kept. */
const KEPT_BYTES = 65_536
/** How long an answer may take, ms. */
const PATIENCE_MS = 60_000

/** Sends requests over connections that are kept. */
export function hostileClient(url: string): {
  readonly send: (request: HostileRequest) => Promise<HostileAnswer>
  readonly close: () => void
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const { hostname, port } = new URL(url)
  const send = ({ method, path, headers, body }: HostileRequest): Promise<HostileAnswer> =>
    new Promise((resolve) => {
      const started = performance.now()
      let [status, text] = [0, '']
      const done = (error?: string): void =>
        resolve({ status, text, ms: performance.now() - started, ...(error === undefined ? {} : { error }) })
      const length = body === undefined ? {} : { 'Content-Length': String(body.length) }
      const sent = httpRequest({ agent, hostname, port, method, path, headers: { ...headers, ...length }, timeout: PATIENCE_MS })
      sent.on('response', (response) => {
        status = response.statusCode ?? 0
        response.setEncoding('utf8')
        // A stream of events has no end of its own.
        if (response.headers['content-type'] === 'text/event-stream') {
          response.destroy()
          done()
          return
        }
        response.on('data', (part: string) => {
          if (text.length < KEPT_BYTES) text += part
        })
        response.on('end', () => done())
        response.on('error', (error) => done(error.message))
      })
      sent.on('timeout', () => sent.destroy(new Error('no answer')))
      sent.on('error', (error) => done(error.message))
      sent.end(body)
    })
  return { send, close: () => agent.destroy() }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/gu

/** Most ids that are remembered. */
const IDS_MAX = 64

/** Ids that answers told, the newest ones, so that later requests are about something that is there. */
export function rememberIds(ids: string[], { text }: HostileAnswer): void {
  for (const [id] of text.slice(0, 4_096).matchAll(UUID)) {
    ids.push(id)
    if (ids.length > IDS_MAX) ids.shift()
  }
}

/** Limits whose refusal has status 503, because trying again helps (docs/limits.md). */
const BUSY =
  /reports\.explanations_waiting_max|reports\.histories_waiting_max|http\.readings_waiting_max|http\.batches_waiting_max|log\.uploads_waiting_max|policies\.reloads_waiting_max/u

/** Whether an answer is a refusal that docs/limits.md names, and no failure. */
function isBusy({ status, text }: HostileAnswer): boolean {
  return status === 503 && BUSY.test(text)
}

/** A body that is far over the limit is not read to its end; its sender may find the connection closed before it reads the refusal. */
const CUT_BYTES = 1_048_576

/** Whether an answer, or that there is none, is a failure of the server. */
export function isFailure({ body }: HostileRequest, answer: HostileAnswer): boolean {
  if (answer.status === 0) return (body?.length ?? 0) <= CUT_BYTES
  return answer.status >= 500 && !isBusy(answer)
}
