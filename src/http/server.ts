import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http, { IncomingMessage, ServerResponse, type RequestListener, type Server } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

import express, { type Express } from 'express'

import type { Config, InputMapping } from '../model/config.ts'
import { ServiceError } from '../model/error.ts'
import type { Service } from '../service/service.ts'
import { anonymousCaller, createAuthenticate } from './authenticate.ts'
import { createAuthzenHandlers } from './authzen/handlers.ts'
import { ENDPOINTS, type Convention, type Endpoint, type EndpointId } from './endpoints.ts'
import { json, type Fault, type Handler } from './exchange.ts'
import { checkListen, isLoopback, type ListenAddress } from './listen.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { createNativeHandlers } from './native/handlers.ts'
import { createDataHandlers } from './opa/data.ts'
import { createOperationsHandlers } from './opa/operations.ts'
import { buildOpenapi } from './openapi.ts'
import { logError, serve, serveFault, type PipelineDeps, type Route } from './pipeline.ts'

/** Connections one process holds at the same time. */
export const CONNECTIONS_MAX = 10_000
/** How long an idle connection is kept, in ms: longer than common load balancers keep theirs. */
export const KEEP_ALIVE_MS = 75_000
/** How often connections are checked for being too slow, in ms at most. */
export const SLOW_CHECK_MS = 1_000

/** What the server needs. */
export type HttpServerOptions = {
  readonly service: Service
  readonly config: Config['http']
  readonly credentials: Config['credentials']
  /** Further decision entrypoints of the data API. */
  readonly entrypoints: Config['entrypoints']
  /** How a foreign input of these is read. */
  readonly mapping?: InputMapping | undefined
  readonly metrics: Metrics
  readonly version: string
  readonly log: Log
  /** Makes request ids for requests that bring none. */
  readonly newId?: () => string
}

/** A server that is made but may not listen yet. */
export type HttpServer = {
  readonly server: Server
  /** Starts to listen; says where, with the port that was taken. Rejects with `ServiceError`. */
  readonly listen: () => Promise<{ readonly url: string }>
  /** Stops accepting, lets running requests finish within the drain time, then cuts what is left. */
  readonly close: () => Promise<void>
}

/** The HTTP adapter: native interface, OPA data API and AuthZEN on one listener. Throws `bad_config`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { config, service, log } = options
  const address = checkListen({ http: config, credentials: options.credentials })
  const state = { draining: false, url: '' }
  const deps: PipelineDeps = {
    // Beyond loopback nobody is vouched for: every caller shows a credential.
    authenticate: createAuthenticate(options.credentials, anonymousCaller(config.anonymous), { vouched: address.loopback }),
    bodyBytesMax: config.body_bytes_max,
    requestTimeoutMs: config.request_timeout_ms,
    newId: options.newId ?? randomUUID,
    log,
    metrics: options.metrics,
    isDraining: () => state.draining,
  }
  const publicUrl = (): string => (config.public_url ?? state.url).replace(/\/+$/u, '')
  const handlers: Record<EndpointId, Handler> = {
    ...createNativeHandlers(service),
    ...createDataHandlers({ service, entrypoints: options.entrypoints, mapping: options.mapping }),
    ...createOperationsHandlers(service, options.metrics, deps.isDraining),
    ...createAuthzenHandlers({
      service,
      withContext: config.authzen_context,
      publicUrl,
      onError: (error, requestId) => logError(log, error, { handler: 'evaluateAll', requestId }),
    }),
    readOpenapi: openapiHandler(options.version, publicUrl),
  }
  const server = createServer(createApp(deps, handlers, config.public_url), deps, config)
  return {
    server,
    listen: async () => ({ url: (state.url = await listen(server, address, config.tls !== undefined)) }),
    close: async () => {
      state.draining = true
      await drain(server, config.drain_timeout_ms)
    },
  }
}

function openapiHandler(version: string, publicUrl: () => string): Handler {
  let document: unknown
  return () => json((document ??= buildOpenapi(version, publicUrl())))
}

/** Express with a route for each endpoint of the table, and a refusal for everything else. */
function createApp(deps: PipelineDeps, handlers: Record<EndpointId, Handler>, publicUrl: string | undefined): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  const methods = new Map<string, Endpoint[]>()
  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [EndpointId, Endpoint][]) {
    const route: Route = { name, endpoint, handler: handlers[name] }
    for (const path of routePaths(endpoint.path, publicUrl)) {
      app[endpoint.method](path, (request, response) => serve(deps, route, request, response))
      methods.set(path, [...(methods.get(path) ?? []), endpoint])
    }
  }
  for (const [path, endpoints] of methods) app.all(path, refuseMethod(deps, endpoints))
  return app
}

