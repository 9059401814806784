import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { createReaderThread } from '../../src/app/reader/read-aside.ts'
import { reading, readingStore } from '../../src/app/reader/reading-store.ts'
import type { RunningServer } from '../../src/cli/support/deps.ts'
import { openReadOnlyStore } from '../../src/stores/sqlite/read-only-store.ts'
import { caller } from '../support/callers.ts'
import { startHostileServer } from '../hostile/support/hostile-server.ts'

const REQUEST = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'read_file', properties: { arguments: { path: 'README.md' } } },
  resource: { type: 'file', id: 'README.md' },
}

let folder: string
let server: RunningServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gradus-reader-'))
  server = await startHostileServer(folder, 'sqlite', () => undefined)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = async (path: string, who: string, body?: object) => {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer token-of-${who}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const recordsOf = async (query: string) =>
  (await ask(`/api/v1/audit/records?${query}`, 'auditor')).body['records'] as {
    readonly record: { readonly kind: string; readonly id: string; readonly body: { readonly detail?: object } }
  }[]

describe('the thread that reads', () => {
  it('answers what was acknowledged before, and each reading of the log is in the log', async () => {
    const { decision_id: id } = (await ask('/api/v1/decisions', 'gateway', REQUEST)).body as { readonly decision_id: string }
    expect(await ask(`/api/v1/decisions/${id}/explanation`, 'auditor')).toMatchObject({
      status: 200,
      body: { outcome: expect.any(String) },
    })
    expect(await recordsOf(`decision_id=${id}&kind=decision`)).toMatchObject([{ record: { kind: 'decision', id } }])
    const [newest, before] = await recordsOf('kind=operator&order=newest&limit=2')
    expect(newest?.record.body.detail).toMatchObject({ verb: 'read_records', found: 1 })
    expect(before?.record.body.detail).toEqual({ verb: 'explain', decision: id })
  })

  it('answers the lists and histories as they stand', async () => {
    const agents = await ask('/api/v1/agents', 'auditor')
    expect(agents.body['agents']).toEqual(
      expect.arrayContaining([expect.objectContaining({ agent: 'coding-agent', known: true })]),
    )
    await ask('/api/v1/incidents', 'olivia', { agent: 'coding-agent', class: 'other', reach: 'agent' })
    expect(await ask('/api/v1/incidents', 'olivia')).toMatchObject({ status: 200, body: { total: 1 } })
    expect(await ask('/api/v1/agents/coding-agent/trust/history', 'auditor')).toMatchObject({ status: 200 })
    expect(await ask('/api/v1/approvals', 'ann')).toMatchObject({ status: 200, body: { approvals: [] } })
    expect(await ask('/api/v1/proposals', 'auditor')).toMatchObject({ status: 200 })
  })

  it('refuses as the thread that decides does: what is not valid, not there, or not for this credential', async () => {
    expect(await ask('/api/v1/audit/records?limit=1001', 'auditor')).toMatchObject({ status: 400, body: { code: 'bad_request' } })
    expect(await ask('/api/v1/audit/records/nothing', 'auditor')).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect(await ask('/api/v1/audit/records', 'gateway')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })

  it('is begun anew where it has ended, and says of what it was doing that it has', async () => {
    const policies = (await ask('/api/v1/policies', 'ada')).body as { readonly digest: string }
    const noted: object[] = []
    const reader = createReaderThread({
      dataDir: join(folder, 'data'),
      policySet: () => policies.digest,
      nowMs: Date.now,
      noteRead: (_caller, detail) => Promise.resolve(void noted.push(detail)),
    })
    const read = (left = new AbortController().signal) =>
      reader.readAside(
        'queryRecords',
        {
          caller: caller('auditor', { roles: ['auditor'] }),
          params: {},
          path: '/api/v1/audit/records',
          query: 'limit=1',
          headers: {},
          requestId: 'r',
          traceparent: undefined,
          network: { address: null, user_agent: null },
          lastEventId: undefined,
        },
        left,
      )
    const cut = read()
    await Promise.all([expect(cut).rejects.toMatchObject({ code: 'not_ready' }), reader.close()])
    expect(await read()).toMatchObject({ status: 200, type: 'application/json' })
    const leaving = new AbortController()
    leaving.abort(new Error('left'))
    await expect(read(leaving.signal)).rejects.toThrow('left')
    expect(noted).toHaveLength(1)
    await reader.close()
  })

  it('reads no further for who has left, and writes nothing by itself', async () => {
    const store = readingStore(openReadOnlyStore(join(folder, 'data')))
    const leaving = new AbortController()
    const current = { left: leaving.signal, nowMs: 0, policySet: undefined as never, notes: [] }
    await reading.run(current, async () => {
      expect(await store.query({ limit: 1 })).toHaveLength(1)
      leaving.abort(new Error('left'))
      expect(() => store.query({ limit: 1 })).toThrow('left')
      await expect(store.archive('d', new Uint8Array(1))).rejects.toThrow('does not write')
      const record = { kind: 'containment', body: {} } as never
      await expect(store.transact([], (transaction) => transaction.append({ record }))).rejects.toThrow('reading writes only')
    })
    await store.close()
  })
})
