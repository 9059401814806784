import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Where a project keeps the package that no registry has yet. */
const VENDOR = 'vendor'
/** How long npm is given, ms. */
const NPM_MS_MAX = 120_000
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'] as const

/**
 * Packs this package into a project, where it is a clone of the sources and no package that npm installed: before the first release no registry has
 * it, so that nothing else could be installed, here or in CI. Answers the file, relative to the project; undefined where it is installed.
 */
export async function packClone(packageRoot: string, folder: string): Promise<string | undefined> {
  if (!existsSync(join(packageRoot, 'src', 'main.ts'))) return undefined
  const vendor = join(folder, VENDOR)
  const wasThere = existsSync(vendor)
  try {
    await mkdir(vendor, { recursive: true })
    const { stdout } = await npm(packageRoot, ['pack', '--json', '--pack-destination', vendor])
    const [pack] = JSON.parse(stdout) as readonly { readonly filename: string }[]
    return pack === undefined ? undefined : `${VENDOR}/${pack.filename}`
  } catch {
    // Without npm the project says which release it needs, as one that was installed does.
    if (!wasThere) await rm(vendor, { recursive: true, force: true })
    return undefined
  }
}

/** Writes the lock file of a project, so that CI installs the same; false where npm cannot, for one without a network. */
export async function lockProject(folder: string): Promise<boolean> {
  return npm(folder, ['install', '--package-lock-only']).then(
    () => true,
    () => false,
  )
}

async function npm(cwd: string, words: readonly string[]): Promise<{ readonly stdout: string }> {
  return promisify(execFile)('npm', [...words, ...QUIET], { cwd, encoding: 'utf8', timeout: NPM_MS_MAX })
}
