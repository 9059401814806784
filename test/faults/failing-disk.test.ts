import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { READ, TOKENS, writeConfig } from '../e2e/organisation.ts'
import { workplace, type Running } from '../e2e/server.ts'
import { readLog, verifyWhole } from './log.ts'

const { place, start } = workplace()
const SLOW_SYNC_MS = 300
/** Time for a fenced store to begin anew by itself on a busy machine, ms. */
const HEAL_MS_MAX = 60_000
let library = ''

beforeAll(() => {
  library = join(place(), 'failing-disk.so')
  try {
    execFileSync('gcc', ['-shared', '-fPIC', '-o', library, join(import.meta.dirname, 'failing-disk.c'), '-ldl'])
  } catch (cause) {
    throw new Error('the library that makes the disk fail cannot be built: install gcc (apt-get install gcc libc6-dev)', {
      cause,
    })
  }
})

/** A server whose disk fails while the control file says so. */
async function failing() {
  const dataDir = join(place(), 'data')
  const control = join(place(), 'fault')
  const prefix = `export LD_PRELOAD='${library}' GRADUS_TEST_FAULT='${control}'`
  const server = await start(['--config', writeConfig(place())], dataDir, { prefix })
  const acknowledged = new Map<string, number>()
  const decide = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => server.post('/api/v1/decisions', READ)))
    for (const { body } of answers) if (body.recorded === true) acknowledged.set(body.decision_id, body.leaf_index)
    return answers.map(({ body }) => body)
  }
  return {
    server,
    decide,
    fail: (letter: string) => writeFileSync(control, letter),
    mend: () => rmSync(control),
    expectKept: async () => {
      expect(await server.stop()).toBe(0)
      const kept = new Map(readLog(dataDir).map(({ leafIndex, record: { id } }) => [id, leafIndex]))
      for (const [id, leafIndex] of acknowledged) expect(kept.get(id), `record ${id} was acknowledged`).toBe(leafIndex)
      verifyWhole(dataDir)
    },
  }
}

async function expectFenced(server: Running, decisionId: string): Promise<void> {
  const report = await server.post('/api/v1/outcomes', { decision_id: decisionId, class: 'validated' }, TOKENS.verifier)
  expect(report).toMatchObject({ status: 503, body: { code: 'store_fenced' } })
  expect((await server.get('/health')).status).toBe(500)
}

describe('a disk that fails while the server runs', () => {
  it.each([
    ['refuses writes with EIO', 'w'],
    ['has no space left (ENOSPC)', 'f'],
    ['refuses to sync with EIO', 's'],
  ])(
    'and %s: nothing above suggest, nothing acknowledged is lost, and it goes on by itself',
    async (_what, letter) => {
      const { server, decide, fail, mend, expectKept } = await failing()
      const [first] = await decide(3)
      expect(first).toMatchObject({ recorded: true, decision: true })
      fail(letter)
      for (const body of await decide(10)) {
        expect(body).toMatchObject({ recorded: false, decision: false, leaf_index: null })
        expect(['deny', 'suggest']).toContain(body.outcome)
      }
      await expectFenced(server, first.decision_id)
      mend()
      await expect.poll(async () => (await server.get('/health')).status, { timeout: HEAL_MS_MAX, interval: 100 }).toBe(200)
      for (const body of await decide(3)) expect(body).toMatchObject({ recorded: true, decision: true })
      await expectKept()
    },
    120_000,
  )

  it('and syncs slowly: no decision is answered before its record is durable', async () => {
    const { decide, fail, mend, expectKept } = await failing()
    await decide(1)
    fail('l')
    const sinceMs = performance.now()
    for (const body of await decide(5)) expect(body).toMatchObject({ recorded: true, decision: true })
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(SLOW_SYNC_MS - 10)
    mend()
    await expectKept()
  }, 120_000)
})
