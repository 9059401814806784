import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from 'vitest'

import { fencesOf } from '../docs/markdown.ts'
import { ROOT } from './server.ts'

/** How long a start, a reload or an end may take on a busy machine, ms. */
const PATIENCE_MS = 45_000

const unit =
  fencesOf('docs/operations.md').find(({ language, text }) => language === 'ini' && text.includes('[Service]'))?.text ?? ''
const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'mu').exec(unit)?.[1] ?? ''

/** An old node: the first process says that it is one, the one that it starts is what it is. */
const OLD = `if (process.env.GRADUS_REEXECUTED !== '1') Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`

const left: (() => void)[] = []
afterEach(() => left.splice(0).forEach((each) => each()))

/** A project as the unit finds it, with the sources of this package in the place of the installed one. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-unit-'))
  left.push(() => rmSync(folder, { recursive: true, force: true }))
  const installed = join(folder, 'node_modules/gradus')
  mkdirSync(join(installed, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'bin'), join(installed, 'bin'), { recursive: true })
  writeFileSync(join(installed, 'package.json'), '{"type":"module"}')
  writeFileSync(join(installed, 'dist/main.js'), `await import(${JSON.stringify(join(ROOT, 'src/main.ts'))})\n`)
  mkdirSync(join(folder, 'node_modules/node/bin'), { recursive: true })
  execFileSync('ln', ['-s', process.execPath, join(folder, 'node_modules/node/bin/node')])
  for (const name of ['policies', 'bundles']) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'old.mjs'), OLD)
  writeFileSync(join(folder, 'gradus.yaml'), 'http: { listen: "127.0.0.1:0" }\n')
  return folder
}

type Service = {
  readonly main: ChildProcess
  readonly folder: string
  readonly output: () => string
  readonly ended: Promise<unknown>
}

/** Starts what `ExecStart` says, as a group of processes, and waits until it answers. */
async function startService(node: readonly string[], folder = project()): Promise<Service> {
  const [command, ...argv] = setting('ExecStart').replaceAll('/var/lib/gradus', join(folder, 'data')).split(' ')
  expect(command).toBe('/usr/bin/node')
  const [binary = '', ...flags] = node
  const main = spawn(binary, [...flags, ...argv], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  left.push(() => signalled(main, 'SIGKILL'))
  let output = ''
  for (const stream of [main.stdout, main.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise((settle) => main.once('exit', (code, signal) => settle(signal ?? code)))
  await until(
    () => output.includes(' listens on ') || main.exitCode !== null,
    () => output,
  )
  expect(output).toContain(' listens on ')
  return { main, folder, output: () => output, ended }
}

async function until(holds: () => boolean, output: () => string): Promise<void> {
  const sinceMs = performance.now()
  while (!holds()) {
    if (performance.now() - sinceMs > PATIENCE_MS) throw new Error(`it did not come about:\n${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Whether a signal reached a process of the group. */
function signalled({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal)
  } catch {
    return false
  }
}

/** What `ExecReload` says, with the process that systemd takes for the main one. */
function reload({ main }: Service): void {
  const [command = '', ...argv] = setting('ExecReload').replaceAll('$MAINPID', String(main.pid)).split(' ')
  expect(spawnSync(command.replace('/bin/', ''), argv).status).toBe(0)
}

/** Whether a process of the group is left. */
const lives = ({ main }: Service): boolean => signalled(main, 0)

const NODES: readonly (readonly [string, readonly string[]])[] = [
  ['the pinned node', [process.execPath]],
  ['an old node, which starts the pinned one', [process.execPath, '--import', './old.mjs']],
  // The machine's own, whatever it is.
  ...(existsSync('/usr/bin/node') ? [['/usr/bin/node', ['/usr/bin/node']] as const] : []),
]

describe.each(NODES)('the unit of docs/operations.md with %s', (_name, node) => {
  test('a reload reaches the server, and so does the stop: nothing is left, the lock is free', async () => {
    const service = await startService(node)
    const url = /listens on (http:\/\/\S+)/u.exec(service.output())?.[1] ?? ''
    const before = /policy set ([0-9a-f]+)/u.exec(service.output())?.[1]
    const { pid } = JSON.parse(readFileSync(join(service.folder, 'data/server.json'), 'utf8')) as { readonly pid: number }
    expect(pid === service.main.pid).toBe(node.length === 1 && node[0] === process.execPath)

    writeFileSync(join(service.folder, 'gradus.yaml'), 'http: { listen: "127.0.0.1:0" }\ntrust: { automatic_level_max: 1 }\n')
    reload(service)
    await until(() => service.output().includes('policies in force: '), service.output)
    const after = /policies in force: ([0-9a-f]+)/u.exec(service.output())?.[1]
    expect(after).toMatch(/^[0-9a-f]{64}$/u)
    if (before !== undefined) expect(after?.startsWith(before)).toBe(false)
    expect((await fetch(`${url}/health`)).status).toBe(200)

    // KillMode=mixed: the stop goes to the main process only.
    expect(setting('KillMode')).toBe('mixed')
    process.kill(service.main.pid!, 'SIGTERM')
    expect(await service.ended).toBe(0)
    expect(service.output()).toContain('finishing what is under way')
    await until(() => !lives(service), service.output)
    expect(existsSync(join(service.folder, 'data/server.json'))).toBe(false)

    const again = await startService(node, service.folder)
    process.kill(again.main.pid!, 'SIGTERM')
    expect(await again.ended).toBe(0)
  }, 180_000)

  test('a stop that reaches every process of the group, as from a terminal, still drains', async () => {
    const service = await startService(node)
    process.kill(-service.main.pid!, 'SIGINT')
    expect(await service.ended).toBe(0)
    expect(service.output()).toContain('finishing what is under way')
  }, 90_000)
})

test('the timeout of the unit is longer than the default of what a stop may take', () => {
  const drainMs = Number(/`http.drain_timeout_ms` \| `(\d+)`/u.exec(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8'))?.[1])
  expect(Number(setting('TimeoutStopSec')) * 1_000).toBeGreaterThan(drainMs)
})

test.each(['systemd-analyze'].filter((tool) => spawnSync(tool, ['--version']).status === 0))('%s takes the unit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-unit-'))
  left.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'gradus.service')
  // The command is there on the machine that it is for.
  writeFileSync(file, unit.replace('ExecStart=/usr/bin/node', `ExecStart=${process.execPath}`))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
  expect([
    stdout,
    stderr
      .split('\n')
      .filter((line) => line.includes('gradus'))
      .join('\n'),
    status,
  ]).toEqual(['', '', 0])
})
