import type { IncomingMessage, ServerResponse } from 'node:http'

import { ServiceError } from '../format/error.ts'
import type { Authenticate } from './authenticate.ts'
import { authzenErrorReply } from './authzen/form.ts'
import { type ByteBudget, holdFrom } from './connection/byte-budget.ts'
import type { HoldBack } from './connection/slow-refusals.ts'
import type { WatchUnread } from './connection/unread-answers.ts'
import { write } from './connection/write-reply.ts'
import type { Convention, Endpoint } from './endpoint-shape.ts'
import {
  type Exchange,
  type Fault,
  type Handler,
  isFault,
  type Parsed,
  readTrace,
  refuseRequest,
  type Reply,
  type Trace,
} from './exchange.ts'
import { isJsonType, readBody } from './input.ts'
import type { RunInLane } from './lanes.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { opaErrorReply } from './opa/form.ts'
import type { CheckOrigin } from './origin.ts'
import { faultOf, isOurs, problemReply } from './problems.ts'
import type { Charge } from './rate-limit.ts'
import { callerNetworkOf, headersOf, lastEventIdOf, paramsOf, placeOf, sourceOf } from './request-parts.ts'

const NANOSECONDS = 1e9
/** Refusals of what is not even looked at: whoever goes on gets them ever later. */
const HELD_BACK: readonly string[] = ['unauthenticated', 'rate_limited']
/** Why work of a request that waits is never begun. */
export const NOBODY_WAITS = new ServiceError('not_ready', 'nobody waits for the answer any more')

/** What every endpoint shares. */
export type PipelineDeps = {
  readonly authenticate: Authenticate
  readonly checkOrigin: CheckOrigin
  readonly charge: Charge
  readonly bodyBytesMax: number
  /** Memory for the bodies of all requests under way. */
  readonly bodies: ByteBudget
  readonly watchUnread: WatchUnread
  readonly inLane: RunInLane
  /** How long who is refused on and on waits for it. */
  readonly holdBack: HoldBack
  readonly requestTimeoutMs: number
  readonly newId: () => string
  readonly log: Log
  readonly metrics: Metrics
  readonly isDraining: () => boolean
}

/** One route: what the table says of it, and who answers. */
export type Route = { readonly name: string; readonly endpoint: Endpoint; readonly handler: Handler }

/** The form of a refusal under each convention. */
function errorReply(convention: Convention, fault: Fault, requestId: string): Reply {
  switch (convention) {
    case 'native':
      return problemReply(fault, requestId)
    case 'opa':
      return opaErrorReply(fault)
    case 'authzen':
      return authzenErrorReply(fault)
  }
}

/** Serves one request: credential → body → handler → answer, all within the time limit. Never rejects. */
export async function handleRequest(
  deps: PipelineDeps,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = process.hrtime.bigint()
  const { convention } = route.endpoint
  const trace = readTrace(request.headers, { echoAny: convention === 'authzen', newId: deps.newId })
  const left = new AbortController()
  response.once('close', () => left.abort(NOBODY_WAITS))
  const progress: Progress = { bodyRead: false, source: sourceOf(request), release: () => undefined, left }
  const answer = await withinTime(deps, route, { request, trace, progress })
  if (isFault(answer) && HELD_BACK.includes(answer.code)) await deps.holdBack(progress.source)
  const reply = isFault(answer) ? errorReply(convention, answer, trace.requestId) : answer
  write(response, reply, trace, { draining: deps.isDraining(), source: progress.source, watchUnread: deps.watchUnread })
  const seconds = Number(process.hrtime.bigint() - started) / NANOSECONDS
  deps.metrics.http({ handler: route.name, method: request.method ?? '', code: reply.status, seconds })
}

/** A refusal that no endpoint answers, and whose form it has. */
export type Unroutable = { readonly convention: Convention; readonly fault: Fault }

/** Writes a refusal that no endpoint answers: an unknown path, or a path that cannot be decoded. */
export function serveFault(
  deps: PipelineDeps,
  { convention, fault }: Unroutable,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const trace = readTrace(request.headers, { echoAny: convention === 'authzen', newId: deps.newId })
  const reply = errorReply(convention, fault, trace.requestId)
  write(response, reply, trace, { draining: deps.isDraining(), source: sourceOf(request), watchUnread: deps.watchUnread })
  deps.metrics.http({ handler: 'none', method: request.method ?? '', code: reply.status, seconds: 0 })
}

/** Races the handling against the clock; what finishes later is not answered any more, but a failure of it is logged. */
async function withinTime(deps: PipelineDeps, route: Route, incoming: Incoming): Promise<Reply | Fault> {
  const { progress } = incoming
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Fault>((resolve) => {
    timer = setTimeout(() => {
      resolve(lateFault(deps, progress))
      progress.left.abort(NOBODY_WAITS)
    }, deps.requestTimeoutMs)
  })
  try {
    const handling = handle(deps, route, incoming)
    const answer = await Promise.race([handling, late])
    void handling.then((handled) => {
      progress.release()
      if (handled !== answer && !isFault(handled)) handled.stream?.abandon()
    })
    return answer
  } finally {
    clearTimeout(timer)
  }
}

