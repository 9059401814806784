import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

import { type ConfigFile, PACKAGE_ROOT } from '../config/load-config.ts'
import { ServiceError } from '../format/error.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { assemblePolicySet, type PolicySetParts, type PolicySetPlace, readPolicyParts } from '../rego/assemble-policy-set.ts'
import { buildBundle, type BuildOptions, cachedBuild } from '../rego/build.ts'
import { builtBundle, isWithoutOpa } from '../rego/built-bundle.ts'
import { requirePerformers } from '../rego/duty-performers.ts'
import { BundleError } from '../rego/error.ts'

/** The Rego packages of a policy folder that become bundles of their own, and whether a policy set can do without. */
export const PACKAGES = [
  { name: 'rbac', required: true },
  { name: 'graduation', required: true },
  { name: 'system', required: false },
] as const

/** Where compiled bundles are kept by the hash of their sources. */
export function cacheDir(): string {
  return process.env['GRADUS_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gradus')
}

/** The policy set of a configuration with its Rego compiled as it stands; each bundle is compiled only when its sources changed. */
export async function cachedPolicySet(loaded: ConfigFile, nowMs: number, print?: (line: string) => void): Promise<PolicySet> {
  return assemblePolicySet(await cachedParts(loaded), nowMs, print)
}

/** What the policy set of a configuration is made of, with its Rego compiled as it stands. Throws `bad_policy`. */
export async function cachedParts({ config, root }: Pick<ConfigFile, 'config' | 'root'>): Promise<PolicySetParts> {
  const policies = resolve(root, config.policies)
  const compiled = async (name: string): Promise<Uint8Array | undefined> => {
    const dir = join(policies, name)
    if (!existsSync(dir)) return undefined
    const sources = [{ dir, mount: name }]
    const build = async (): Promise<Uint8Array> =>
      (await cachedBuild({ sources, ...trialPolicy(name, config.base.allow_builtins) }, cacheDir())).bytes
    return asPolicyError(() =>
      build().catch(async (error: unknown) => {
        // Without a compiler, a bundle of exactly these sources is as good as compiling them.
        const built = isWithoutOpa(error)
          ? await builtBundle(sources, resolve(root, config.bundles, `${name}.tar.gz`))
          : undefined
        if (built === undefined) throw error
        return built
      }),
    )
  }
  // What has no sources here is taken from its bundle: a foreign base, or our graduation used as it is.
  return readPolicyParts(policySetPlace({ config, root }), {
    base: config.base.bundle === undefined ? await compiled('rbac') : undefined,
    graduation: await compiled('graduation'),
    system: await compiled('system'),
  })
}

/** The policy set of a configuration from its bundles as they are. */
export async function bundledPolicySet(loaded: ConfigFile, nowMs: number, print?: (line: string) => void): Promise<PolicySet> {
  return assemblePolicySet(await readPolicyParts(policySetPlace(loaded)), nowMs, print)
}

/** Where a configuration's policies are. */
export function policySetPlace({ config, root }: Pick<ConfigFile, 'config' | 'root'>): PolicySetPlace {
  return { config, root, shipped: join(PACKAGE_ROOT, 'bundles') }
}

/** A bundle that was written. */
export type WrittenBundle = {
  readonly name: string
  readonly file: string
  readonly digest: string
  readonly revision: string
  readonly entrypoints: readonly string[]
}

/** Compiles the packages of a policy folder into bundles: the same sources give the same bytes on any machine. */
export async function buildBundles(options: {
  readonly policies: string
  readonly out: string
  readonly onProgress: (name: string) => void
  /** Built-ins that the configuration allows the base. */
  readonly allowBuiltins?: readonly string[]
}): Promise<readonly WrittenBundle[]> {
  await mkdir(options.out, { recursive: true })
  const written: WrittenBundle[] = []
  for (const { name } of PACKAGES) {
    const dir = join(options.policies, name)
    if (!existsSync(dir)) continue
    options.onProgress(name)
    const file = join(options.out, `${name}.tar.gz`)
    const { digest, revision, entrypoints } = await asPolicyError(() =>
      buildBundle({
        sources: [{ dir, mount: name }],
        out: file,
        ...trialPolicy(name, options.allowBuiltins ?? []),
        inspect: (data) => requirePerformers(data, dir),
      }),
    )
    written.push({ name, file, digest, revision, entrypoints })
  }
  if (written.length === 0)
    throw new ServiceError('bad_policy', `there is no policy in ${options.policies}`, {
      place: { file: options.policies },
      fix: `put Rego into ${PACKAGES.map(({ name }) => join(options.policies, name)).join(', ')}`,
    })
  return written
}

/** How a finished bundle is tried out: only the base may use what the configuration allows. */
export function trialPolicy(name: string, allowBuiltins: readonly string[]): Pick<BuildOptions, 'policy'> {
  return name === 'rbac' ? { policy: { allowBuiltins } } : {}
}

/** Does the work, and tells a bundle that is wrong as the policy's error, with its fix. */
export async function asPolicyError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    throw new ServiceError('bad_policy', error.message, { fix: error.fix, cause: error })
  }
}

/** The version of this package. */
export async function packageVersion(root: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  return manifest.version
}
