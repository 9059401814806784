import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { policyFindings, type PolicyChecks } from '../cli/policy/check/parts.ts'
import type { ConfigFile } from '../config/load-config.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import { ServiceError } from '../format/error.ts'
import type { LoadPolicySet, PolicySet } from '../policy/policy-set.ts'
import { readCatalogue, readRisk } from '../rego/assemble-policy-set.ts'
import { hasOpa } from '../rego/built-bundle.ts'
import { checkRego } from '../rego/check.ts'
import { asPolicyError, bundledPolicySet, cachedPolicySet } from './policy-sources.ts'
import { staleBundles } from './stale-bundles.ts'

/** How a server takes its policies. */
export type ServedPolicies = {
  /** Reads the configuration anew. */
  readonly fresh: () => Promise<ConfigFile>
  /** The Rego itself is watched: it is checked and compiled as it stands. */
  readonly watch: boolean
  /** Bundles that are older than their sources decide all the same. */
  readonly allowStale: boolean
  readonly nowMs: () => number
  readonly warn: (line: string) => void
}

/**
 * Loads what a server decides by, and says what of it is older than its sources. A bundle that is not of its sources is compiled where the compiler is at
 * hand, and refused where it is not: nobody is told that a changed policy is in force while the former one decides.
 */
export function servedPolicies(served: ServedPolicies): {
  readonly load: LoadPolicySet
  readonly warnings: () => readonly string[]
} {
  let warnings: readonly string[] = []
  const checks = rememberingChecks()
  const load = async (): Promise<PolicySet> => {
    const loaded = await served.fresh()
    if (served.watch) return checkedPolicySet(loaded, checks, served)
    const stale = await staleBundles(loaded)
    if (stale.length === 0 || served.allowStale) {
      const policySet = await bundledPolicySet(loaded, served.nowMs(), served.warn)
      warnings = stale.map(({ name }) => `stale policies are in force: the ${name} bundle is not of its sources`)
      for (const { message } of stale)
        served.warn(`warning: ${message}; fix: run "gradus build", and serve without --allow-stale`)
      return policySet
    }
    if (!(await hasOpa())) throw refusal(stale)
    const policySet = await cachedPolicySet(loaded, served.nowMs(), served.warn)
    warnings = []
    for (const { name, file } of stale)
      served.warn(`${name} is compiled as it stands, for ${file} is not of it: run "gradus build" before it goes anywhere else`)
    return policySet
  }
  return { load, warnings: () => warnings }
}

function refusal([first]: readonly { readonly file: string; readonly message: string }[]): ServiceError {
  return new ServiceError('bad_policy', first?.message ?? 'a bundle is not of its sources', {
    place: { file: first?.file },
    fix: 'run "gradus build" where opa is, or let the old bundle decide with --allow-stale',
  })
}

/** What the checks are made with; Rego that was checked and found right is not checked again before it changes. */
function rememberingChecks(): PolicyChecks {
  let right = ''
  return {
    checkRego: async (folder, options) => {
      const digest = await regoDigest(folder)
      if (digest === right) return []
      const found = await asPolicyError(() => checkRego(folder, options))
      right = found.length === 0 ? digest : ''
      return found
    },
    hasOpa,
    readCatalogue,
    readRisk,
  }
}

/** A digest of what `opa check` reads of a folder: Rego, and the schemas of what it is asked. */
async function regoDigest(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.rego$|^schemas[/\\].*\.json$/u.test(name)).sort()
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')]))
  return sha256Hex(JSON.stringify(texts))
}

/** The policies as they stand, where `gradus check` finds nothing wrong with them. */
async function checkedPolicySet(loaded: ConfigFile, checks: PolicyChecks, { nowMs, warn }: ServedPolicies): Promise<PolicySet> {
  const { config, root } = loaded
  const [first, ...more] = await policyFindings(checks, resolve(root, config.policies), config.base.allow_builtins)
  if (first === undefined) return cachedPolicySet(loaded, nowMs(), warn)
  const rest = more.length === 0 ? '' : ` (and ${more.length} more: "gradus check" lists them)`
  throw new ServiceError('bad_policy', `${first.message}${rest}`, {
    place: { file: first.file, ...(first.line === 0 ? {} : { line: first.line, column: first.column }) },
    fix: first.fix,
  })
}
