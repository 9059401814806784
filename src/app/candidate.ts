import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

import { parse } from 'yaml'
import { z } from 'zod'

import type { ConfigFile } from '../config/load-config.ts'
import { ServiceError } from '../format/error.ts'
import { byCodeUnit } from '../format/order.ts'
import { readFileText } from '../format/read-text.ts'
import { parseYaml } from '../format/yaml.ts'
import { NAME_CHARS_MAX } from '../model/ceiling.ts'
import { Matrix } from '../pdp/matrix-schema.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { assemblePolicySet, type PolicySetParts, readCatalogue, readPolicyParts, readRisk } from '../rego/assemble-policy-set.ts'
import { cachedBuild } from '../rego/build.ts'
import { otherChanges, withMatrix } from '../rego/deviating-matrix.ts'
import { loadRiskDocuments } from '../risk/load-documents.ts'
import type { RiskDocument } from '../risk/rule-document.ts'
import { type TrustConstants, TrustConstantsOverride } from '../trust/constants.ts'
import { resolveTrustConstants } from '../trust/default-constants.ts'
import { asPolicyError, cacheDir, PACKAGES, policySetPlace, trialPolicy } from './policy-sources.ts'

/** Files that a candidate takes instead of what the configuration names; absolute paths. */
export type CandidateFiles = {
  /** A folder laid out as `policies/`; what it does not have stays as it is. */
  readonly policies?: string | undefined
  /** One risk document, which takes the place of the one with its id; or a folder, which takes the place of all. */
  readonly rules?: string | undefined
  /** Matrices by consequence tier, bare, below `matrix`, or in the shape of the graduation policy's data file. */
  readonly matrix?: string | undefined
  /** What `trust.constants` of a configuration may say. */
  readonly trustConstants?: string | undefined
}

/** A policy set that is not in force, and what in it is not as configured. */
export type Candidate = { readonly policySet: PolicySet; readonly changed: readonly string[] }

type Step = { readonly parts: PolicySetParts; readonly changed: readonly string[] }

/** The configuration's policy set with the candidate's parts in it. Throws a `ServiceError` naming the file, the place and the fix. */
export async function candidatePolicySet(loaded: ConfigFile, files: CandidateFiles, nowMs: number): Promise<Candidate> {
  const changed: string[] = []
  let parts = await readPolicyParts(policySetPlace(loaded))
  const apply = (step: Step): void => {
    parts = step.parts
    changed.push(...step.changed)
  }
  if (files.policies !== undefined) apply(await withPolicies(parts, files.policies, loaded))
  if (files.rules !== undefined) apply(await withRules(parts, files.rules))
  if (files.matrix !== undefined) apply(await withMatrixFile(parts, files.matrix))
  if (files.trustConstants !== undefined)
    apply({
      parts: { ...parts, constants: await readConstants(files.trustConstants, loaded) },
      changed: [`trust constants of ${basename(files.trustConstants)}`],
    })
  return { policySet: await assemblePolicySet(parts, nowMs), changed }
}

async function withPolicies(parts: PolicySetParts, dir: string, { config }: ConfigFile): Promise<Step> {
  const has = (name: string): boolean => existsSync(join(dir, name))
  const bundles = PACKAGES.filter(({ name }) => has(name) && !(name === 'rbac' && config.base.bundle !== undefined))
  const compiled = new Map<string, Uint8Array>()
  for (const { name } of bundles) {
    const sources = [{ dir: join(dir, name), mount: name }]
    const build = () => cachedBuild({ sources, ...trialPolicy(name, config.base.allow_builtins) }, cacheDir())
    compiled.set(name, (await asPolicyError(build)).bytes)
  }
  const changed = [...bundles.map(({ name }) => name), ...['risk', 'catalogue'].filter(has)]
  if (changed.length === 0)
    throw new ServiceError('bad_policy', 'there is no policy in it', {
      place: { file: dir },
      fix: `name a folder with ${[...PACKAGES.map(({ name }) => name), 'risk', 'catalogue'].join(', ')} in it`,
    })
  return {
    parts: {
      ...parts,
      base: compiled.get('rbac') ?? parts.base,
      graduation: compiled.get('graduation') ?? parts.graduation,
      system: compiled.get('system') ?? parts.system,
      risk: has('risk') ? await readRisk(join(dir, 'risk')) : parts.risk,
      catalogue: has('catalogue') ? await readCatalogue(join(dir, 'catalogue')) : parts.catalogue,
    },
    changed: changed.map((name) => `${name} of ${basename(dir)}`),
  }
}

