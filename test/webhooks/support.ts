import { createServer, type IncomingHttpHeaders, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Webhook as Verifier } from 'standardwebhooks'
import { onTestFinished } from 'vitest'

import { indexEvents } from '../../src/events/event-index.ts'
import type { Event } from '../../src/events/event.ts'
import type { Effect } from '../../src/ledger/effect.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import { recordOf } from '../../src/ledger/new-record.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { Observation } from '../../src/model/observation.ts'
import { systemCaller } from '../../src/service/create-service.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { type FollowOptions, followWebhooks, type WebhookFollowers } from '../../src/webhooks/follow-webhooks.ts'
import { Webhook } from '../../src/webhooks/settings.ts'

/** What every webhook of these tests signs with. */
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
/** A pace at which a test need not wait. */
export const FAST = { pollMs: 2, retryMsMin: 2, retryMsMax: 8, saveMs: 5, drainMsMax: 1_000 }
const START_MS = Date.UTC(2026, 2, 2, 10)

/** One request as a receiver got it; `event` only after its signature was verified. */
export type Received = {
  readonly id: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: Event
  /** The status it was answered with; null when it was not. */
  readonly answered: number | null
}

/** How a receiver answers the next request: with a status, with headers beside it, or not at all. */
export type Answering =
  number | { readonly status: number; readonly headers: Readonly<Record<string, string>> } | 'silence' | 'cut'

/** A receiver of its own; every signature is verified with the library of Standard Webhooks. */
export async function receiver(answerTo: (nth: number, event: Event) => Answering = () => 204) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const event = new Verifier(SECRET).verify(body, request.headers as Record<string, string>) as Event
      const answer = answerTo(received.length, event)
      const status = typeof answer === 'object' ? answer.status : answer
      received.push({
        id: String(request.headers['webhook-id']),
        path: request.url ?? '',
        headers: request.headers,
        body,
        event,
        answered: typeof status === 'number' ? status : null,
      })
      if (answer === 'cut') request.socket.destroy()
      else if (answer !== 'silence') response.writeHead(status as number, typeof answer === 'object' ? answer.headers : {}).end()
    })
  })
  const { port, close } = await listen(server)
  return { url: `http://127.0.0.1:${port}/hook`, received, close }
}

/** Lets a server listen on a port of this machine until it is closed, or the test is over. */
export async function listen(server: Server, port = 0): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(close)
  return { port: (server.address() as AddressInfo).port, close }
}

/** Hands the body of every request to a test, whoever signed it. */
export function answering(heard: (body: string, response: ServerResponse) => void): RequestListener {
  return (request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => heard(body, response))
  }
}

/** A log in memory. `tell` index a record with one event (a containment of that name), `tellTogether` one with several, `pass` one without. */
export function log(store: Store = createMemoryStore({ project, origin: 'test.example/audit' }), ids = 'record') {
  const index = indexEvents(store)
  let count = 0
  const append = (kind: 'operator' | 'outcome', names: readonly string[], tenant: string): Promise<void> => {
    count += 1
    const id = `${ids}-${String(count).padStart(6, '0')}`
    const effects = names.map((action): Effect => ({
      kind: 'contain',
      containment: {
        id: `c-${id}`,
        target: { kind: 'action', action },
        by: 'person',
        reason: 'test',
        at_ms: START_MS + count,
      },
    }))
    const record = recordOf({
      kind,
      id,
      caller: systemCaller(tenant),
      atMs: START_MS + count,
      body: {},
      effects,
    })
    return index.store.transact([], (transaction) => void transaction.append({ record }))
  }
  return {
    store: index.store,
    index,
    tell: (name: string, tenant = 'default') => append('operator', [name], tenant),
    tellTogether: (names: readonly string[]) => append('operator', names, 'default'),
    pass: (tenant = 'default') => append('outcome', [], tenant),
  }
}

/** The name that `tell` was given. */
export function nameOf({ data }: Event): string {
  return (data as { containment: { target: { action: string } } }).containment.target.action
}

/** A webhook of a configuration. */
export function hook(url: string, more: object = {}): Webhook {
  return Webhook.parse({ id: 'ops', url, secret: { env: 'HOOK_SECRET' }, ...more })
}

/** Followers that are started, with what they said; they are stopped with the test. */
export async function following(
  { store, index }: Pick<ReturnType<typeof log>, 'store' | 'index'>,
  webhooks: readonly Webhook[],
  more: Partial<FollowOptions> = {},
): Promise<WebhookFollowers & { readonly warnings: string[]; readonly observations: Observation[] }> {
  const warnings: string[] = []
  const observations: Observation[] = []
  const webhooksOf = await followWebhooks({
    store,
    index,
    webhooks,
    dataDir: null,
    root: import.meta.dirname,
    nowMs: () => Date.now(),
    observe: (observation) => void observations.push(observation),
    warn: (line) => void warnings.push(line),
    env: { HOOK_SECRET: SECRET },
    pace: FAST,
    ...more,
  })
  onTestFinished(() => webhooksOf.stop())
  webhooksOf.start()
  return { ...webhooksOf, warnings, observations }
}
