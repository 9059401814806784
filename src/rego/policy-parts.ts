import { join, resolve } from 'node:path'

import type { CatalogueFile } from '../catalogue/catalogue-file.ts'
import { type Catalogue, CatalogueError, compileCatalogue } from '../catalogue/catalogue.ts'
import { CatalogueSource, mergeCatalogues } from '../catalogue/merge-catalogues.ts'
import type { Config } from '../config/config.ts'
import { ServiceError } from '../format/error.ts'
import { readFolder, readOptional } from '../format/read-text.ts'
import { parseYaml } from '../format/yaml.ts'
import type { PolicySettings } from '../policy/policy-set.ts'
import { loadRiskDocuments, riskProblemText } from '../risk/load-documents.ts'
import type { RiskDocument } from '../risk/rule-document.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { resolveTrustConstants } from '../trust/default-constants.ts'

/** Everything a policy set is loaded from, already read. */
export type PolicySetParts = {
  readonly base: Uint8Array
  readonly graduation: Uint8Array
  readonly system: Uint8Array | undefined
  readonly catalogue: CatalogueFile
  readonly risk: readonly RiskDocument[]
  readonly constants: TrustConstants
  readonly settings: PolicySettings
}

/** Where a configuration's files are: the directory that its paths are relative to, and the bundles this package ships. */
export type PolicySetPlace = { readonly config: Config; readonly root: string; readonly shipped: string }

/** Bundles that were compiled just now, instead of those on disk. */
export type CompiledBundles = {
  readonly base?: Uint8Array | undefined
  readonly graduation?: Uint8Array | undefined
  readonly system?: Uint8Array | undefined
}

/** Reads all parts from disk. Throws `bad_policy` naming the file, the place and the fix. */
export async function readPolicyParts(
  { config, root, shipped }: PolicySetPlace,
  compiled: CompiledBundles = {},
): Promise<PolicySetParts> {
  const bundles = resolve(root, config.bundles)
  const policies = resolve(root, config.policies)
  const base = config.base.bundle === undefined ? join(bundles, 'rbac.tar.gz') : resolve(root, config.base.bundle)
  // A team that writes only its base policy graduates it with the bundle that ships.
  const graduation =
    (await optional(join(bundles, 'graduation.tar.gz'))) ?? (await bundleBytes(join(shipped, 'graduation.tar.gz')))
  return {
    base: compiled.base ?? (await bundleBytes(base)),
    graduation: compiled.graduation ?? graduation,
    system:
      compiled.system ?? (await optional(join(bundles, 'system.tar.gz'))) ?? (await optional(join(shipped, 'system.tar.gz'))),
    catalogue: await readCatalogue(join(policies, 'catalogue')),
    risk: await readRisk(join(policies, 'risk')),
    constants: resolveTrustConstants(config.trust.constants, config.trust.live_layers),
    settings: settingsOf(config),
  }
}

/** The parts of a configuration that decisions depend on. */
export function settingsOf(config: Config): PolicySettings {
  return {
    base: config.base,
    entrypoints: config.entrypoints,
    guardrails: config.guardrails,
    overrides: Object.fromEntries(Object.entries(config.tenants).map(([tenant, { overrides }]) => [tenant, overrides])),
    modes: config.modes,
    approvals: config.approvals,
    answer_valid_ms: config.answer_valid_ms,
    detectors: config.detectors,
    automatic_level_max: config.trust.automatic_level_max,
  }
}

/** Which file bytes were read from, so that what is wrong with them can name it; bytes of an archive have none. */
const readFrom = new WeakMap<Uint8Array, string>()

/** The file that the bytes of a bundle were read from; undefined where they came from elsewhere. */
export function fileOf(bytes: Uint8Array): string | undefined {
  return readFrom.get(bytes)
}

async function bundleBytes(file: string): Promise<Uint8Array> {
  const bytes = await optional(file)
  if (bytes === undefined)
    throw new ServiceError('bad_policy', `the bundle ${file} is missing`, { place: { file }, fix: 'run "gradus build"' })
  return bytes
}

async function optional(file: string): Promise<Uint8Array | undefined> {
  const bytes = await readOptional(file)
  if (bytes !== undefined) readFrom.set(bytes, file)
  return bytes
}

/** The catalogue of a folder: its YAML files as one. A tool, scope, agent, team or server stands in one file only. */
export async function readCatalogue(folder: string): Promise<CatalogueFile> {
  const files = await readFolder(folder, ['.yaml', '.yml'])
  const parts = files.map(({ file, text }) => ({ file, catalogue: parseYaml(file, text, CatalogueSource, 'bad_policy') }))
  const { catalogue, conflicts } = mergeCatalogues(parts)
  const [conflict] = conflicts
  if (conflict !== undefined)
    throw new ServiceError('bad_policy', `${conflict.path.join('.')}: ${conflict.message}`, {
      place: { file: conflict.file },
      fix: conflict.fix,
    })
  catalogueOf(catalogue, folder)
  return catalogue
}

/** Compiles a catalogue; `where` names it. Throws `bad_policy` with every place where its parts contradict each other. */
export function catalogueOf(file: CatalogueFile, where: string): Catalogue {
  try {
    return compileCatalogue(file)
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error
    const [first] = error.problems
    throw new ServiceError(
      'bad_policy',
      `${where}: ${error.problems.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ')}`,
      { place: { file: where, pointer: first?.pointer }, cause: error },
    )
  }
}

/** The risk documents of a folder. */
export async function readRisk(folder: string): Promise<readonly RiskDocument[]> {
  const loading = loadRiskDocuments(await readFolder(folder, ['.json']))
  if (loading.ok) return loading.documents
  const [first, ...others] = loading.problems
  if (first === undefined) throw new ServiceError('bad_policy', 'the risk rules cannot be read', { place: { file: folder } })
  const { message, fix } = riskProblemText(first)
  throw new ServiceError('bad_policy', others.length === 0 ? message : `${message} (and ${others.length} more)`, {
    place: { file: first.file, line: first.line ?? undefined, pointer: first.pointer },
    fix,
  })
}
