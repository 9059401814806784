import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

import { z } from 'zod'

import { canonicalJson, sha256Hex } from '../model/canonical.ts'
import { CatalogueFile } from '../model/catalogue.ts'
import type { Config } from '../model/config.ts'
import { ServiceError } from '../model/error.ts'
import { Matrices } from '../model/matrix.ts'
import { parseYaml } from '../model/parse-yaml.ts'
import { RiskDocument } from '../model/risk-rules.ts'
import { resolveTrustConstants, TrustConstants } from '../model/trust-constants.ts'
import { CatalogueError, compileCatalogue } from '../risk/catalogue.ts'
import { loadRiskDocuments } from '../risk/load-documents.ts'
import { compileRiskRules } from '../risk/rules.ts'
import type { PolicySet, PolicySettings } from '../service/policy-set.ts'
import { loadBundle, type LoadedBundle } from './bundle.ts'
import { BundleError } from './error.ts'

/** Version of the archive format. */
const ARCHIVE_FORMAT = 1
/** The graduation bundle's one entrypoint. */
const GRADUATION_ENTRYPOINT = 'graduation/ceilings'

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
    answer_valid_ms: config.answer_valid_ms,
    automatic_level_max: config.trust.automatic_level_max,
  }
}

/** Compiles the parts into a policy set that decides. Nothing is in force yet. */
export async function assemblePolicySet(
  parts: PolicySetParts,
  nowMs: number,
  print?: (line: string) => void,
): Promise<PolicySet> {
  const options = print === undefined ? {} : { print }
  const base = await load(parts.base, 'base', { ...options, allowBuiltins: parts.settings.base.allow_builtins })
  const graduation = await load(parts.graduation, 'graduation', options)
  const system = parts.system === undefined ? undefined : await load(parts.system, 'system', options)
  requireEntrypoints(base, [parts.settings.base.entrypoint, ...parts.settings.entrypoints])
  requireEntrypoints(graduation, [GRADUATION_ENTRYPOINT])
  if (system !== undefined) requireEntrypoints(system, ['system/log/mask'])
  const identity = {
    base: sha256Hex(parts.base),
    graduation: sha256Hex(parts.graduation),
    system: parts.system === undefined ? null : sha256Hex(parts.system),
    catalogue: parts.catalogue,
    risk: parts.risk,
    constants: parts.constants,
    settings: parts.settings,
  }
  return {
    digest: sha256Hex(canonicalJson(plain(identity))),
    archive: archiveOf(parts),
    base: base.policy,
    graduation: graduation.policy,
    mask: system?.policy,
    catalogue: catalogueOf(parts.catalogue, 'the catalogue'),
    risk: compileRiskRules(parts.risk),
    matrices: matricesIn(graduation),
    constants: parts.constants,
    settings: parts.settings,
    loadedAtMs: nowMs,
  }
}

const base64 = z.base64()
const Archive = z.strictObject({
  format: z.literal(ARCHIVE_FORMAT),
  base: base64,
  graduation: base64,
  system: base64.nullable(),
  catalogue: CatalogueFile,
  risk: z.array(RiskDocument),
  constants: TrustConstants,
  settings: z.custom<PolicySettings>((value) => typeof value === 'object' && value !== null),
})

function archiveOf(parts: PolicySetParts): Uint8Array {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const archive = {
    ...parts,
    format: ARCHIVE_FORMAT,
    base: text(parts.base),
    graduation: text(parts.graduation),
    system: parts.system === undefined ? null : text(parts.system),
  }
  return gzipSync(canonicalJson(plain(archive)))
}

/** The policy set of archived bytes, for replay. Throws `store_corrupt` when they are not what was archived. */
export async function restorePolicySet(archive: Uint8Array, nowMs = 0): Promise<PolicySet> {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64')
  let parsed: z.infer<typeof Archive>
  try {
    parsed = Archive.parse(JSON.parse(gunzipSync(archive).toString('utf8')))
  } catch (cause) {
    throw new ServiceError('store_corrupt', 'an archived policy set cannot be read', {
      fix: 'restore the data directory from a backup',
      cause,
    })
  }
  return assemblePolicySet(
    {
      ...parsed,
      base: bytes(parsed.base),
      graduation: bytes(parsed.graduation),
      system: parsed.system === null ? undefined : bytes(parsed.system),
    },
    nowMs,
  )
}

