import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'

import { MERGE, READ, TOKENS, writeConfig } from '../e2e/organisation.ts'
import { workplace, type Parsed, type Running } from '../e2e/server.ts'
import { readLog, verifyWhole } from './log.ts'

const { place, start } = workplace()
/** Blocks of 1,024 bytes that one file may have: the disk that needs no administrator to be full. */
const FILE_BLOCKS_MAX = 2_500

/** What may be answered when nothing can be recorded. */
function expectUnrecorded(body: Parsed): void {
  expect(body).toMatchObject({ recorded: false, decision: false, leaf_index: null })
  expect(['deny', 'suggest']).toContain(body.outcome)
  expect(body.reasons[0]).toMatch(/^not_recorded: /u)
}

/** What a server that cannot write any more must do: decide not above `suggest`, take no report, say that it is not well. */
async function expectFenced(server: Running, decisionId: string): Promise<void> {
  expectUnrecorded((await server.post('/api/v1/decisions', READ)).body)
  expectUnrecorded((await server.post('/api/v1/decisions', MERGE)).body)
  expect((await server.post('/access/v1/evaluation', READ)).body.decision).toBe(false)
  expect((await server.post('/v1/data/gradus/allow', { input: READ })).body.result).toBe(false)
  const report = await server.post('/api/v1/outcomes', { decision_id: decisionId, class: 'validated' }, TOKENS.verifier)
  expect(report).toMatchObject({ status: 503, body: { code: 'store_fenced' } })
  const health = await server.get('/health')
  expect(health.status).toBe(500)
  expect((await server.get('/metrics')).body).toMatch(/gradus_degraded_total\{cause="store_fenced"\} [1-9]/u)
}

describe('a disk that takes nothing more', () => {
  it('full: nothing above suggest is answered, and everything acknowledged is there after the restart', async () => {
    const config = writeConfig(place())
    const dataDir = join(place(), 'data')
    const server = await start(['--config', config], dataDir, { prefix: `ulimit -f ${FILE_BLOCKS_MAX}` })
    const request = { ...READ, context: { purpose: 'p'.repeat(1_000) } }
    const acknowledged = new Map<string, number>()
    const fill = async (): Promise<void> => {
      for (;;) {
        const { body } = await server.post('/api/v1/decisions', request)
        if (!body.recorded) {
          expectUnrecorded(body)
          return
        }
        expect(body.decision).toBe(true)
        acknowledged.set(body.decision_id, body.leaf_index)
      }
    }
    await Promise.all(Array.from({ length: 16 }, fill))
    expect(acknowledged.size).toBeGreaterThan(50)
    await expectFenced(server, [...acknowledged.keys()][0] ?? '')
    await server.stop()

    const again = await start(['--config', config], dataDir)
    expect((await again.post('/api/v1/decisions', READ)).body).toMatchObject({ recorded: true, decision: true })
    await again.stop()
    const kept = new Map(readLog(dataDir).map(({ leafIndex, record }) => [record.id, leafIndex]))
    for (const [id, leafIndex] of acknowledged) expect(kept.get(id)).toBe(leafIndex)
    verifyWhole(dataDir)
  })

  it('failing at a commit: those who waited are told, and no later answer pretends', async () => {
    const config = writeConfig(place())
    const dataDir = join(place(), 'data')
    const server = await start(['--config', config], dataDir)
    const { body: before } = await server.post('/api/v1/decisions', READ)
    const other = new DatabaseSync(join(dataDir, 'gradus.db'))
    other.exec("CREATE TRIGGER broken BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END")
    other.close()
    const burst = await Promise.all(Array.from({ length: 20 }, () => server.post('/api/v1/decisions', READ)))
    for (const { status, body } of burst) {
      expect(status).toBe(200)
      expectUnrecorded(body)
    }
    await expectFenced(server, before.decision_id)
    await server.stop()
    const mend = new DatabaseSync(join(dataDir, 'gradus.db'))
    mend.exec('DROP TRIGGER broken')
    mend.close()
    const again = await start(['--config', config], dataDir)
    expect((await again.post('/api/v1/decisions', READ)).body.recorded).toBe(true)
    await again.stop()
    verifyWhole(dataDir)
  })
})
