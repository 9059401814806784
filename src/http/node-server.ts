import { readFileSync } from 'node:fs'
import { IncomingMessage, type Server, ServerResponse } from 'node:http'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'

import { ServiceError } from '../format/error.ts'
import { isLoopback } from '../format/loopback.ts'
import { limitConnections } from './connection/connection-limits.ts'
import type { Cut } from './connection/cut.ts'
import { inSequence } from './connection/in-sequence.ts'
import type { ListenAddress } from './listen.ts'
import type { Routes } from './routes.ts'
import type { HttpSettings } from './settings.ts'
import { SECOND_MS } from '../format/time.ts'

/** How long an idle connection is kept, in ms: longer than common load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000
/** How often connections are checked for being too slow, in ms at most. */
const SLOW_CHECK_MS = SECOND_MS

type Constructor = abstract new (...args: never[]) => object

/** `base` with other instances: express then has no prototype to swap, which is its largest cost per request. */
function withPrototype<C extends Constructor>(base: C, prototype: object): C {
  function Construct(...args: unknown[]): object {
    return Reflect.construct(base, args, Construct) as object
  }
  Construct.prototype = prototype
  return Construct as unknown as C
}

/** Node's server in front of the routes, with its limits and TLS. Throws `bad_config` when a certificate cannot be read. */
export function createNodeServer({ listener, request, response }: Routes, config: HttpSettings, cut: Cut): Server {
  const settings = {
    IncomingMessage: withPrototype(IncomingMessage, request),
    ServerResponse: withPrototype(ServerResponse, response),
    headersTimeout: config.request_timeout_ms,
    // A little later than ours, so that a slow body gets an answer in its protocol's form.
    requestTimeout: config.request_timeout_ms + SLOW_CHECK_MS,
    connectionsCheckingInterval: Math.min(SLOW_CHECK_MS, config.request_timeout_ms),
    keepAliveTimeout: KEEP_ALIVE_MS,
  }
  const serve = inSequence(listener, cut)
  const server =
    config.tls === undefined
      ? http.createServer(settings, serve)
      : https.createServer({ ...settings, ...readTls(config.tls) }, serve)
  limitConnections(server, config, cut)
  return server
}

function readTls({ certificate, key, client_ca: authorities }: NonNullable<HttpSettings['tls']>) {
  return {
    cert: readPem(certificate, '/http/tls/certificate'),
    key: readPem(key, '/http/tls/key'),
    minVersion: 'TLSv1.2' as const,
    // A client may show a certificate; whether one that did not hold is refused is said with the request, in its protocol's form.
    ...(authorities === undefined
      ? {}
      : { ca: readPem(authorities, '/http/tls/client_ca'), requestCert: true, rejectUnauthorized: false }),
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

/** Starts to listen; resolves with the URL under which the server is reached. A name that turned out not to be loopback is not served. */
export async function listen(server: Server, { host, port, loopback }: ListenAddress, tls: boolean): Promise<string> {
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
export function drain(server: Server, timeoutMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
  })
}
