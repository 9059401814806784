import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { readLog, verifyWhole } from '../faults/log.ts'
import { MERGE, TOKENS, writeConfig } from './organisation.ts'
import { gradus, ROOT, workplace } from './server.ts'

const { place, start } = workplace()
const BEA = 'token-of-bea'
const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex')

/** A data directory as revision e03ed98 left it: an agent that climbed to L2, approvals redeemed and pending, an incident. */
function olderData(): string {
  const dataDir = join(place(), 'data')
  mkdirSync(dataDir)
  const unpacked = spawnSync('tar', ['-xzf', join(ROOT, 'test/data/e03ed98/data-dir.tar.gz'), '-C', dataDir], {
    encoding: 'utf8',
  })
  if (unpacked.status !== 0) throw new Error(`tar cannot unpack the stored data directory (install tar): ${unpacked.stderr}`)
  return dataDir
}

const config = (): string =>
  writeConfig(place(), {
    credentials: [
      { id: 'bea', roles: ['approver'], person: 'bea', token_sha256: sha256(BEA) },
      { id: 'verifier', roles: ['verifier'], verifier: 'deterministic', token_sha256: sha256(TOKENS.verifier) },
    ],
  })

async function run(...args: readonly string[]) {
  const started = gradus(args)
  return { code: await started.ended, output: started.output() }
}

describe('a data directory written by revision e03ed98', () => {
  it('verifies, and its decisions are neither equal nor different', async () => {
    const dataDir = olderData()
    expect(await run('audit', 'verify', '--data-dir', dataDir)).toMatchObject({ code: 0 })
    const replayed = await run('audit', 'replay', '--all', '--data-dir', dataDir)
    expect(replayed.output).toContain('made under semantics 1 01a22dfb')
    expect(replayed).toMatchObject({ code: 8, output: expect.stringContaining('9 decisions: 9 other_semantics') as unknown })
    const [first] = readLog(dataDir).flatMap(({ record }) => (record.kind === 'decision' ? [record] : []))
    expect(await run('audit', 'replay', first?.id ?? '', '--data-dir', dataDir)).toMatchObject({ code: 8 })
    const constants = join(place(), 'constants.yaml')
    writeFileSync(constants, 'prior_units: 2\n')
    const simulated = await run('simulate', '--trust-constants', constants, '--data-dir', dataDir, '--json')
    expect(simulated.code).toBe(8)
    expect(JSON.parse(simulated.output)).toMatchObject({ changes: { decided: 0, unknown: { total: 9, other_semantics: 9 } } })
  })

  it('goes on: trust, an open approval and an incident are where they were, and what is new replays', async () => {
    const dataDir = olderData()
    const server = await start(['--config', config()], dataDir)
    const before = readLog(dataDir).length
    const { approvals } = (await server.get('/api/v1/approvals', BEA)).body
    expect(approvals).toHaveLength(1)
    const [{ decision_id: open }] = approvals
    const asked = { ...MERGE, context: { ...MERGE.context, session: 'open-one' } }
    const again = (await server.post('/api/v1/decisions', asked)).body
    expect(again).toMatchObject({ outcome: 'require_approval', recorded: true, trust: { level_effective: 2 } })
    expect((await server.get('/api/v1/incidents', server.operator())).body.incidents).toMatchObject([
      { agent: 'support-agent', class: 'injection_confirmed' },
    ])
    expect(open).toBeTypeOf('string')
    expect(await server.stop()).toBe(0)
    verifyWhole(dataDir)
    expect(readLog(dataDir).length).toBeGreaterThan(before)
    const replayed = await run('audit', 'replay', '--all', '--data-dir', dataDir)
    expect(replayed).toMatchObject({
      code: 8,
      output: expect.stringMatching(/10 decisions: 1 equal, 9 other_semantics/u) as unknown,
    })
  })
})
