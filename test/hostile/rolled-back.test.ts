import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { MERGE, writeConfig } from '../e2e/organisation.ts'
import { type Running, workplace } from '../e2e/server.ts'

const { place, start } = workplace()

async function decide(server: Running, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) {
    const { status, body } = await server.post('/api/v1/decisions', { ...MERGE, context: { session: `s-${nth}` } })
    expect([status, body.recorded]).toEqual([200, true])
  }
}

describe('whoever puts an older copy of the data directory in its place', () => {
  it('is found out with the newer checkpoint there, with it deleted, and with the whole log deleted', async () => {
    const [folder, second] = [place(), place()]
    const [dataDir, early, checkpoint] = [join(folder, 'data'), join(folder, 'early'), join(second, 'checkpoint')]
    const config = writeConfig(folder, { audit: { checkpoint_file: checkpoint, checkpoint_interval_ms: 50 } })
    const started = (...more: readonly string[]): Promise<Running> => start(['--config', config, ...more], dataDir)

    const first = await started()
    await decide(first, 2)
    expect(await first.stop()).toBe(0)
    cpSync(dataDir, early, { recursive: true })
    const newer = await started()
    await decide(newer, 3)
    expect(await newer.stop()).toBe(0)

    rmSync(dataDir, { recursive: true })
    cpSync(early, dataDir, { recursive: true })
    await expect(started()).rejects.toThrow('an older state was restored')
    rmSync(checkpoint)
    await expect(started()).rejects.toThrow(/There is no file .*--accept-new-checkpoint-file/su)
    expect(existsSync(checkpoint)).toBe(false)
    for (const name of ['gradus.db', 'gradus.db-wal', 'gradus.db-shm']) rmSync(join(dataDir, name), { force: true })
    await expect(started()).rejects.toThrow('There is no file')

    rmSync(dataDir, { recursive: true })
    cpSync(early, dataDir, { recursive: true })
    const accepted = await started('--accept-new-checkpoint-file')
    expect(accepted.output()).toContain('is begun anew with a tree of')
    expect(await accepted.stop()).toBe(0)
  })

  it('does not keep a new log from beginning its checkpoint', async () => {
    const [folder, second] = [place(), place()]
    const checkpoint = join(second, 'checkpoint')
    const server = await start(['--config', writeConfig(folder, { audit: { checkpoint_file: checkpoint } })])
    await expect.poll(() => existsSync(checkpoint)).toBe(true)
    expect(await server.stop()).toBe(0)
  })
})
