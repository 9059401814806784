import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'

import { anonymousCaller, type Credential } from '../access/caller.ts'
import type { VerifyCertificate, VerifyToken } from '../access/verify-credential.ts'
import type { EventStreams } from '../events/event-streams.ts'
import type { SignalMapping } from '../evidence/signals/settings.ts'
import type { InputMapping } from '../policy/settings.ts'
import type { Service } from '../service/service.ts'
import { type ApprovalsPage, createApprovalsPage } from './approvals-page/approvals-page.ts'
import { createAuthenticate, createFindCaller } from './authenticate.ts'
import { createAuthzenHandlers } from './authzen/evaluation.ts'
import type { EndpointId } from './endpoints.ts'
import { createByteBudget } from './connection/byte-budget.ts'
import { createHoldBack } from './connection/slow-refusals.ts'
import { createWatchUnread } from './connection/unread-answers.ts'
import { type Handler, JSON_TYPE } from './exchange.ts'
import { createLanes } from './lanes.ts'
import { checkListen, type ListenAddress } from './listen.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createNativeHandlers } from './native/endpoints.ts'
import { asideHandlers, type ReadAside } from './native/read-aside.ts'
import { createNodeServer, drain, listen } from './node-server.ts'
import { createDataHandlers } from './opa/data.ts'
import { createLogHandlers } from './opa/decision-logs.ts'
import { createOperationsHandlers } from './opa/operations.ts'
import { buildOpenapi } from './openapi.ts'
import { createCheckOrigin } from './origin.ts'
import { logError, type PipelineDeps } from './pipeline.ts'
import { createCharge } from './rate-limit.ts'
import { createRoutes } from './routes.ts'
import type { HttpSettings } from './settings.ts'

/** What the server needs. */
export type HttpServerOptions = {
  readonly service: Service
  readonly config: HttpSettings
  readonly credentials: readonly Credential[]
  /** Whom tokens of issuers and client certificates belong to, where some are accepted. */
  readonly identity?: { readonly verifyToken?: VerifyToken; readonly verifyCertificate?: VerifyCertificate }
  /** Further decision entrypoints of the data API. */
  readonly entrypoints: readonly string[]
  /** How a foreign input of these is read. */
  readonly mapping?: InputMapping | undefined
  /** How alerts of other systems are read; none when absent. */
  readonly signalMappings?: readonly SignalMapping[]
  /** What `/health` tells beside being well: it serves, and not as somebody will think. */
  readonly warnings?: (() => readonly string[]) | undefined
  readonly metrics: Metrics
  /** What enforcement points follow to drop what they keep; closed with the server. */
  readonly events: EventStreams
  /** Another thread that answers what only reads; absent: it is read here, in turns. */
  readonly readAside?: ReadAside
  readonly version: string
  readonly log: Log
  /** Makes request ids for requests that bring none. */
  readonly newId?: () => string
  /** The time on the approvals page and of its sessions, ms since 1970. */
  readonly nowMs?: () => number
}

/** A server that is made but may not listen yet. */
export type HttpServer = {
  readonly server: Server
  /** Starts to listen; says where, with the port that was taken. Rejects with `ServiceError`. */
  readonly listen: () => Promise<{ readonly url: string }>
  /** Stops accepting, lets running requests finish within the drain time, then cuts what is left. */
  readonly close: () => Promise<void>
}

/** What changes while the server runs. */
type ServerState = { draining: boolean; url: string }

/** The HTTP adapter: native interface, OPA data API, AuthZEN and the approvals page on one listener. Throws `bad_config`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, identity = {} } = options
  const hasIdentity = Object.keys(identity).length > 0
  const address = checkListen({ http: config, credentials: options.credentials, hasIdentity })
  const state: ServerState = { draining: false, url: '' }
  const deps = pipelineDeps(options, address, state)
  const handlers = createHandlers(options, deps, state)
  const page = createPage(options, deps, address)
  const server = createNodeServer(createRoutes(deps, { handlers, page }, config.public_url), config, options.metrics.cut)
  return {
    server,
    listen: async () => ({ url: (state.url = await listen(server, address, config.tls !== undefined)) }),
    close: async () => {
      state.draining = true
      options.events.close()
      await drain(server, config.drain_timeout_ms)
    },
  }
}

function pipelineDeps(options: HttpServerOptions, address: ListenAddress, state: ServerState): PipelineDeps {
  const { config, identity = {} } = options
  return {
    // Beyond loopback every caller shows a credential.
    authenticate: createAuthenticate(options.credentials, anonymousCaller(config.anonymous), {
      admitted: address.loopback && config.anonymous !== 'deny',
      ...identity,
    }),
    checkOrigin: createCheckOrigin({ loopback: address.loopback, publicUrl: config.public_url }),
    charge: createCharge(config.rates, () => performance.now()),
    bodyBytesMax: config.body_bytes_max,
    bodies: createByteBudget(config.bodies_bytes_max),
    watchUnread: createWatchUnread(config, options.metrics.cut),
    inLane: createLanes(),
    holdBack: createHoldBack(() => performance.now()),
    requestTimeoutMs: config.request_timeout_ms,
    newId: options.newId ?? randomUUID,
    log: options.log,
    metrics: options.metrics,
    isDraining: () => state.draining,
  }
}

/** A handler for every row of the endpoint table. */
function createHandlers(options: HttpServerOptions, deps: PipelineDeps, state: ServerState): Record<EndpointId, Handler> {
  const { config, service, log } = options
  const publicUrl = (): string => (config.public_url ?? state.url).replace(/\/+$/u, '')
  const native = createNativeHandlers(service, options.events, {
    mappings: options.signalMappings ?? [],
    observe: options.metrics.observer,
  })
  return {
    ...native,
    ...(options.readAside === undefined ? {} : asideHandlers(options.readAside, native)),
    ...createDataHandlers({ service, entrypoints: options.entrypoints, mapping: options.mapping }),
    // Half the time of a request is left for what comes before and after.
    ...createLogHandlers({ service, log, timeMsMax: config.request_timeout_ms / 2 }),
    ...createOperationsHandlers(service, {
      metrics: options.metrics,
      isDraining: deps.isDraining,
      warnings: options.warnings ?? (() => []),
    }),
    ...createAuthzenHandlers({
      service,
      withContext: config.authzen_context,
      publicUrl,
      batchBytesMax: config.body_bytes_max,
      onError: (error, requestId) => logError(log, error, { handler: 'evaluateAll', requestId }),
    }),
    readOpenapi: openapiHandler(options.version, publicUrl),
  }
}

function openapiHandler(version: string, publicUrl: () => string): Handler {
  let bytes: Buffer | undefined
  return () => {
    bytes ??= Buffer.from(JSON.stringify(buildOpenapi(version, publicUrl())))
    return { status: 200, type: JSON_TYPE, body: '', bytes }
  }
}

function createPage(options: HttpServerOptions, deps: PipelineDeps, { loopback }: ListenAddress): ApprovalsPage {
  const { config, service, credentials } = options
  return createApprovalsPage({
    ...deps,
    service,
    findCaller: createFindCaller(credentials),
    loopback,
    publicUrl: config.public_url,
    tls: config.tls !== undefined,
    nowMs: options.nowMs ?? Date.now,
  })
}
