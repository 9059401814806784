import type { RequestListener } from 'node:http'

import express from 'express'
import type { Express } from 'express'

import type { ApprovalsPage } from './approvals-page/approvals-page.ts'
import { isPagePath } from './approvals-page/places.ts'
import type { Convention, Endpoint } from './endpoint-shape.ts'
import { type EndpointId, ENDPOINTS } from './endpoints.ts'
import type { Fault, Handler } from './exchange.ts'
import { handleRequest, logError, type PipelineDeps, type Route, serveFault } from './pipeline.ts'

/** What answers requests, and the prototypes that its requests and responses have. */
export type Routes = { readonly listener: RequestListener; readonly request: object; readonly response: object }

/** Who answers: a handler for each endpoint, and the approvals page. */
export type Answering = { readonly handlers: Record<EndpointId, Handler>; readonly page: ApprovalsPage }

/** A route for each endpoint of the table, the approvals page, and a refusal in its protocol's form for everything else. */
export function createRoutes(deps: PipelineDeps, { handlers, page }: Answering, publicUrl: string | undefined): Routes {
  const app = createApp(deps, handlers, publicUrl)
  const listener = createListener(app, deps)
  return {
    listener: (request, response) => (isPagePath(request.url ?? '') ? void page(request, response) : listener(request, response)),
    request: app.request,
    response: app.response,
  }
}

/** Express with a route for each endpoint of the table. */
function createApp(deps: PipelineDeps, handlers: Record<EndpointId, Handler>, publicUrl: string | undefined): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', false)
  const methods = new Map<string, Endpoint[]>()
  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [EndpointId, Endpoint][]) {
    const route: Route = { name, endpoint, handler: handlers[name] }
    for (const path of routePaths(endpoint.path, publicUrl)) {
      app[endpoint.method](path, (request, response) => handleRequest(deps, route, request, response))
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
      serveFault(deps, { convention: conventionOf(path), fault: unroutable(path, error) }, request, response)
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
    const fault: Fault = { code: 'method_not_allowed', message, fix: `Use ${allowed}.`, headers: { Allow: allowed } }
    serveFault(deps, { convention, fault }, request, response)
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
