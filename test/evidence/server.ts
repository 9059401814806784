import { createHash } from 'node:crypto'

import { onTestFinished } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { DOCUMENT_KINDS, documentName } from '../../src/ledger/documents/documents.ts'
import type { Store } from '../../src/ledger/store.ts'
import { silence } from '../http/support.ts'
import { testService, type TestService, type TestServiceOptions } from '../support/test-service.ts'

/** Credentials of the tests, by name; the token is `token-of-` and the name. */
const CREDENTIALS = {
  gateway: { roles: ['enforcement_point'], supported_obligations: ['rollback_handle', 'redact_sensitive'] },
  detectors: { roles: ['signal_source'], layers: ['identity', 'behaviour', 'context'] },
  second: { roles: ['signal_source'], layers: ['behaviour'] },
  checks: { roles: ['signal_source', 'verifier'], layers: ['outcome'], verifier: 'deterministic' },
  directory: {
    roles: ['signal_source'],
    layers: ['identity'],
    signal_agents: ['support-*', 'coding-agent'],
    signal_classes: ['credential_rotated', 'revoked'],
  },
  narrow: {
    roles: ['signal_source', 'verifier'],
    layers: ['outcome'],
    verifier: 'deterministic',
    signal_agents: ['support-*'],
    signal_classes: ['failed'],
  },
  administrator: { roles: ['administrator'], person: 'ada' },
  operator: { roles: ['operator'], person: 'olivia' },
} as const
export type Name = keyof typeof CREDENTIALS

export type Answered = { readonly status: number; readonly body: any } // eslint-disable-line @typescript-eslint/no-explicit-any
export type Scene = TestService & {
  readonly url: string
  /** Sends a body as this credential. */
  readonly send: (who: Name, path: string, body: unknown, headers?: Record<string, string>) => Promise<Answered>
  readonly metrics: () => Promise<string>
}

/** A real server in front of the real service; ends with the test. */
export async function scene(
  options: TestServiceOptions & { readonly http?: object; readonly mappings?: readonly object[] } = {},
): Promise<Scene> {
  const metrics = createMetrics()
  const tested = await testService({ ...options, observe: metrics.observer })
  const config = Config.parse({
    http: { listen: '127.0.0.1:0', ...options.http },
    signals: { mappings: options.mappings ?? [] },
    credentials: Object.entries(CREDENTIALS).map(([id, standing]) => ({
      id,
      ...standing,
      token_sha256: createHash('sha256').update(`token-of-${id}`).digest('hex'),
    })),
  })
  const http = createHttpServer({
    service: tested.service,
    config: config.http,
    credentials: config.credentials,
    entrypoints: [],
    signalMappings: config.signals.mappings,
    metrics,
    events: silence(),
    version: '0.0.0-test',
    log: () => undefined,
    nowMs: tested.clock.nowMs,
  })
  const { url } = await http.listen()
  onTestFinished(() => http.close())
  const send: Scene['send'] = async (who, path, body, headers = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer token-of-${who}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: await response.json() }
  }
  return { ...tested, url, send, metrics: metrics.text }
}

/** All documents of a store as one text: what is equal before and after something that changed nothing. */
export async function stateOf(store: Store): Promise<string> {
  const parts: string[] = []
  for (const tenant of await store.tenants())
    for (const kind of DOCUMENT_KINDS)
      for (const id of await store.list(kind, tenant)) {
        const key = { kind, tenant, id }
        parts.push(`${documentName(key)} ${JSON.stringify(await store.read([key], (view) => view.document(key)))}`)
      }
  return parts.sort().join('\n')
}