/** How far a request is. `source`: who sends it, as far as that is known; `release`: gives the memory of its body back; `left`: aborted when nobody waits any more. */
type Progress = { bodyRead: boolean; source: string; release: () => void; readonly left: AbortController }
type Incoming = { readonly request: IncomingMessage; readonly trace: Trace; readonly progress: Progress }

function lateFault({ requestTimeoutMs }: PipelineDeps, { bodyRead }: Progress): Fault {
  if (bodyRead)
    return { code: 'deadline', message: `There was no answer within ${requestTimeoutMs} ms.`, fix: 'Try again later.' }
  const message = `The request was not complete within ${requestTimeoutMs} ms.`
  return { code: 'request_timeout', message, fix: 'Send it faster.', headers: { Connection: 'close' } }
}

/** Never rejects: every error becomes a refusal, and those on our side are logged under the id the caller gets. */
async function handle(deps: PipelineDeps, { endpoint, handler, name }: Route, incoming: Incoming): Promise<Reply | Fault> {
  const { request, trace, progress } = incoming
  try {
    const exchange = await exchangeOf(deps, endpoint, incoming)
    if (!exchange.ok) return exchange.fault
    const { value } = exchange
    return await deps.inLane(endpoint.lane, value.caller, () => handler(value), progress.left.signal)
  } catch (error) {
    if (!request.socket.destroyed && error !== NOBODY_WAITS && isOurs(error))
      logError(deps.log, error, { handler: name, requestId: trace.requestId })
    return faultOf(error)
  }
}

/** Logs a failure with its stack, which is never answered. */
export function logError(log: Log, error: unknown, where: { readonly handler: string; readonly requestId: string }): void {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  log({ level: 'error', event: 'request_failed', handler: where.handler, request_id: where.requestId, message, stack })
}

async function exchangeOf(
  deps: PipelineDeps,
  endpoint: Endpoint,
  { request, trace, progress }: Incoming,
): Promise<Parsed<Exchange>> {
  if (request.method === 'HEAD')
    return refuseRequest('method_not_allowed', 'HEAD is not offered here.', { headers: { Allow: endpoint.method.toUpperCase() } })
  const found = deps.authenticate(request, { lenient: endpoint.convention === 'authzen', open: endpoint.roles === 'public' })
  const caller = found instanceof Promise ? await found : found
  if (!caller.ok) return caller
  progress.source = caller.value.credential ?? progress.source
  const foreign = endpoint.roles === 'public' ? undefined : deps.checkOrigin(request, caller.value)
  if (foreign !== undefined) return { ok: false, fault: foreign }
  const { rated } = endpoint
  const tooMany = rated === undefined ? undefined : deps.charge(caller.value, rated, 1)
  if (tooMany !== undefined) return { ok: false, fault: tooMany }
  const body =
    endpoint.body === undefined ? { ok: true as const, value: NO_BODY } : await bodyOf(deps, endpoint, { request, progress })
  if (!body.ok) return body
  progress.bodyRead = true
  return {
    ok: true,
    value: {
      caller: caller.value,
      params: paramsOf(request),
      ...placeOf(request),
      headers: headersOf(request),
      body: body.value,
      requestId: trace.requestId,
      traceparent: trace.traceparent,
      network: callerNetworkOf(request),
      lastEventId: lastEventIdOf(request),
      charge: (more) => (rated === undefined ? undefined : deps.charge(caller.value, rated, more, 1)),
      left: progress.left.signal,
      asBatch: (work) => deps.inLane('batch', caller.value, work, progress.left.signal),
    },
  }
}

const NO_BODY = new Uint8Array(0)

/** OPA reads JSON whatever the content type says, AuthZEN answers 400 for a wrong one, the native interface 415. */
async function bodyOf(
  deps: PipelineDeps,
  { convention, bodyOptional, bodyTypes = {}, gzip }: Endpoint,
  { request, progress }: Omit<Incoming, 'trace'>,
): Promise<Parsed<Uint8Array>> {
  const { hold, release } = holdFrom(deps.bodies, progress.source)
  progress.release = release
  const contentType = request.headers['content-type']
  if (bodyOptional === true && contentType === undefined) {
    const body = await readBody(request, { bytesMax: deps.bodyBytesMax, hold })
    if (!body.ok || body.value.byteLength === 0) return body
  }
  const accepted = convention === 'opa' ? contentType?.includes('yaml') !== true : isJsonType(contentType, Object.keys(bodyTypes))
  if (accepted) return readBody(request, { bytesMax: deps.bodyBytesMax, hold, gzip: gzip === true })
  return refuseRequest(
    convention === 'native' ? 'unsupported_media_type' : 'bad_request',
    `The content type ${contentType ?? '(none)'} is not accepted.`,
    {
      fix: 'Send JSON with "Content-Type: application/json".',
    },
  )
}
