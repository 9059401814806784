import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { openStore, verify } from '../audit/log.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'

const CHILD = fileURLToPath(new URL('./store-child.ts', import.meta.url))
const KILLS = Number(process.env['GRADUS_KILLS'] ?? 2)
const newDirectory = temporaryDirectories()

type Seen = { readonly acknowledged: readonly number[]; readonly errors: readonly string[] }
type Running = { readonly command: string; readonly args: readonly string[]; readonly uid?: number; readonly killAfter?: number }

/** Runs a writing process to its end, or kills it once so many records were acknowledged. */
async function run({ command, args, uid, killAfter = Infinity }: Running): Promise<Seen> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...(uid === undefined ? {} : { uid, gid: uid }) })
  const acknowledged: number[] = []
  const errors: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ack ')) acknowledged.push(Number(line.slice('ack '.length)))
    else if (line.startsWith('error ')) errors.push(line.slice('error '.length))
    if (acknowledged.length >= killAfter) child.kill('SIGKILL')
  }
  return { acknowledged, errors }
}

/** Everything acknowledged is in the log exactly once, and the log is whole. */
async function checkLog(directory: string, acknowledged: readonly number[], checkpointFile: string): Promise<number> {
  const store = await openStore(directory, { checkpointFile })
  const size = store.size()
  const ids = await store.read([], (view) => acknowledged.map((number) => view.record('default', record(number).id)?.leafIndex))
  expect(ids).not.toContain(undefined)
  expect(new Set(ids).size).toBe(acknowledged.length)
  await store.close()
  const heads = [{ name: 'second place', note: readFileSync(checkpointFile, 'utf8') }]
  expect(verify(directory, store.vkey, { heads })).toMatchObject({ ok: true, records: size })
  return size
}

describe('a store whose process dies', () => {
  it(`loses nothing acknowledged when it is killed under load (${KILLS} times)`, async () => {
    const directory = newDirectory()
    const checkpointFile = join(newDirectory(), 'head')
    const all: number[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      const first = kill * 1_000_000 + 1
      const seen = await run({
        command: process.execPath,
        args: [CHILD, directory, String(first), checkpointFile],
        killAfter: 100 + 37 * kill,
      })
      expect(seen.errors).toEqual([])
      expect(seen.acknowledged.length).toBeGreaterThanOrEqual(100)
      all.push(...seen.acknowledged)
      expect(await checkLog(directory, all, checkpointFile)).toBeGreaterThanOrEqual(all.length)
    }
  }, 600_000)

  it('stops writing when the disk is full, acknowledges nothing that is not there, and is whole afterwards', async () => {
    const directory = newDirectory()
    const checkpointFile = join(newDirectory(), 'head')
    // A limit on the size of files is the disk that needs no administrator to be full.
    const limited = `ulimit -f 1500; exec "$0" "$@"`
    const seen = await run({ command: 'bash', args: ['-c', limited, process.execPath, CHILD, directory, '1', checkpointFile] })
    expect(seen.acknowledged.length).toBeGreaterThan(50)
    expect(seen.errors).toHaveLength(33)
    for (const error of seen.errors)
      expect(error).toMatch(/^store_fenced The store writes nothing more, because a commit failed: .*gradus\.db: .* FIX /)
    await checkLog(directory, seen.acknowledged, checkpointFile)
  })

  it('says that a directory cannot be written', async () => {
    const outer = newDirectory()
    const directory = join(outer, 'data')
    mkdirSync(directory)
    chmodSync(outer, 0o755)
    chmodSync(directory, 0o555)
    const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const { errors } = await run({ command: process.execPath, args: [CHILD, directory], ...nobody })
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(/^io The store .*data: EACCES: permission denied.* FIX check that the place exists, is writable/)
  })
})
