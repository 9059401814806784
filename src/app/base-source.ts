import { existsSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

import type { ConfigFile } from '../config/load-config.ts'
import { readFileText } from '../format/read-text.ts'
import type { ReadBaseSource } from '../permissions/base-source.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { type BaseRules, baseRulesOf, baseWithData } from '../rego/base-trial.ts'

/** The entrypoint of the base that ships. */
const SHIPPED_ENTRYPOINT = 'rbac/decision'
/** Where its data is mounted. */
const MOUNT = 'rbac'

/** Reads `rbac/data.yaml` of a configuration's policies, for those policy sets whose base is the one that ships. */
export function baseSourceOf({ config, root }: ConfigFile): ReadBaseSource {
  const rules = new WeakMap<PolicySet, Promise<BaseRules>>()
  const path = join(resolve(root, config.policies), MOUNT, 'data.yaml')
  const file = relative(root, path).split(sep).join('/')
  return async (policySet) => {
    const { bundle, entrypoint, input, allow_builtins } = policySet.settings.base
    if (bundle !== undefined || entrypoint !== SHIPPED_ENTRYPOINT || input !== 'gradus')
      return { why: `the base is not the one that ships with gradus (${bundle ?? entrypoint}): its owner knows how it grants` }
    if (!existsSync(path)) return { why: `there is no ${file} here: the base is in force without its sources` }
    const known = rules.get(policySet) ?? baseRulesOf(policySet)
    rules.set(policySet, known)
    const compiled = await known
    const text = await readFileText(path, { file })
    return { file, text, trial: (data) => baseWithData(compiled, { [MOUNT]: data }, allow_builtins) }
  }
}
