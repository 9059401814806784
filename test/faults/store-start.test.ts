import { spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { createSqliteStore, type SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { fill, openStore, tamper } from '../audit/log.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { projectSome, record } from '../stores/records.ts'

const CHILD = fileURLToPath(new URL('./store-child.ts', import.meta.url))
const newDirectory = temporaryDirectories()

/** A closed store of 40 records. */
async function filled(more: Parameters<typeof openStore>[1] = {}): Promise<string> {
  const directory = newDirectory()
  const store = await openStore(directory, more)
  await fill(store, 1, 40)
  await store.close()
  return directory
}
const database = (directory: string): string => join(directory, 'gradus.db')
const overwrite = (file: string, position: number, bytes: number): void => {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(bytes, 0xa5), 0, bytes, position)
  closeSync(descriptor)
}

describe('a store that is not as it was left', () => {
  it.each<[string, (directory: string) => void]>([
    ['its first page overwritten', (directory) => overwrite(database(directory), 0, 100)],
    ['a page in the middle overwritten', (directory) => overwrite(database(directory), 4_096 * 5, 4_096)],
    ['its second half cut off', (directory) => truncateSync(database(directory), 4_096 * 10)],
    [
      'text in place of the database',
      (directory) => writeFileSync(database(directory), 'not a database, whatever its name says'.repeat(200)),
    ],
    [
      'a record deleted at its end',
      (directory) => tamper(directory, (each) => each.exec('DELETE FROM records WHERE leaf_index = 39')),
    ],
    [
      'records deleted with the stored tree fitting',
      (directory) =>
        tamper(directory, (each) => each.exec("DELETE FROM records WHERE leaf_index > 0; DELETE FROM state WHERE name = 'tree'")),
    ],
    [
      'its newest record’s hash changed',
      (directory) => tamper(directory, (each) => each.exec('UPDATE records SET leaf_hash = zeroblob(32) WHERE leaf_index = 39')),
    ],
    [
      'a state document that is none',
      (directory) =>
        tamper(directory, (each) => each.exec(`UPDATE documents SET document = '{"containments":1}' WHERE kind = 'tenant'`)),
    ],
    ['its head signed with another key', (directory) => rmSync(join(directory, 'audit.key'))],
    [
      'a newer program’s schema',
      (directory) => tamper(directory, (each) => each.exec("INSERT INTO migrations VALUES (99, 'later', 0)")),
    ],
    ['another program’s database', (directory) => tamper(directory, (each) => each.exec('PRAGMA application_id = 7'))],
  ])('refuses to start with %s, says what to do, and lets go of the lock', async (_what, damage) => {
    const directory = await filled()
    damage(directory)
    const opening = openStore(directory)
    await expect(opening).rejects.toMatchObject({ code: 'store_corrupt' })
    await expect(opening).rejects.toHaveProperty('fix', expect.stringMatching(/restore|another data directory|newer Gradus/))
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'store_corrupt' })
  })

  it('refuses an older state than the head in the second place', async () => {
    const checkpointFile = join(newDirectory(), 'head')
    const directory = await filled({ checkpointFile })
    const backup = newDirectory()
    cpSync(directory, backup, { recursive: true })
    const store = await openStore(directory, { checkpointFile })
    await fill(store, 41, 5)
    await store.close()
    const message = expect.stringMatching(/has 40 records, but .*head holds a signed tree of 45: an older state was restored/)
    await expect(openStore(backup, { checkpointFile })).rejects.toMatchObject({
      code: 'store_rolled_back',
      message,
      fix: expect.stringContaining('--accept-new-checkpoint-file'),
    })
  })

  it.each([
    ['of a log with records', true],
    ['of a log without records, which an older one may have become', false],
  ])('refuses to begin a missing second place %s, until somebody says so', async (_what, hasRecords) => {
    const checkpointFile = join(newDirectory(), 'head')
    const directory = hasRecords ? await filled({ checkpointFile }) : newDirectory()
    if (!hasRecords) {
      const store = await openStore(directory, { checkpointFile })
      await fill(store, 1, 3)
      await store.close()
      for (const name of readdirSync(directory).filter((each) => each.startsWith('gradus.db'))) rmSync(join(directory, name))
    }
    rmSync(checkpointFile)
    await expect(openStore(directory, { checkpointFile })).rejects.toMatchObject({
      code: 'store_rolled_back',
      message: expect.stringContaining('There is no file') as string,
      fix: expect.stringContaining('--accept-new-checkpoint-file') as string,
    })
    expect(existsSync(checkpointFile)).toBe(false)
    const warnings: string[] = []
    const onWarning = (message: string) => void warnings.push(message)
    const store = await openStore(directory, { checkpointFile, acceptNewCheckpointFile: true, onWarning })
    await store.close()
    expect(warnings).toEqual([expect.stringContaining(`is begun anew with a tree of ${hasRecords ? 40 : 0} records`)])
    const again = await openStore(directory, { checkpointFile, acceptNewCheckpointFile: true, onWarning })
    await again.close()
    expect(warnings).toHaveLength(1)
  })

  it('refuses a log that went another way than the head in the second place', async () => {
    const checkpointFile = join(newDirectory(), 'head')
    const directory = await filled({ checkpointFile })
    const backup = newDirectory()
    cpSync(directory, backup, { recursive: true })
    for (const [place, more, from] of [
      [directory, { checkpointFile }, 41],
      [backup, {}, 61],
    ] as const) {
      const store = await openStore(place, more)
      await fill(store, from, 10)
      await store.close()
    }
    const message = expect.stringContaining('does not continue the signed tree')
    await expect(openStore(backup, { checkpointFile })).rejects.toMatchObject({ code: 'store_rolled_back', message })
  })

  it('refuses another audit origin than the log’s, and a head that nobody signed', async () => {
    const directory = await filled()
    const options = { dataDir: directory, project: projectSome, checkpointIntervalMs: 1_000, nowMs: Date.now }
    await expect(createSqliteStore({ ...options, origin: 'other.test/audit' })).rejects.toMatchObject({
      code: 'store_corrupt',
      fix: expect.stringContaining('origin'),
    })
    const checkpointFile = join(newDirectory(), 'head')
    writeFileSync(checkpointFile, 'gradus.test/audit\n1\n')
    await expect(openStore(directory, { checkpointFile })).rejects.toMatchObject({ code: 'store_corrupt' })
  })

  it('refuses a key that others can read, and makes its own for the owner alone', async () => {
    const directory = await filled()
    const key = join(directory, 'audit.key')
    expect(statSync(key).mode & 0o777).toBe(0o600)
    chmodSync(key, 0o640)
    await expect(openStore(directory)).rejects.toMatchObject({ code: 'io', fix: `run: chmod 600 ${key}` })
  })

  it('refuses a data directory that is a file, and a second place without a directory', async () => {
    const file = join(newDirectory(), 'file')
    writeFileSync(file, '')
    await expect(openStore(file)).rejects.toMatchObject({ code: 'io' })
    await expect(openStore(newDirectory(), { checkpointFile: '/nowhere/at/all/head' })).rejects.toMatchObject({ code: 'io' })
  })

  it('starts again from a copy made while it ran', async () => {
    const directory = newDirectory()
    const backup = join(newDirectory(), 'gradus.db')
    const store = await openStore(directory)
    await fill(store, 1, 10)
    const reader = new DatabaseSync(database(directory), { readOnly: true })
    reader.exec(`VACUUM INTO '${backup}'`)
    reader.close()
    await store.close()
    for (const name of readdirSync(directory).filter((each) => each.startsWith('gradus.db'))) rmSync(join(directory, name))
    cpSync(backup, database(directory))
    const again = await openStore(directory)
    expect(again.size()).toBe(10)
    await again.close()
  })
})

