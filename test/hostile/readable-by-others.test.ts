import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe, expect, it } from 'vitest'

import { openOut } from '../../src/cli/support/out-file.ts'
import { createSqliteStore, type SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { projectSome, record } from '../stores/records.ts'

const newDirectory = temporaryDirectories()
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
/** What everybody may know: the public half of the audit key. */
const PUBLIC = ['audit.vkey', 'gradus.pid']

const open = (dataDir: string, warnings: string[] = []): Promise<SqliteStore> =>
  createSqliteStore({
    dataDir,
    project: projectSome,
    origin: 'gradus.test/audit',
    checkpointIntervalMs: 1_000,
    nowMs: Date.now,
    onWarning: (message) => void warnings.push(message),
  })
const write = (store: SqliteStore, number: number): Promise<void> =>
  store.transact([], (transaction) => void transaction.append({ record: record(number) }))

describe('the data directory', () => {
  it('is its owner’s alone, with every file that holds what was asked, and no warning is needed for it', async () => {
    const directory = join(newDirectory(), 'data')
    const warnings: string[] = []
    const store = await open(directory, warnings)
    await write(store, 1)
    const files = readdirSync(directory).filter((file) => !PUBLIC.includes(file))
    expect(files).toEqual(expect.arrayContaining(['gradus.db', 'gradus.db-wal', 'gradus.db-shm']))
    expect(files.map((file) => [file, modeOf(join(directory, file))])).toEqual(files.map((file) => [file, '600']))
    expect(modeOf(directory)).toBe('700')
    expect(warnings).toEqual([])
    await store.close()
  })

  it.each(['755', '750', '701', '770'])('that was there with mode %s is corrected, and the operator is told', async (mode) => {
    const directory = join(newDirectory(), 'data')
    mkdirSync(directory)
    chmodSync(directory, parseInt(mode, 8))
    const warnings: string[] = []
    const store = await open(directory, warnings)
    await store.close()
    expect(modeOf(directory)).toBe('700')
    expect(warnings).toEqual([
      `Others than its owner may use ${directory} (mode ${mode}), which holds what agents asked for: its mode is 700 now`,
    ])
  })

  it('corrects a database that others could read, so that its write-ahead log is for the owner alone, too', async () => {
    const directory = join(newDirectory(), 'data')
    await (await open(directory)).close()
    chmodSync(join(directory, 'gradus.db'), 0o644)
    const warnings: string[] = []
    const store = await open(directory, warnings)
    await write(store, 1)
    expect(['gradus.db', 'gradus.db-wal'].map((file) => modeOf(join(directory, file)))).toEqual(['600', '600'])
    expect(warnings).toEqual([expect.stringContaining('gradus.db (mode 644)')])
    await store.close()
  })

  it('is refused where everybody keeps files, and that place is left as it is', async () => {
    const directory = newDirectory()
    chmodSync(directory, 0o1777)
    await expect(open(directory)).rejects.toMatchObject({ code: 'io', fix: expect.stringContaining('of its own') })
    expect(modeOf(directory)).toBe('1777')
  })

  it('is refused where it is somebody else’s and cannot be corrected, with what to do', () => {
    const directory = newDirectory()
    chmodSync(directory, 0o777)
    const isRoot = process.getuid?.() === 0
    const module = pathToFileURL(join(import.meta.dirname, '../../src/stores/sqlite/store-files.ts')).href
    const code = `import(${JSON.stringify(module)}).then(({ prepareDirectory, storeFiles }) => {
      try { prepareDirectory(storeFiles(${JSON.stringify(isRoot ? directory : '/')}), console.log) }
      catch (error) { console.log(error.code + ': ' + error.message + '; fix: ' + error.fix) }
    })`
    const { stdout } = spawnSync(process.execPath, ['-e', code], {
      encoding: 'utf8',
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    })
    expect(stdout).toMatch(/^io: .*fix: /u)
    if (isRoot) expect(stdout).toContain(`this user cannot correct that; fix: as its owner run: chmod 700 ${directory}`)
  })
})

describe('what --out writes', () => {
  it('is its owner’s alone, also where the file was there before', async () => {
    const file = join(newDirectory(), 'log.jsonl')
    writeFileSync(file, 'old')
    chmodSync(file, 0o644)
    await (await openOut(file)).close()
    expect(modeOf(file)).toBe('600')
  })

  it('may be a device, whose mode stays', async () => {
    const before = modeOf('/dev/null')
    await (await openOut('/dev/null')).close()
    expect(modeOf('/dev/null')).toBe(before)
  })
})
