import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Worker } from 'node:worker_threads'

import { describe, expect, it } from 'vitest'

import type { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { openStore, tamper, verify } from '../audit/log.ts'
import { MERGE, READ, writeConfig } from '../e2e/organisation.ts'
import { until, workplace } from '../e2e/server.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { contain, record } from '../stores/records.ts'
import { readLog, verifyWhole } from './log.ts'

const newDirectory = temporaryDirectories()
const { place, start } = workplace()

const append = (store: SqliteStore, number: number): Promise<unknown> =>
  store.transact([], (transaction) => transaction.append({ record: record(number, { effects: [contain(`c${number}`)] }) }))

/** Opens a store, and says which thread writes it. */
async function opened(directory: string) {
  const writers: Worker[] = []
  const noted = (worker: Worker): void => void writers.push(worker)
  process.on('worker', noted)
  const warnings: string[] = []
  const store = await openStore(directory, { healAfterMs: 40, onWarning: (message) => warnings.push(message) })
  return { store, writers, warnings, close: () => (process.off('worker', noted), store.close()) }
}

describe('a store whose writing thread is killed', () => {
  it('is fenced, then verifies its log and writes again by itself, with everything acknowledged and nothing else', async () => {
    const directory = newDirectory()
    const { store, writers, warnings, close } = await opened(directory)
    await append(store, 1)
    for (let round = 1; round <= 3; round += 1) {
      await writers.at(-1)?.terminate()
      await expect(append(store, round * 10)).rejects.toMatchObject({
        code: 'store_fenced',
        fix: expect.stringContaining('by itself') as unknown,
      })
      await expect(append(store, round * 10 + 1)).rejects.toMatchObject({ code: 'store_fenced' })
      await until(() => store.fenced() === undefined, 10_000)
      expect(store.fenced()).toBeUndefined()
      expect(store.size()).toBe(round)
      await append(store, round + 1)
    }
    expect(
      warnings.filter((each) => /^The store writes again, after \d+ s; its log was verified first$/u.test(each)),
    ).toHaveLength(3)
    const found = await store.query({ limit: 100 })
    expect(found.map(({ record: { id } }) => id)).toEqual([1, 2, 3, 4].map((number) => record(number).id))
    await close()
    expect(verify(directory, store.vkey).findings).toEqual([])
  })

  it('stays fenced where the log is an older one than was acknowledged, however sound it is, and says so', async () => {
    const directory = newDirectory()
    const { store, writers, warnings, close } = await opened(directory)
    await append(store, 1)
    let tree: unknown
    tamper(directory, (database) => (tree = database.prepare("SELECT value FROM state WHERE name = 'tree'").get()?.['value']))
    await append(store, 2)
    await writers.at(-1)?.terminate()
    await expect(append(store, 3)).rejects.toMatchObject({ code: 'store_fenced' })
    tamper(directory, (database) => {
      database.exec(
        'DELETE FROM records WHERE leaf_index = 1; DELETE FROM payloads WHERE leaf_index = 1; DELETE FROM checkpoints WHERE size > 1',
      )
      database.prepare("UPDATE state SET value = ? WHERE name = 'tree'").run(String(tree))
    })
    await until(() => warnings.length >= 2 || store.fenced() === undefined, 10_000)
    expect(warnings[0]).toMatch(/^The store stays fenced: .*it has 1 records, but 2 were acknowledged/u)
    await expect(append(store, 4)).rejects.toMatchObject({ code: 'store_fenced' })
    await close()
  })
})

describe('a store that fails for a cause that does not pass', () => {
  it('stays fenced until a restart', async () => {
    const directory = newDirectory()
    const { store, warnings, close } = await opened(directory)
    await append(store, 1)
    const other = new DatabaseSync(join(directory, 'gradus.db'))
    other.exec("CREATE TRIGGER broken BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'no'); END")
    other.close()
    await expect(append(store, 2)).rejects.toMatchObject({
      code: 'store_fenced',
      fix: expect.stringContaining('start gradus again') as unknown,
    })
    await until(() => store.fenced() === undefined, 2_000)
    expect(store.fenced()).toContain('no')
    expect(warnings).toEqual([])
    await close()
  })
})

describe('a disk that was full', () => {
  it('and has space again: the server goes on by itself, and everything acknowledged is there', async () => {
    const config = writeConfig(place())
    const dataDir = join(place(), 'data')
    // The soft limit on the size of files can be lifted again from outside, as space can be made.
    const server = await start(['--config', config], dataDir, { prefix: 'ulimit -S -f 2500' })
    const request = { ...READ, context: { purpose: 'p'.repeat(1_000) } }
    const acknowledged = new Map<string, number>()
    const fill = async (): Promise<void> => {
      for (;;) {
        const { body } = await server.post('/api/v1/decisions', request)
        if (!body.recorded) return
        acknowledged.set(body.decision_id, body.leaf_index)
      }
    }
    await Promise.all(Array.from({ length: 16 }, fill))
    expect((await server.get('/health')).status).toBe(500)
    expect((await server.post('/api/v1/decisions', MERGE)).body).toMatchObject({ recorded: false, decision: false })

    execFileSync('prlimit', ['--pid', String(server.child.pid), '--fsize=unlimited:'])
    await expect.poll(async () => (await server.get('/health')).status, { timeout: 60_000, interval: 200 }).toBe(200)
    const { body } = await server.post('/api/v1/decisions', READ)
    expect(body).toMatchObject({ recorded: true, decision: true })
    acknowledged.set(body.decision_id, body.leaf_index)
    expect(server.output()).toMatch(/The store writes again, after \d+ s; its log was verified first/u)
    server.child.kill('SIGTERM')
    await once(server.child, 'close')

    const kept = new Map(readLog(dataDir).map(({ leafIndex, record: { id } }) => [id, leafIndex]))
    expect(acknowledged.size).toBeGreaterThan(50)
    for (const [id, leafIndex] of acknowledged) expect(kept.get(id)).toBe(leafIndex)
    verifyWhole(dataDir)
  }, 120_000)
})
