import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, afterEach } from 'vitest'

/** The checkout these tests belong to. */
export const ROOT = resolve(import.meta.dirname, '../..')
/** How long a server may take to listen, ms: with the demonstration's history on a busy machine. */
const START_MS_MAX = 45_000

/** A process that was started. */
export type Started = {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
}

/** How a process is started: `prefix` puts a shell's words in front, `uid` runs it as somebody else. */
export type Around = { readonly cwd?: string; readonly prefix?: string; readonly uid?: number }

/** Runs `gradus ARGS` from the sources, as a process of its own. */
export function gradus(args: readonly string[], { cwd, prefix, uid }: Around = {}): Started {
  const argv = [process.execPath, join(ROOT, 'src', 'main.ts'), ...args]
  const [command = '', ...rest] = prefix === undefined ? argv : ['bash', '-c', `${prefix}; exec "$0" "$@"`, ...argv]
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: cwd ?? ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | null>((settle) => child.once('close', (code) => settle(code)))
  return { child, output: () => output, ended }
}

/** JSON of whatever shape: a test says what it expects of it. */
export type Parsed = ReturnType<typeof JSON.parse>

/** What an answer was. */
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Parsed }

/** One server under test. */
export type Running = Started & {
  readonly url: string
  readonly dataDir: string
  readonly post: (path: string, body: unknown, token?: string) => Promise<Answer>
  readonly get: (path: string, token?: string) => Promise<Answer>
  /** The operator's token, made at the first start. */
  readonly operator: () => string
  /** SIGTERM, and the exit code. */
  readonly stop: () => Promise<number | null>
}

/** `gradus serve ARGS` on a free port; resolves when it listens, rejects with its output when it does not. */
export async function startServer(dataDir: string, args: readonly string[] = [], around: Around = {}): Promise<Running> {
  const started = gradus(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir, ...args], around)
  const sinceMs = performance.now()
  const listening = (): string | undefined => /listens on (http:\/\/\S+)/u.exec(started.output())?.[1]
  while (
    listening() === undefined &&
    started.child.exitCode === null &&
    started.child.signalCode === null &&
    performance.now() - sinceMs < START_MS_MAX
  )
    await pause(20)
  const url = listening()
  if (url === undefined) {
    started.child.kill('SIGKILL')
    await started.ended
    throw new Error(`the server did not start:\n${started.output()}`)
  }
  const call = async (method: string, path: string, body: unknown, token: string | undefined): Promise<Answer> => {
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const response = await fetch(new URL(path, url), {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return {
    ...started,
    url,
    dataDir,
    post: (path, body, token) => call('POST', path, body, token),
    get: (path, token) => call('GET', path, undefined, token),
    operator: () => readFileSync(join(dataDir, 'operator.token'), 'utf8').trim(),
    stop: () => {
      started.child.kill('SIGTERM')
      return started.ended
    },
  }
}

/** Runs a command to its end. */
export async function run(
  args: readonly string[],
  around: Around = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const started = gradus(args, around)
  const code = await started.ended
  return { code, output: started.output() }
}

/** Waits so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((done) => void setTimeout(done, ms))
}

/** Waits until something is so, but no longer than said: what it waited for is for the test to check. */
export async function until(isSo: () => boolean, longestMs: number): Promise<void> {
  for (let waited = 0; !isSo() && waited < longestMs; waited += 20) await pause(20)
}

/** Starts servers in temporary places; what still runs after a test is ended, and the places are gone after the file. */
export function workplace() {
  const places: string[] = []
  const running: Running[] = []
  afterEach(async () => {
    for (const each of running.splice(0)) {
      each.child.kill('SIGKILL')
      await each.ended
    }
  })
  afterAll(() => {
    for (const place of places) if (existsSync(place)) rmSync(place, { recursive: true, force: true })
  })
  const place = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'gradus-e2e-'))
    places.push(made)
    return made
  }
  return {
    place,
    start: async (args: readonly string[] = [], dataDir = join(place(), 'data'), around: Around = {}): Promise<Running> => {
      const server = await startServer(dataDir, args, around)
      running.push(server)
      return server
    },
  }
}
