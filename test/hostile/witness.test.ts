import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { MERGE, writeConfig } from '../e2e/organisation.ts'
import { run, type Running, until, workplace } from '../e2e/server.ts'
import { type Litewitness, witnesses } from '../witness/litewitness.ts'

const { place, start } = workplace()
const startWitness = witnesses()
const ORIGIN = 'gradus.local/audit'
const WAIT_MS = 20_000

async function decide(server: Running, count: number): Promise<void> {
  for (let nth = 0; nth < count; nth += 1) {
    const { status, body } = await server.post('/api/v1/decisions', { ...MERGE, context: { session: `s-${nth}` } })
    expect([status, body.recorded]).toEqual([200, true])
  }
}

type Scene = { readonly witness: Litewitness; readonly config: string; readonly dataDir: string; readonly kept: string }

/** A log that a witness signs every second, and that is kept in a folder besides. */
async function scene(): Promise<Scene> {
  const witness = await startWitness()
  const [folder, kept] = [place(), join(place(), 'kept')]
  const audit = {
    witnesses: [{ id: 'w', url: witness.url, key: witness.key }],
    checkpoint_places: [{ id: 'shelf', folder: kept }],
    checkpoint_send_seconds: 1,
    checkpoint_interval_ms: 50,
  }
  return { witness, config: writeConfig(folder, { audit }), dataDir: join(folder, 'data'), kept }
}

const vkeyOf = (dataDir: string): string => readFileSync(join(dataDir, 'audit.vkey'), 'utf8').trim()
const cosignedSize = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'witnessed', 'w.checkpoint'), 'utf8').split('\n')[1])

const settled = <T>(run: () => T): T | undefined => {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** A log with records that the witness has signed, whose server is stopped. */
async function witnessed({ witness, config, dataDir }: Scene, count: number, isKnown: boolean): Promise<number> {
  const server = await start(['--config', config], dataDir)
  if (!isKnown) witness.trust(ORIGIN, vkeyOf(dataDir))
  await decide(server, count)
  const sent = Number((await server.get('/api/v1/audit/checkpoint', server.operator())).body.split('\n')[1])
  await until(() => (settled(() => cosignedSize(dataDir)) ?? 0) >= sent, WAIT_MS)
  expect(await server.stop()).toBe(0)
  return cosignedSize(dataDir)
}

const verify = ({ config, dataDir }: Scene, ...more: readonly string[]) =>
  run(['audit', 'verify', '--config', config, '--data-dir', dataDir, ...more])

describe('a log that a witness signs', () => {
  it('is vouched for: verifying says by whom, how far and since when, with what is kept and with what the witness answers', async () => {
    const log = await scene()
    const size = await witnessed(log, 3, false)
    const offline = await verify(log)
    expect(offline).toMatchObject({
      code: 0,
      output: expect.stringContaining(`witness witness.example/tests vouches for ${size} records since`) as unknown,
    })
    const files = readdirSync(log.kept).sort()
    expect(files.length).toBeGreaterThan(0)
    const newest = readFileSync(join(log.kept, files.at(-1) ?? ''), 'utf8')
    expect(newest.split('\n').filter((line) => line.startsWith('— ')).length).toBeGreaterThan(0)
    expect(await verify(log, '--ask-witnesses')).toMatchObject({ code: 0 })
    await log.witness.stop()
    expect(await verify(log, '--ask-witnesses')).toMatchObject({
      code: 2,
      output: expect.stringMatching(/witness_silent w: .*ECONNREFUSED/u) as unknown,
    })
  })

  it('is not put back to an older state, its checkpoints on this machine with it, without the witness finding it out', async () => {
    const log = await scene()
    await witnessed(log, 2, false)
    const early = join(place(), 'early')
    cpSync(log.dataDir, early, { recursive: true })
    const size = await witnessed(log, 3, true)
    rmSync(log.dataDir, { recursive: true })
    rmSync(log.kept, { recursive: true })
    cpSync(early, log.dataDir, { recursive: true })
    expect(await verify(log)).toMatchObject({ code: 0 })
    expect(await verify(log, '--ask-witnesses')).toMatchObject({
      code: 2,
      output: expect.stringMatching(new RegExp(`witness_differs w: It vouches for ${size} records`, 'u')) as unknown,
    })
    const server = await start(['--config', log.config], log.dataDir)
    await until(() => server.output().includes('an older state of it was put back'), WAIT_MS)
    expect(server.output()).toContain(`"w" vouched for ${size} records, and the log has`)
    const health = await server.get('/health?verbose', server.operator())
    expect(JSON.stringify(health.body)).toContain('an older state of it was put back')
    // Deciding goes on: who can speak as the witness must not be able to stop it.
    await decide(server, 6)
    await until(() => server.output().includes('does not continue'), WAIT_MS)
    expect(server.output()).toContain('"w" vouched for records that this log does not continue')
    expect(await server.stop()).toBe(0)
    expect(await verify(log, '--ask-witnesses')).toMatchObject({
      code: 2,
      output: expect.stringContaining('witness_differs w: The records do not continue') as unknown,
    })
  })

  it('goes on where it stood after the witness was away, and after what was kept of it is lost', async () => {
    const log = await scene()
    await witnessed(log, 2, false)
    await log.witness.stop()
    const server = await start(['--config', log.config], log.dataDir)
    await decide(server, 2)
    await until(() => server.output().includes('checkpoints to "w": ECONNREFUSED'), WAIT_MS)
    rmSync(join(log.dataDir, 'witnessed'), { recursive: true })
    await log.witness.restart()
    await until(() => server.output().includes('checkpoints to "w" arrive again'), WAIT_MS)
    expect(await server.stop()).toBe(0)
    expect(await verify(log, '--ask-witnesses')).toMatchObject({ code: 0 })
  })
})
