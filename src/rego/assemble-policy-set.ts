import { gunzipSync, gzipSync } from 'node:zlib'

import { z } from 'zod'

import { CatalogueFile } from '../catalogue/catalogue-file.ts'
import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import { invariant, ServiceError } from '../format/error.ts'
import { Matrices } from '../pdp/matrix-schema.ts'
import type { PolicySet, PolicySettings } from '../policy/policy-set.ts'
import { RiskDocument } from '../risk/rule-document.ts'
import { compileRiskRules } from '../risk/rules.ts'
import { TrustConstants } from '../trust/constants.ts'
import { loadBundle, type LoadedBundle } from './bundle.ts'
import { requirePerformers } from './duty-performers.ts'
import { BundleError } from './error.ts'
import { catalogueOf, fileOf, type PolicySetParts } from './policy-parts.ts'

export {
  readCatalogue,
  readPolicyParts,
  readRisk,
  settingsOf,
  type CompiledBundles,
  type PolicySetParts,
  type PolicySetPlace,
} from './policy-parts.ts'

/** Version of the archive format. */
const ARCHIVE_FORMAT = 1
/** An archived policy set unpacked, bytes at most; a greater one is refused rather than unpacked. */
const ARCHIVE_BYTES_MAX = 268_435_456
/** The graduation bundle's one entrypoint. */
const GRADUATION_ENTRYPOINT = 'graduation/ceilings'

/** Compiles the parts into a policy set that decides. Nothing is in force yet. Throws `bad_policy`, also where a duty has no performer. */
export async function assemblePolicySet(
  parts: PolicySetParts,
  nowMs: number,
  print?: (line: string) => void,
): Promise<PolicySet> {
  return compiledSet(parts, nowMs, {
    print,
    inspect: ({ name, data }) => {
      if (name === 'graduation') requirePerformers(data, fileOf(parts.graduation))
    },
  })
}

/** A policy set and the two bundles that decide in it. */
type WithBundles = { readonly policySet: PolicySet; readonly base: LoadedBundle; readonly graduation: LoadedBundle }

/** Like `assemblePolicySet`, with the bundles of base and graduation beside the set. */
export async function assembleWithBundles(parts: PolicySetParts, nowMs: number): Promise<WithBundles> {
  const opened = new Map<string, LoadedBundle>()
  const policySet = await compiledSet(parts, nowMs, { inspect: (bundle) => void opened.set(bundle.name, bundle) })
  const [base, graduation] = [opened.get('base'), opened.get('graduation')]
  invariant(base !== undefined && graduation !== undefined, 'a policy set has a base and a graduation')
  graduationParts(graduation.data, fileOf(parts.graduation))
  return { policySet, base, graduation }
}

/** What a policy set reads of the graduation's data itself. Throws `bad_policy` where a set would not be loaded with it; `file`: where the data is from. */
export function graduationParts(data: unknown, file?: string): PolicySet['matrices'] {
  requirePerformers(data, file)
  return matricesIn(data)
}

/** How a set is compiled. `inspect`: what is asked of each bundle beyond what it takes to decide. */
type Compiling = { readonly print?: ((line: string) => void) | undefined; readonly inspect: (bundle: LoadedBundle) => void }

async function compiledSet(parts: PolicySetParts, nowMs: number, { print, inspect }: Compiling): Promise<PolicySet> {
  const opened: LoadedBundle[] = []
  try {
    return await assembled(parts, nowMs, async (bytes, name, options = {}) => {
      const bundle = await load(bytes, name, print === undefined ? options : { ...options, print })
      opened.push(bundle)
      inspect(bundle)
      return bundle
    })
  } catch (error) {
    for (const { policy } of opened) policy.close()
    throw error
  }
}

type Load = (bytes: Uint8Array, name: string, options?: { readonly allowBuiltins?: readonly string[] }) => Promise<LoadedBundle>

async function assembled(parts: PolicySetParts, nowMs: number, open: Load): Promise<PolicySet> {
  const base = await open(parts.base, 'base', { allowBuiltins: parts.settings.base.allow_builtins })
  const graduation = await open(parts.graduation, 'graduation')
  const system = parts.system === undefined ? undefined : await open(parts.system, 'system')
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
  const catalogue = catalogueOf(parts.catalogue, 'the catalogue')
  return {
    digest: sha256Hex(canonicalJson(plain(identity))),
    archive: archiveOf(parts),
    base: base.policy,
    graduation: graduation.policy,
    mask: system?.policy,
    catalogue,
    risk: compileRiskRules(parts.risk, undefined, catalogue.riskBands),
    matrices: matricesIn(graduation.data),
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
  // What decided once has to decide again: what is asked of a new set is not asked of an old one.
  return compiledSet(
    {
      ...parsed,
      base: bytes(parsed.base),
      graduation: bytes(parsed.graduation),
      system: parsed.system === null ? undefined : bytes(parsed.system),
    },
    nowMs,
    { inspect: () => undefined },
  )
}

/** The digest of archived bytes; undefined where they are no archive. Nothing is compiled. */
export function archiveDigest(archive: Uint8Array): string | undefined {
  try {
    const text = gunzipSync(archive, { maxOutputLength: ARCHIVE_BYTES_MAX }).toString('utf8')
    const { catalogue, risk, constants, settings, ...parts } = JSON.parse(text) as Readonly<Record<string, unknown>>
    const digestOf = (name: string): string => sha256Hex(Buffer.from(base64.parse(parts[name]), 'base64'))
    const system = parts['system'] === null ? null : digestOf('system')
    const bundles = { base: digestOf('base'), graduation: digestOf('graduation'), system }
    return sha256Hex(canonicalJson({ ...bundles, catalogue, risk, constants, settings }))
  } catch {
    return undefined
  }
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
    const file = fileOf(bytes)
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
function matricesIn(data: unknown): PolicySet['matrices'] {
  const config = (data as { readonly graduation?: { readonly config?: { readonly matrix?: unknown } } } | null)?.graduation
    ?.config
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
