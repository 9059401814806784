import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { ConfigFile } from '../config/load-config.ts'
import type { SourceFinding } from '../format/source-place.ts'
import { builtRevision } from '../rego/bundle.ts'
import { BundleError } from '../rego/error.ts'
import { readSources, sourcesDigest } from '../rego/sources.ts'
import { PACKAGES } from './policy-sources.ts'

/** A bundle that is not, or no more, what its sources compile to. */
export type StaleBundle = {
  readonly name: (typeof PACKAGES)[number]['name']
  readonly file: string
  readonly message: string
}

/** The bundles of a configuration that are missing or older than their sources, by content. Those that something else built are not judged. */
export async function staleBundles({ config, root }: ConfigFile): Promise<readonly StaleBundle[]> {
  const found: StaleBundle[] = []
  for (const { name } of PACKAGES) {
    if (name === 'rbac' && config.base.bundle !== undefined) continue
    const dir = resolve(root, config.policies, name)
    const file = resolve(root, config.bundles, `${name}.tar.gz`)
    const digest = await digestOf(dir, name)
    if (digest === undefined) continue
    if (!existsSync(file)) {
      const message = `${dir} is not in force: there is no ${file}, so the bundle that ships with gradus is`
      found.push({ name, file, message })
      continue
    }
    const message = await staleness(file, dir, digest)
    if (message !== undefined) found.push({ name, file, message })
  }
  return found
}

/** What is wrong with a bundle that is there; undefined where it is of its sources, or something else built it. */
async function staleness(file: string, dir: string, digest: string): Promise<string | undefined> {
  try {
    const revision = await builtRevision(await readFile(file), file)
    if (revision === digest || revision === undefined) return undefined
    return `${file} was not built from ${dir} as it stands, so what was changed there is not in force`
  } catch (error) {
    if (error instanceof BundleError) return error.message
    throw error
  }
}

/** The same as findings of a check. */
export async function staleFindings(loaded: ConfigFile): Promise<readonly SourceFinding[]> {
  const stale = await staleBundles(loaded)
  return stale.map(({ file, message }) => ({ file, line: 0, column: 0, message, fix: 'run "gradus build"' }))
}

/** The digest of a folder's sources; undefined where there are none. */
async function digestOf(dir: string, mount: string): Promise<string | undefined> {
  if (!existsSync(dir)) return undefined
  try {
    return sourcesDigest(await readSources([{ dir, mount }]), [])
  } catch (error) {
    if (error instanceof BundleError) return undefined
    throw error
  }
}