describe('a second writer', () => {
  it('is refused in the same process and in another, with the holder’s number, and let in afterwards', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    const message = expect.stringContaining(`in use by process ${process.pid}`)
    await expect(openStore(directory)).rejects.toMatchObject({
      code: 'store_locked',
      message,
      fix: expect.stringContaining('API'),
    })
    const child = spawn(process.execPath, [CHILD, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    expect((await child.stdout.toArray()).join('')).toMatch(new RegExp(`^error store_locked .*in use by process ${process.pid} `))
    await store.close()
    await (await openStore(directory)).close()
  })
})

/** Makes each commit fail from outside, as a broken disk would. */
function breakCommits(directory: string): void {
  const other = new DatabaseSync(database(directory))
  other.exec("CREATE TRIGGER broken BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END")
  other.close()
}
const append = (store: SqliteStore, number: number): Promise<unknown> =>
  store.transact([], (transaction) => transaction.append({ record: record(number) }))

describe('a store whose commit failed', () => {
  it('writes nothing more, tells all who waited, still reads, and has what it acknowledged', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    await append(store, 1)
    breakCommits(directory)
    const running = append(store, 2)
    await new Promise(setImmediate)
    const waiting = append(store, 3)
    const idle = store.transact([], (transaction) => transaction.stateVersion())
    for (const each of [running, waiting, idle])
      await expect(each).rejects.toMatchObject({ code: 'store_fenced', message: expect.stringContaining('on fire') })
    await expect(append(store, 4)).rejects.toMatchObject({ code: 'store_fenced' })
    await expect(store.erase([0], [])).rejects.toMatchObject({ code: 'store_fenced' })
    await expect(store.archive('a', Uint8Array.of())).rejects.toMatchObject({ code: 'store_fenced' })
    expect(store.fenced()).toContain('on fire')
    expect(store.size()).toBe(1)
    expect(await store.query({ limit: 10 })).toHaveLength(1)
    await store.close()
    const mend = new DatabaseSync(database(directory))
    mend.exec('DROP TRIGGER broken')
    mend.close()
    const again = await openStore(directory)
    expect(again.size()).toBe(1)
    await append(again, 2)
    await again.close()
  })
})

describe('tree heads', () => {
  it('are signed within the interval after a commit and written to the second place', async () => {
    const checkpointFile = join(newDirectory(), 'head')
    const store = await openStore(newDirectory(), { checkpointFile, checkpointIntervalMs: 50 })
    expect(readFileSync(checkpointFile, 'utf8').split('\n')[1]).toBe('0')
    await fill(store, 1, 3)
    await expect.poll(() => readFileSync(checkpointFile, 'utf8').split('\n')[1]).toBe('3')
    // The writer writes the file first and tells the store after.
    await expect.poll(() => store.checkpoint()).toBe(readFileSync(checkpointFile, 'utf8'))
    await store.close()
  })

  it('that cannot be written to the second place are told, and the store goes on', async () => {
    const place = join(newDirectory(), 'place')
    mkdirSync(place)
    const warnings: string[] = []
    const options = { project: projectSome, origin: 'gradus.test/audit', checkpointIntervalMs: 50, nowMs: Date.now }
    const store = await createSqliteStore({
      ...options,
      dataDir: newDirectory(),
      checkpointFile: join(place, 'head'),
      onWarning: (message) => void warnings.push(message),
    })
    rmSync(place, { recursive: true })
    await fill(store, 1, 3)
    await expect.poll(() => warnings.length).toBeGreaterThan(0)
    expect(warnings[0]).toMatch(/^The tree head could not be written to .*ENOENT/)
    await fill(store, 4, 1)
    expect(store.size()).toBe(4)
    expect(existsSync(place)).toBe(false)
    await store.close()
  })
})
