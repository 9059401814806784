import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { type ConfigFile, PACKAGE_ROOT } from '../config/load-config.ts'
import type { PolicySetView } from '../policy/policy-set.ts'

/** What the policies in force are. */
export type InForce = Pick<PolicySetView, 'tools' | 'agents'>

/** Where the policies in force are not what whoever wrote them will take them for: one line each, with what to do. */
export function policyWarnings(loaded: ConfigFile, inForce: InForce): readonly string[] {
  const found = [...graduationWarnings(loaded), ...catalogueWarnings(loaded, inForce)]
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
