import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { afterAll } from 'vitest'

import { until } from '../e2e/server.ts'
import { freePort } from '../support/free-port.ts'

const START_MS_MAX = 20_000
const NAME = 'witness.example/tests'

/** A real witness: litewitness of Torchwood, with its database, and its key in an ssh-agent. */
export type Litewitness = {
  readonly url: string
  /** Its verifier key. */
  readonly key: string
  /** Has it know a log, by origin and verifier key. */
  readonly trust: (origin: string, vkey: string) => void
  readonly stop: () => Promise<void>
  /** Starts again what was stopped, where it was, with what it knows. */
  readonly restart: () => Promise<void>
}

/** Starts witnesses; what still runs is ended after the file. */
export function witnesses(): () => Promise<Litewitness> {
  const started: { readonly child: ChildProcess }[] = []
  const folders: string[] = []
  afterAll(() => {
    for (const { child } of started) child.kill('SIGKILL')
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradus-witness-'))
    folders.push(folder)
    const [keyFile, socket, database] = [join(folder, 'key'), join(folder, 'agent'), join(folder, 'witness.db')]
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile])
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
    started.push({ child: agent })
    await until(() => existsSync(socket), START_MS_MAX)
    execFileSync('ssh-add', ['-q', keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
    const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', `${keyFile}.pub`], { encoding: 'utf8' }).split(' ')
    const address = `127.0.0.1:${await freePort()}`
    const args = ['-db', database, '-key', fingerprint, '-name', NAME, '-ssh-agent', socket, '-listen', address]
    const launch = async (): Promise<{ readonly child: ChildProcess; readonly key: string }> => {
      const child = spawn(tool('litewitness'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
      started.push({ child })
      let output = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
      await until(() => output.includes('msg=listening') || child.exitCode !== null, START_MS_MAX)
      const key = /vkey=(\S+)/u.exec(output)?.[1]
      if (key === undefined || child.exitCode !== null) throw new Error(`litewitness did not start:\n${output}`)
      return { child, key }
    }
    let running = await launch()
    return {
      url: `http://${address}`,
      key: running.key,
      trust: (origin, vkey) => {
        const about = ['-db', database, '-origin', origin]
        execFileSync(tool('witnessctl'), ['add-log', ...about], { stdio: 'ignore' })
        execFileSync(tool('witnessctl'), ['add-key', ...about, '-key', vkey], { stdio: 'ignore' })
      },
      stop: async () => {
        const ended = new Promise((done) => running.child.once('close', done))
        running.child.kill('SIGKILL')
        await ended
      },
      restart: async () => {
        running = await launch()
      },
    }
  }
}

/** Where `go install` puts it, or the PATH has it. */
function tool(name: string): string {
  const places = [join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
  const found = places.map((place) => join(place, name)).find((file) => existsSync(file))
  if (found === undefined) throw new Error(`${name} is missing: run "make witness"`)
  return found
}