/** Express, and a refusal where it has no route or cannot decode the path. */
function createListener(app: Express, deps: PipelineDeps): RequestListener {
  return (request, response) => {
    const otherwise = (error?: unknown): void => {
      const path = request.url ?? '/'
      if (error !== undefined && !isClientError(error)) logError(deps.log, error, { handler: 'none', requestId: '' })
      serveFault(deps, conventionOf(path), unroutable(path, error), request, response)
    }
    app(request as express.Request, response as express.Response, otherwise)
  }
}

function unroutable(path: string, error: unknown): Fault {
  if (error === undefined) return { code: 'not_found', message: `There is no ${path.split('?', 1).join('')} here.` }
  if (isClientError(error)) return { code: 'bad_request', message: 'The path is not percent-encoded UTF-8.' }
  return { code: 'internal', message: 'Routing failed.' }
}

/** The table's path in express's spelling; AuthZEN's metadata also where a public URL with a path puts it. */
function routePaths(path: string, publicUrl: string | undefined): readonly string[] {
  const route = path.replace(/\/\{path\}$/u, '{/*path}').replace(/\{([a-z]+)\}/gu, ':$1')
  if (path !== ENDPOINTS.describePdp.path || publicUrl === undefined) return [route]
  const suffix = new URL(publicUrl).pathname.replace(/\/+$/u, '')
  return suffix === '' ? [route] : [route, `${route}${suffix.replace(/[{}()[\]+?!:*\\]/gu, '\\$&')}`]
}

function refuseMethod(deps: PipelineDeps, endpoints: readonly Endpoint[]): RequestListener {
  const allowed = endpoints.map(({ method }) => method.toUpperCase()).join(', ')
  const { convention } = endpoints[0] ?? { convention: 'native' }
  return (request, response) => {
    const message = `${request.method ?? 'This method'} is not offered here.`
    serveFault(
      deps,
      convention,
      { code: 'method_not_allowed', message, fix: `Use ${allowed}.`, headers: { Allow: allowed } },
      request,
      response,
    )
  }
}

function conventionOf(path: string): Convention {
  if (path.startsWith('/api/')) return 'native'
  return path.startsWith('/access/') || path.startsWith('/.well-known/') ? 'authzen' : 'opa'
}

function isClientError(error: unknown): boolean {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500
}

type Constructor = abstract new (...args: never[]) => object

/** `base` with other instances: express then has no prototype to swap, which is its largest cost per request. */
function withPrototype<C extends Constructor>(base: C, prototype: object): C {
  function Construct(...args: unknown[]): object {
    return Reflect.construct(base, args, Construct) as object
  }
  Construct.prototype = prototype
  return Construct as unknown as C
}

function createServer(app: Express, deps: PipelineDeps, config: Config['http']): Server {
  const settings = {
    IncomingMessage: withPrototype(IncomingMessage, app.request),
    ServerResponse: withPrototype(ServerResponse, app.response),
    headersTimeout: config.request_timeout_ms,
    // A little later than ours, so that a slow body gets an answer in its protocol's form.
    requestTimeout: config.request_timeout_ms + SLOW_CHECK_MS,
    connectionsCheckingInterval: Math.min(SLOW_CHECK_MS, config.request_timeout_ms),
    keepAliveTimeout: KEEP_ALIVE_MS,
  }
  const listener = createListener(app, deps)
  const server =
    config.tls === undefined
      ? http.createServer(settings, listener)
      : https.createServer({ ...settings, ...readTls(config.tls) }, listener)
  server.maxConnections = CONNECTIONS_MAX
  return server
}

function readTls({ certificate, key }: { readonly certificate: string; readonly key: string }) {
  return {
    cert: readPem(certificate, '/http/tls/certificate'),
    key: readPem(key, '/http/tls/key'),
    minVersion: 'TLSv1.2' as const,
  }
}

function readPem(file: string, pointer: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ServiceError('bad_config', `${file} cannot be read: ${(cause as Error).message}`, {
      place: { file, pointer },
      cause,
      fix: 'Name a PEM file that this process may read.',
    })
  }
}

/** Resolves with the URL under which the server is reached. A name that turned out not to be loopback is not served. */
async function listen(server: Server, { host, port, loopback }: ListenAddress, tls: boolean): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      const fix =
        cause.code === 'EADDRINUSE'
          ? 'Stop what listens there, or choose another port; port 0 takes a free one.'
          : 'Choose another address.'
      reject(new ServiceError('io', `Listening on ${host}:${port} failed: ${cause.message}`, { cause, fix }))
    }
    server.once('error', failed)
    server.listen({ host, port }, () => {
      server.off('error', failed)
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  if (loopback && !isLoopback(bound.address)) {
    await drain(server, 0)
    throw new ServiceError('bad_config', `${host} is not loopback here but ${bound.address}.`, {
      fix: 'Listen on 127.0.0.1 or [::1].',
    })
  }
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls ? 'https' : 'http'}://${name}:${bound.port}`
}

/** Idle connections close at once, busy ones after their answer; what is left after `timeoutMs` is cut. */
function drain(server: Server, timeoutMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
  })
}