/** Without undefined members, as JSON has it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

async function load(
  bytes: Uint8Array,
  name: string,
  options: { readonly print?: (line: string) => void; readonly allowBuiltins?: readonly string[] },
): Promise<LoadedBundle> {
  try {
    return await loadBundle(bytes, { name, ...options })
  } catch (error) {
    if (!(error instanceof BundleError)) throw error
    const file = readFrom.get(bytes)
    const place = file === undefined ? '' : ` ${file}`
    throw new ServiceError('bad_policy', `the ${name} bundle${place}: ${error.message}`, {
      place: { file },
      cause: error,
      fix: error.fix,
    })
  }
}

function requireEntrypoints(bundle: LoadedBundle, wanted: readonly string[]): void {
  const missing = wanted.find((entrypoint) => !bundle.policy.entrypoints.includes(entrypoint))
  if (missing === undefined) return
  throw new ServiceError(
    'bad_policy',
    `the ${bundle.name} bundle has no entrypoint "${missing}"; it has ${bundle.policy.entrypoints.join(', ')}`,
    {
      fix: 'annotate the rule with "entrypoint: true" and run "gradus build", or name another entrypoint in the configuration',
    },
  )
}

/** The chain and hard terms read the same matrix as the bundle: it is the bundle's own data. */
function matricesIn(graduation: LoadedBundle): PolicySet['matrices'] {
  const config = (graduation.data as { readonly graduation?: { readonly config?: { readonly matrix?: unknown } } } | null)
    ?.graduation?.config
  const parsed = Matrices.safeParse(config?.matrix)
  if (parsed.success) return parsed.data
  throw new ServiceError(
    'bad_policy',
    `the graduation bundle's matrix (data.graduation.config.matrix) is not usable: ${z.prettifyError(parsed.error)}`,
    {
      fix: 'give each consequence tier all five levels and four bands',
    },
  )
}

/** Which file bytes were read from, so that what is wrong with them can name it; bytes of an archive have none. */
const readFrom = new WeakMap<Uint8Array, string>()

async function bundleBytes(file: string): Promise<Uint8Array> {
  const bytes = await optional(file)
  if (bytes === undefined)
    throw new ServiceError('bad_policy', `the bundle ${file} is missing`, { place: { file }, fix: 'run "gradus build"' })
  return bytes
}

async function optional(file: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(file)
    readFrom.set(bytes, file)
    return bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ServiceError('io', `cannot read ${file}: ${(error as Error).message}`, { place: { file }, cause: error })
  }
}

async function filesIn(
  folder: string,
  endings: readonly string[],
): Promise<readonly { readonly file: string; readonly text: string }[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new ServiceError('io', `cannot read ${folder}: ${(error as Error).message}`, { place: { file: folder }, cause: error })
  })
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)) && !name.startsWith('.')).sort()
  return Promise.all(wanted.map(async (name) => ({ file: join(folder, name), text: await readFile(join(folder, name), 'utf8') })))
}

/** The catalogue of a folder: its YAML files as one. A tool, scope or agent stands in one file only. */
export async function readCatalogue(folder: string): Promise<CatalogueFile> {
  const files = await filesIn(folder, ['.yaml', '.yml'])
  const merged: {
    version: 1
    trust_scopes: CatalogueFile['trust_scopes']
    tools: CatalogueFile['tools']
    agents: CatalogueFile['agents']
  } = { version: 1, trust_scopes: {}, tools: {}, agents: {} }
  for (const { file, text } of files) {
    const part = parseYaml(file, text, CatalogueFile, 'bad_policy')
    for (const section of ['trust_scopes', 'tools', 'agents'] as const)
      for (const [name, entry] of Object.entries(part[section])) {
        if (Object.hasOwn(merged[section], name))
          throw new ServiceError('bad_policy', `${section}.${name} stands in two catalogue files`, {
            place: { file },
            fix: `remove it from ${basename(file)} or the other file`,
          })
        Object.assign(merged[section], { [name]: entry as unknown })
      }
  }
  catalogueOf(merged, folder)
  return merged
}

function catalogueOf(file: CatalogueFile, where: string): PolicySet['catalogue'] {
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
  const loading = loadRiskDocuments(await filesIn(folder, ['.json']))
  if (loading.ok) return loading.documents
  const [first] = loading.problems
  const all = loading.problems.map(
    ({ file, rule, pointer, message }) => `${file}${rule === null ? '' : ` rule "${rule}"`} ${pointer}: ${message}`,
  )
  throw new ServiceError('bad_policy', all.join('\n'), {
    place: { file: first?.file, line: first?.line ?? undefined, pointer: first?.pointer },
  })
}
