import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'

import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { projectSome, record } from '../stores/records.ts'
import { pause, ROOT, workplace } from './server.ts'

const { place } = workplace()
/** More than any pipe holds. */
const RECORDS = 600

async function log(): Promise<string> {
  const dataDir = join(place(), 'data')
  const store = await createSqliteStore({
    dataDir,
    project: projectSome,
    origin: 'gradus.local/audit',
    checkpointIntervalMs: 60_000,
    nowMs: Date.now,
  })
  await store.transact([], (transaction) => {
    for (let number = 1; number <= RECORDS; number += 1) transaction.append({ record: record(number) })
  })
  await store.close()
  return dataDir
}

/** A process whose standard output goes into a pipe that somebody else reads. */
function piped(args: readonly string[], reader: string) {
  const shell = `"$0" "$@" | ${reader}; exit "\${PIPESTATUS[0]}"`
  const child = spawn('bash', ['-c', shell, process.execPath, join(ROOT, 'src/main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: ROOT,
    detached: true,
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const ended = new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((settle) =>
    child.once('close', (code) => settle({ code, ...said })),
  )
  return { child, ended }
}

describe('a reader that goes away', () => {
  let dataDir = ''
  beforeAll(async () => {
    dataDir = await log()
  })

  it.each([['export'], ['query', '--json', '--limit', '600']])('ends `audit %s` quietly', async (...command) => {
    const { code, stdout, stderr } = await piped(['audit', ...command, '--data-dir', dataDir], 'head -n 1').ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toHaveLength(2)
  })

  it('does not change what a verdict is', async () => {
    expect(await piped(['audit', 'verify', '--data-dir', dataDir], 'true').ended).toEqual({ code: 0, stdout: '', stderr: '' })
    const changed = await log()
    const database = new DatabaseSync(join(changed, 'gradus.db'))
    const triggers = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as {
      readonly name: string
    }[]
    for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`)
    database.exec('DELETE FROM records WHERE leaf_index = 7')
    database.close()
    const { code, stderr } = await piped(['audit', 'verify', '--data-dir', changed], 'true').ended
    expect(code).toBe(2)
    expect(stderr).not.toContain('EPIPE')
  })

  it('does not end a server', async () => {
    const served = join(place(), 'data')
    const { child, ended } = piped(['serve', '--listen', '127.0.0.1:0', '--data-dir', served], 'true')
    const file = join(served, 'server.json')
    for (let waited = 0; !existsSync(file) && waited < 15_000; waited += 50) await pause(50)
    await pause(200)
    const { url, pid } = JSON.parse(readFileSync(file, 'utf8')) as { readonly url: string; readonly pid: number }
    expect((await fetch(`${url}/health`)).status).toBe(200)
    process.kill(pid, 'SIGTERM')
    expect(await ended).toMatchObject({ code: 0, stderr: 'finishing what is under way\n' })
    expect(child.exitCode).toBe(0)
  })
})
