import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { project } from '../../src/ledger/fold/fold.ts'
import { openReadOnlyStore } from '../../src/stores/sqlite/read-only-store.ts'
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { record } from '../stores/records.ts'
import { writeConfig } from './organisation.ts'
import { gradus, workplace } from './server.ts'

const { place, start } = workplace()

async function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const started = gradus(args)
  return { code: await started.ended, output: started.output() }
}

/** Leaf indexes of records that lost values, and actions of what operators and the system did. */
async function look(
  dataDir: string,
): Promise<{ readonly erased: readonly number[]; readonly actions: readonly (string | null)[] }> {
  const store = openReadOnlyStore(dataDir)
  try {
    const all = await store.query({ limit: 100 })
    return {
      erased: all.filter(({ state }) => state === 'erased').map(({ leafIndex }) => leafIndex),
      actions: all.flatMap(({ record: { kind, action } }) => (kind === 'operator' ? [action] : [])),
    }
  } finally {
    await store.close()
  }
}

/** A data directory with two decisions of 2023. */
async function oldData(): Promise<string> {
  const dataDir = join(place(), 'data')
  const options = { dataDir, project, origin: 'gradus.local/audit', checkpointIntervalMs: 60_000, nowMs: Date.now }
  const store = await createSqliteStore(options)
  await store.transact([], (transaction) => [1, 2].map((number) => transaction.append({ record: record(number) })))
  await store.close()
  return dataDir
}

describe('values that were kept as long as configured', () => {
  it('are kept by a legal hold, removed by a server when it is released, and the log verifies throughout', async () => {
    const dataDir = await oldData()
    const config = writeConfig(place(), { audit: { retention: [{ kinds: ['decision'], days: 365 }] } })
    const at = ['--config', config, '--data-dir', dataDir]
    const placed = await run('audit', 'hold', '--reason', 'inquiry', '--as', 'ann', '--json', ...at)
    expect(placed.code).toBe(0)
    const { hold } = JSON.parse(placed.output) as { readonly hold: string }
    expect(await run('audit', 'retain', '--as', 'ann', ...at)).toMatchObject({
      code: 0,
      output: expect.stringContaining('removed 0 values of 0 records; a legal hold keeps') as unknown,
    })
    expect(await run('audit', 'hold', '--release', hold, '--reason', 'over', '--as', 'ann', ...at)).toMatchObject({ code: 0 })
    expect((await look(dataDir)).erased).toEqual([])

    const server = await start(['--config', config], dataDir)
    await expect.poll(async () => (await look(dataDir)).erased, { timeout: 20_000 }).toEqual([0, 1])
    expect(await server.stop()).toBe(0)
    expect((await look(dataDir)).actions).toEqual(['audit.hold', 'audit.hold', 'audit.retain'])
    expect(await run('audit', 'verify', '--data-dir', dataDir)).toMatchObject({
      code: 0,
      output: expect.stringContaining('0 erased, 2 expired') as unknown,
    })
  })
})
