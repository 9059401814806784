import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { BundleError } from './error.ts'

/** The OPA release that bundles are compiled with; another one may compile the same Rego to other bytes. */
export const OPA_VERSION = '1.22.0'

const INSTALL = `Install it: go install github.com/open-policy-agent/opa@v${OPA_VERSION}`
/** What works without it. */
const WITHOUT = 'without it, bundles that are built already are used with --bundles, and by serve without --watch.'
const TIMEOUT_MS = 120_000
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** What a run of a tool gave. */
export type ToolRun = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Runs a program without a shell and waits for it; a non-zero exit is no error. */
function run(file: string, args: readonly string[], cwd?: string): Promise<ToolRun> {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      encoding: 'utf8',
      ...(cwd === undefined ? {} : { cwd }),
    } as const
    execFile(file, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr })
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr })
      else reject(new Error(`${file} did not run: ${error.message}`))
    })
  })
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where an `opa` may be, best first. */
async function* candidates(env: NodeJS.ProcessEnv): AsyncGenerator<string> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) if (folder !== '') yield join(folder, 'opa')
  try {
    const { code, stdout } = await run('go', ['env', 'GOPATH'])
    if (code === 0 && stdout.trim() !== '') yield join(stdout.trim(), 'bin', 'opa')
  } catch {
    // No go: its usual folder below is still worth a look.
  }
  yield join(homedir(), 'go', 'bin', 'opa')
}

async function locate(option: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const named = option ?? env['GRADUS_OPA']
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named
    const from = option === undefined ? 'GRADUS_OPA' : 'the configured opa'
    throw new BundleError('tool_missing', named, `${from} is not an executable file`, `Name the opa binary. ${INSTALL}`)
  }
  for await (const file of candidates(env)) if (await isExecutable(file)) return file
  const place = 'opa'
  throw new BundleError(
    'tool_missing',
    place,
    'not found in GRADUS_OPA, PATH, GOPATH/bin or ~/go/bin',
    `${INSTALL}, or set GRADUS_OPA; ${WITHOUT}`,
  )
}

const verified = new Map<string, string>()

/**
 * The path of the `opa` binary: the option, `GRADUS_OPA`, `PATH`, `GOPATH/bin`, `~/go/bin`, in this order. Throws `BundleError`
 * when there is none or when it is not the pinned release.
 */
export async function findOpa(option?: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const file = await locate(option, env)
  const version = verified.get(file) ?? /^Version: (\S+)/m.exec((await run(file, ['version'])).stdout)?.[1] ?? 'unknown'
  if (version !== OPA_VERSION) {
    throw new BundleError(
      'tool_version',
      file,
      `is opa ${version}, not ${OPA_VERSION}`,
      `${INSTALL}, or set GRADUS_OPA; ${WITHOUT}`,
    )
  }
  verified.set(file, version)
  return file
}

/** Runs `opa` with arguments in a folder. */
export async function runOpa(opa: string, args: readonly string[], cwd?: string): Promise<ToolRun> {
  return run(opa, args, cwd)
}
