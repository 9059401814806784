import { createHash } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { createLanes, BATCHES_WAITING_MAX, READINGS_WAITING_MAX } from '../../src/http/lanes.ts'
import { bearer, get, post, REQUEST, start, token } from './support.ts'

/** Readings and batches of one tenant that are worked on at a time. */
const OF_TENANT_MAX = 2
const OTHER = {
  id: 'auditor-of-acme',
  roles: ['auditor'],
  tenant: 'acme',
  token_sha256: createHash('sha256').update(token('auditor-of-acme')).digest('hex'),
}

/** A server whose readings of one tenant do not end before the gate is opened. */
async function gated() {
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  const begun: string[] = []
  const records = async ({ tenant }: Caller) => {
    begun.push(tenant)
    if (tenant === 'acme') await gate
    return { records: [], next: null }
  }
  const server = await start({ credentials: [OTHER], answers: { records } })
  const read = (id: string, signal?: AbortSignal) =>
    fetch(`${server.url}/api/v1/audit/records`, { headers: bearer(id), ...(signal === undefined ? {} : { signal }) })
  const waitUntil = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...server, open: () => open(), begun, read, waitUntil }
}

describe('readings of one tenant that do not end', () => {
  it('hold up neither decisions nor the readings of another tenant, and a full line is refused with when to come again', async () => {
    const { url, open, begun, read, waitUntil } = await gated()
    const fits = OF_TENANT_MAX + READINGS_WAITING_MAX
    const heavy = Array.from({ length: fits + 1 }, () => read('auditor-of-acme'))
    const refused = await Promise.race(heavy)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await refused.json()).toMatchObject({
      code: 'not_ready',
      detail: expect.stringContaining('http.readings_waiting_max'),
    })
    await waitUntil(() => begun.length === OF_TENANT_MAX)
    expect(await post(`${url}/api/v1/decisions`, REQUEST, bearer('enforcement_point'))).toMatchObject({ status: 200 })
    expect(await get(`${url}/api/v1/audit/records`, bearer('auditor'))).toMatchObject({ status: 200 })
    expect(begun).toEqual(['acme', 'acme', 'default'])
    open()
    const statuses = (await Promise.all(heavy)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(fits)
  })

  it('are not begun when nobody waits for them any more', async () => {
    const { open, begun, read, waitUntil } = await gated()
    const running = Array.from({ length: OF_TENANT_MAX }, () => read('auditor-of-acme'))
    await waitUntil(() => begun.length === OF_TENANT_MAX)
    const leaving = new AbortController()
    const left = read('auditor-of-acme', leaving.signal)
    const stays = read('auditor-of-acme')
    leaving.abort()
    await expect(left).rejects.toThrow()
    open()
    expect((await Promise.all([...running, stays])).map(({ status }) => status)).toEqual([200, 200, 200])
    await waitUntil(() => begun.length >= OF_TENANT_MAX + 1)
    expect(begun).toHaveLength(OF_TENANT_MAX + 1)
  })
})

describe('batches', () => {
  it('wait in a line of their own, which is longer, because enforcement points wait for them', async () => {
    const inLane = createLanes()
    const { signal } = new AbortController()
    const of = { tenant: 'acme', credential: 'gateway' }
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const fits = OF_TENANT_MAX + BATCHES_WAITING_MAX
    const batches = Array.from({ length: fits }, async () => inLane('batch', of, () => gate, signal))
    await expect(inLane('batch', of, () => gate, signal)).rejects.toMatchObject({ code: 'not_ready' })
    expect(await inLane('reading', of, () => 'read', signal)).toBe('read')
    open()
    expect(await Promise.all(batches)).toHaveLength(fits)
  })
})
