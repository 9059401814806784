import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { REPOSITORY } from './markdown.ts'
import { freePort } from '../support/free-port.ts'

/** The address that the documents name. */
const SHOWN_ADDRESS = '127.0.0.1:8181'
/** The address that the documents give a second server, started by the reader. */
const SECOND_ADDRESS = '127.0.0.1:8282'
const COPIED = ['policies', 'bundles', 'examples', 'schemas', 'gradus.yaml', 'Makefile']
const LINKED = ['src', 'node_modules', 'scripts']
const MAIN = join(REPOSITORY, 'src', 'main.ts')

/** What a command left behind. */
export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** A folder like a fresh clone with a running demo server, in which a document's commands run as its reader would run them. */
export type Stage = {
  readonly folder: string
  readonly address: string
  /** What the server printed at its start, with the address and the folder that the documents name. */
  readonly printed: string
  /** Runs a block in bash; variables and the folder live on in the next one. */
  readonly run: (script: string) => Promise<Ran>
  /** Runs a `serve` command until it listens, ends it, and says how it ended. */
  readonly serveOnce: (command: string) => Promise<Ran>
  /** Runs a `serve` command, in the folder that blocks have gone to, until the stage is closed. */
  readonly serveOn: (command: string) => Promise<void>
  readonly write: (file: string, text: string) => void
  /** The reader ends what the document before had started, and is back in the folder of the clone. */
  readonly beginDocument: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Lives through the demonstration's past once; stages start from copies of it. */
export async function makeLivedData(): Promise<{ readonly folder: string; readonly close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-docs-lived-'))
  const server = start(['serve', '--demo', '--listen', '127.0.0.1:0', '--data-dir', join(folder, 'data')], folder, process.env)
  await listening(server)
  await stop(server)
  return { folder: join(folder, 'data'), close: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Sets a stage up. */
export async function setStage(livedData: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-docs-'))
  const address = `127.0.0.1:${await freePort()}`
  for (const name of COPIED)
    if (existsSync(join(REPOSITORY, name))) cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true })
  for (const name of LINKED) symlinkSync(join(REPOSITORY, name), join(folder, name))
  cpSync(livedData, join(folder, 'data'), { recursive: true })
  const configuration = readFileSync(join(folder, 'gradus.yaml'), 'utf8')
  writeFileSync(join(folder, 'gradus.yaml'), configuration.replaceAll(SHOWN_ADDRESS, address))
  // `import … from 'gradus'` reaches the sources, so that no build is needed.
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'gradus', type: 'module', exports: { '.': './src/index.ts' } }),
  )
  const environment = environmentOf(folder)
  const server = start(['serve', '--demo', '--data-dir', 'data'], folder, environment)
  const seen = collect(server)
  await listening(server)
  const second = `127.0.0.1:${await freePort()}`
  const here = (text: string): string => text.replaceAll(SHOWN_ADDRESS, address).replaceAll(SECOND_ADDRESS, second)
  const staying: ChildProcess[] = []
  return {
    folder,
    address,
    printed: seen().stdout.replaceAll(address, SHOWN_ADDRESS).replaceAll(`${folder}/`, ''),
    run: (script) => runBash(here(script), folder, environment),
    serveOnce: async (command) => {
      const own = command.replaceAll(SHOWN_ADDRESS, '127.0.0.1:0').replace(/--data-dir \S+/u, '--data-dir served')
      const words = own.trim().split(/\s+/u)
      const child = start(words.slice(words.indexOf('serve')), folder, environment)
      const seen = collect(child)
      await listening(child)
      return { code: await stop(child), ...seen() }
    },
    serveOn: async (command) => {
      const words = here(command).trim().split(/\s+/u)
      const child = start(words.slice(words.indexOf('serve')), folderOf(folder), environment)
      staying.push(child)
      await listening(child)
    },
    write: (file, text) => {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), here(text))
    },
    beginDocument: async () => {
      for (const child of staying.splice(0)) await stop(child)
      rmSync(join(folder, '.state.folder'), { force: true })
    },
    close: async () => {
      for (const child of [...staying, server]) await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * `npx gradus` and `npx node` without a build and without asking a registry; `opa` where `make opa` puts it. As for a reader, `gradus` alone
 * is no command, and a project of its own has it only after `npm install`.
 */
function environmentOf(folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  const node = JSON.stringify(process.execPath)
  const script = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const gradus = `exec ${node} ${JSON.stringify(MAIN)} "$@"`
  const project = 'folder=$PWD; until [ -e "$folder/package.json" ] || [ "$folder" = / ]; do folder=$(dirname "$folder"); done'
  script(
    'npx',
    `${project}
[ -e "$folder/node_modules" ] || { echo "nothing is installed in $folder" >&2; exit 1; }
case "$1" in gradus) shift; ${gradus} ;; node) exec "$@" ;; *) echo "npx $1 is not for a document" >&2; exit 1 ;; esac`,
  )
  script(
    'npm',
    `[ "$*" = install ] && grep -q '"gradus"' package.json && mkdir -p node_modules && ln -sfn ${JSON.stringify(folder)} node_modules/gradus`,
  )
  const opa = process.env['GRADUS_OPA'] === undefined ? [] : [dirname(process.env['GRADUS_OPA'])]
  const path = [bin, dirname(process.execPath), ...opa, process.env['PATH'] ?? '', join(homedir(), 'go', 'bin')].join(delimiter)
  return { ...process.env, PATH: path, GRADUS_CACHE: join(folder, '.cache') }
}

/** The folder that the last block ended in. */
function folderOf(stage: string): string {
  const file = join(stage, '.state.folder')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : stage
}

async function runBash(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const state = join(cwd, '.state')
  const text = `[ ! -f ${state} ] || source ${state}\nset -aeuo pipefail\n${script}\nset +aeu\nexport -p >${state}\npwd >${state}.folder\n`
  const child = spawn('bash', ['-c', text], { cwd: folderOf(cwd), env, stdio: ['ignore', 'pipe', 'pipe'] })
  const seen = collect(child)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...seen() }
}

function start(words: readonly string[], cwd: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [MAIN, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

function collect(child: ChildProcess): () => { readonly stdout: string; readonly stderr: string } {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return () => ({ stdout, stderr })
}

async function listening(child: ChildProcess): Promise<void> {
  const seen = collect(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => {
      if (/\blisten(?:s|ing) on http/u.test(seen().stdout)) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${String(code)}: ${seen().stderr}`)))
  })
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}
