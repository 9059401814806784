import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { type ConfigFile, PACKAGE_ROOT } from '../config/load-config.ts'
import type { PolicySetView } from '../policy/policy-set.ts'
import { builtRevision } from '../rego/bundle.ts'
import { BundleError } from '../rego/error.ts'
import { readSources, sourcesDigest } from '../rego/sources.ts'
import { PACKAGES } from './policy-sources.ts'

/** What the policies in force are, and whether the Rego itself is watched and compiled as it stands. */
export type InForce = Pick<PolicySetView, 'tools' | 'agents'> & { readonly watch: boolean }

/** Where the policies in force are not what whoever wrote them will take them for: one line each, with what to do. */
export async function policyWarnings(loaded: ConfigFile, inForce: InForce): Promise<readonly string[]> {
  const found = [
    ...graduationWarnings(loaded),
    ...(inForce.watch ? [] : await bundleWarnings(loaded)),
    ...catalogueWarnings(loaded, inForce),
  ]
  return found.map(({ message, fix }) => `warning: ${message}; fix: ${fix}`)
}

type Warning = { readonly message: string; readonly fix: string }

function graduationWarnings({ config, root }: ConfigFile): readonly Warning[] {
  const policies = resolve(root, config.policies)
  const source = join(policies, 'graduation')
  const isOwn = existsSync(source) || existsSync(resolve(root, config.bundles, 'graduation.tar.gz'))
  if (isOwn || policies === join(PACKAGE_ROOT, 'policies')) return []
  return [
    {
      message: `the graduation bundle is the one that ships with gradus, while the policies are those of ${policies}`,
      fix: `nothing, if that is meant; for rules and a matrix of your own, copy those of gradus to ${source}, change them and run "gradus build"`,
    },
  ]
}

/** Bundles that are not, or no more, what their sources compile to. */
async function bundleWarnings({ config, root }: ConfigFile): Promise<readonly Warning[]> {
  const found: Warning[] = []
  for (const { name } of PACKAGES) {
    if (name === 'rbac' && config.base.bundle !== undefined) continue
    const dir = resolve(root, config.policies, name)
    const file = resolve(root, config.bundles, `${name}.tar.gz`)
    const digest = await digestOf(dir, name)
    if (digest === undefined) continue
    if (!existsSync(file))
      found.push({
        message: `${dir} is not in force: there is no ${file}, so the bundle that ships with gradus is`,
        fix: 'run "gradus build", or serve with --watch',
      })
    else if (![digest, undefined].includes(await builtRevision(await readFile(file), file)))
      found.push({
        message: `${file} was not built from ${dir} as it stands, so what was changed there is not in force`,
        fix: 'run "gradus build", or serve with --watch',
      })
  }
  return found
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

function catalogueWarnings({ config, root }: ConfigFile, { tools, agents }: InForce): readonly Warning[] {
  if (tools > 0 && agents > 0) return []
  const missing = [...(tools > 0 ? [] : ['tool']), ...(agents > 0 ? [] : ['agent'])]
  const consequence =
    tools > 0 ? 'every agent is unknown and has no trust' : 'every action is of the worst class and earns nothing'
  return [
    {
      message: `${resolve(root, config.policies, 'catalogue')} lists no ${missing.join(' and no ')}, so ${consequence}`,
      fix: `describe them under ${missing.map((each) => `"${each}s"`).join(' and ')} in a YAML file there`,
    },
  ]
}
