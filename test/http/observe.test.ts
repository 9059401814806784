import { describe, expect, test } from 'vitest'

import { createAuthzenHandlers } from '../../src/http/authzen/evaluation.ts'
import { isFault, type Exchange, type Handler } from '../../src/http/exchange.ts'
import { createNativeHandlers } from '../../src/http/native/endpoints.ts'
import { createDataHandlers } from '../../src/http/opa/data.ts'
import { gateway, request } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const asked = request('finance-agent', 'categorise_expense', { context: { mode: 'enforce', session: 's' } })

/** What a handler answers to a body, as text. */
async function answered(handler: Handler, path: string, body: unknown): Promise<string> {
  const exchange: Exchange = {
    caller: gateway,
    params: {},
    path,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    requestId: 'r',
    traceparent: undefined,
    network: { address: null, user_agent: null },
    lastEventId: undefined,
    charge: () => undefined,
    left: new AbortController().signal,
    asBatch: (work) => work(),
  }
  const reply = await handler(exchange)
  if (isFault(reply)) throw new Error(reply.message)
  return reply.body
}

describe('an observed decision, in every protocol', () => {
  test('answers the base and says nothing of what would have been', async () => {
    const { service, store } = await testService({ config: { modes: [{ mode: 'observe' }] } })
    const native = createNativeHandlers(service, {} as never, { mappings: [], observe: () => undefined })
    const opa = createDataHandlers({ service, entrypoints: ['rbac/decision', 'rbac/allow'], mapping: undefined })
    const authzen = createAuthzenHandlers({
      service,
      withContext: true,
      publicUrl: () => '',
      batchBytesMax: 1_000_000,
      onError: () => undefined,
    })
    const texts = [
      await answered(native.decide, '/api/v1/decisions', asked),
      await answered(opa.queryData, '/v1/data/gradus/decision', { input: asked }),
      await answered(opa.queryData, '/v1/data/gradus/allow', { input: asked }),
      await answered(opa.queryData, '/v1/data/rbac/decision', { input: asked }),
      await answered(opa.queryDataV0, '/v0/data/gradus/allow', asked),
      await answered(authzen.evaluate, '/access/v1/evaluation', asked),
      await answered(authzen.evaluateAll, '/access/v1/evaluations', { evaluations: [asked] }),
    ]
    for (const text of texts) {
      expect(text).not.toMatch(/would|observe|rehears|record_proposal|"deny"/u)
      expect(text).toMatch(/true/u)
    }
    const decisions = await store.query({ kinds: ['decision'], limit: 100 })
    expect(decisions).toHaveLength(texts.length)
    for (const { record } of decisions) expect(record.body['would']).toMatchObject({ decision: { outcome: 'deny' } })
  })
})
