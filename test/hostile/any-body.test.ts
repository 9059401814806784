import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { RunningServer } from '../../src/cli/support/deps.ts'
import { random } from '../support/random.ts'
import { runs } from '../support/runs.ts'
import { hostileClient, isFailure, rememberIds } from './support/hostile-client.ts'
import { hostileRequest } from './support/hostile-requests.ts'
import { HOSTILE_TOKENS, startHostileServer } from './support/hostile-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'gradus-hostile-'))
const failures: unknown[] = []
let server: RunningServer
beforeAll(async () => {
  server = await startHostileServer(folder, 'memory', (entry) => {
    if (entry.level === 'error') failures.push(entry)
  })
}, 120_000)
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a request of any shape to any endpoint', () => {
  it('is answered, and never with a failure of the server', async () => {
    const { numRuns, seed = 1 } = runs(2_500)
    const draw = random(seed)
    const { send, close } = hostileClient(server.url)
    const ids: string[] = []
    const statuses = new Set<number>()
    for (let sent = 0; sent < numRuns; sent += 1) {
      const request = hostileRequest(draw, { tokens: HOSTILE_TOKENS, ids })
      const answer = await send(request)
      rememberIds(ids, answer)
      statuses.add(answer.status)
      const shown = { ...request, body: request.body?.toString('latin1').slice(0, 2_000), answer }
      if (isFailure(request, answer)) expect(shown).toBeUndefined()
    }
    close()
    expect(failures).toEqual([])
    // What is right is taken, what is wrong refused in all the ways there are: the generator reaches behind the first check.
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 403, 404, 405, 415]))
  }, 300_000)
})