async function withRules(parts: PolicySetParts, file: string): Promise<Step> {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    return { parts: { ...parts, risk: await readRisk(file) }, changed: [`all risk documents, by ${basename(file)}`] }
  const document = await readRiskFile(file)
  const replaced = parts.risk.find(({ id }) => id === document.id)
  const risk = [...parts.risk.filter(({ id }) => id !== document.id), document].sort((a, b) => byCodeUnit(a.id, b.id))
  const name = `risk document ${document.id} ${document.version}`
  return {
    parts: { ...parts, risk },
    changed: [replaced === undefined ? `${name}, new` : `${name} instead of ${replaced.version}`],
  }
}

async function readRiskFile(file: string): Promise<RiskDocument> {
  const loading = loadRiskDocuments([{ file, text: await readFileText(file) }])
  if (loading.ok && loading.documents[0] !== undefined) return loading.documents[0]
  const [first] = loading.ok ? [] : loading.problems
  throw new ServiceError('bad_policy', `${first?.pointer ?? ''}: ${first?.message ?? 'is not a risk document'}`, {
    place: { file, line: first?.line ?? undefined, pointer: first?.pointer },
    fix: 'see schemas/ for the shape of a risk document',
  })
}

const Tiers = z
  .record(z.string().min(1).max(NAME_CHARS_MAX), Matrix)
  .refine((tiers) => Object.keys(tiers).length > 0, 'there is no consequence tier in it')
const MatrixShapes = {
  data: z.strictObject({ config: z.looseObject({ matrix: Tiers }) }),
  member: z.strictObject({ matrix: Tiers }),
} as const

async function withMatrixFile(parts: PolicySetParts, file: string): Promise<Step> {
  const text = await readFileText(file)
  const tiers = await readTiers(parts, file, text)
  return {
    parts: { ...parts, graduation: await asPolicyError(() => withMatrix(parts.graduation, tiers)) },
    changed: [`matrix of ${Object.keys(tiers).sort().join(', ')}`],
  }
}

async function readTiers(parts: PolicySetParts, file: string, text: string): Promise<z.infer<typeof Tiers>> {
  const has = (name: string): boolean => {
    const value: unknown = rawYaml(text)
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  }
  if (has('matrix')) return parseYaml(file, text, MatrixShapes.member, 'bad_policy').matrix
  if (!has('config')) return parseYaml(file, text, Tiers, 'bad_policy')
  const { config } = parseYaml(file, text, MatrixShapes.data, 'bad_policy')
  const others = await asPolicyError(() => otherChanges(parts.graduation, config))
  if (others.length === 0) return config.matrix
  throw new ServiceError('bad_policy', `it changes more than the matrix: ${others.join(', ')}`, {
    place: { file },
    fix: 'name the whole policy with --policies, or leave only the matrix in the file',
  })
}

/** Only to see which shape a file has; what is wrong in it is told by its schema. */
function rawYaml(text: string): unknown {
  try {
    return parse(text) as unknown
  } catch {
    return undefined
  }
}

async function readConstants(file: string, { config }: ConfigFile): Promise<TrustConstants> {
  const override = parseYaml(file, await readFileText(file), TrustConstantsOverride, 'bad_policy')
  try {
    return resolveTrustConstants(override, config.trust.live_layers)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const [issue] = error.issues
    throw new ServiceError('bad_policy', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not hold'}`, {
      place: { file },
      fix: 'see docs/trust-model.md for what holds between the constants',
      cause: error,
    })
  }
}
