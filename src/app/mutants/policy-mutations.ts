import { existsSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'

import type { ConfigFile } from '../../config/load-config.ts'
import { isAgentFile } from '../../catalogue/merge-catalogues.ts'
import {
  agentMutations,
  catalogueMutations,
  type WrittenAgent,
  type WrittenCatalogue,
} from '../../fixtures/mutants/catalogue-mutations.ts'
import type { JsonPath } from '../../fixtures/mutants/json-edit.ts'
import type { MutatedPart, Mutation, ValueEdit } from '../../fixtures/mutants/mutation.ts'
import { riskMutations } from '../../fixtures/mutants/risk-mutations.ts'
import { dataMutations } from '../../fixtures/mutants/value-mutations.ts'
import { ServiceError } from '../../format/error.ts'
import { type FileText, readFolder } from '../../format/read-text.ts'
import { readYaml } from '../../format/yaml.ts'
import { readSources } from '../../rego/sources.ts'
import type { RiskDocument } from '../../risk/rule-document.ts'
import { asPolicyError } from '../policy-sources.ts'

/** Every mutation of the policies in a configuration's policy folder, in the order of files and lines; what is not in it is not mutated. */
export async function policyMutations({ config, root }: Pick<ConfigFile, 'config' | 'root'>): Promise<readonly Mutation[]> {
  const policies = resolve(root, config.policies)
  const catalogue = await readFolder(join(policies, 'catalogue'), ['.yaml', '.yml'])
  const risk = await readFolder(join(policies, 'risk'), ['.json'])
  return [
    ...(config.base.bundle === undefined ? await packageMutations(join(policies, 'rbac'), 'base') : []),
    ...(await packageMutations(join(policies, 'graduation'), 'graduation')),
    ...catalogue.flatMap((file) => mutationsOf(file, 'catalogue', catalogueEdits)),
    ...risk.flatMap((file) => mutationsOf(file, 'risk', (value) => riskMutations(value as RiskDocument))),
  ]
}

/** The mutations of a file of the catalogue folder, which may be that of one agent. */
function catalogueEdits(value: unknown): readonly ValueEdit[] {
  return isAgentFile(value) ? agentMutations(value as WrittenAgent, 2) : catalogueMutations(value as WrittenCatalogue)
}

/** The mutations of the data files of a Rego package. */
async function packageMutations(dir: string, part: MutatedPart): Promise<readonly Mutation[]> {
  if (!existsSync(dir)) return []
  const sources = await asPolicyError(() => readSources([{ dir, mount: basename(dir) }]))
  return sources
    .filter(({ name }) => /(?:^|\/)data\.(?:json|ya?ml)$/u.test(name))
    .flatMap(({ file, bytes }) =>
      mutationsOf({ file, text: bytes.toString('utf8') }, part, (value) => dataMutations(value), mountOf(dir, file)),
    )
}

/** Where in the data of its bundle a data file of a package stands. */
function mountOf(dir: string, file: string): JsonPath {
  return [
    basename(dir),
    ...relative(dir, dirname(file))
      .split(sep)
      .filter((step) => step !== ''),
  ]
}

function mutationsOf(
  { file, text }: FileText,
  part: MutatedPart,
  edits: (value: unknown) => readonly ValueEdit[],
  mount?: JsonPath,
): readonly Mutation[] {
  const source = readYaml(file, text, { merge: true })
  if (!('placeOf' in source)) {
    const [first] = source
    throw new ServiceError('bad_policy', first?.message ?? 'cannot be read', {
      place: { file, line: first?.line, column: first?.column },
      fix: first?.fix ?? 'mend the file',
    })
  }
  const { value, placeOf } = source
  const above = mount ?? partAbove(part, value)
  return edits(value).map((edit) => ({
    part,
    file,
    ...placeOf(edit.path),
    edit,
    path: [...above, ...edit.path],
    hints: hintsOf(edit, value),
  }))
}

/** Where a file stands in its part: a risk document is known by its id, the file of an agent by the agent, whatever they are called. */
function partAbove(part: MutatedPart, value: unknown): JsonPath {
  if (part === 'risk') return [(value as RiskDocument).id]
  return isAgentFile(value) ? ['agents', (value as { readonly agent: string }).agent] : []
}

/** Words of what a decision there asks or is answered. */
function hintsOf({ path, from }: ValueEdit, document: unknown): readonly string[] {
  const words = path.filter((step) => typeof step === 'string' && step.length > 2 && step !== 'config').map(String)
  const own = typeof from === 'string' ? [from] : Array.isArray(from) ? from.filter((each) => typeof each === 'string') : []
  const at = path.indexOf('matrix')
  const cell = at < 0 ? [] : [`level L${path[at + 2] ?? ''} at ${path[at + 3] ?? ''} risk`, `"tier":"${path[at + 1] ?? ''}"`]
  const rule = path[0] === 'rules' ? (document as RiskDocument).rules[Number(path[1])]?.id : undefined
  return [...words, ...own, ...cell, ...(rule === undefined ? [] : [rule])]
}
