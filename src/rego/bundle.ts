import type { Policy } from '../policy/policy.ts'
import { type BundleLimits, messageOf, readBundleFiles, utf8 } from './bundle-files.ts'
import { assertEntrypoints, assertRoots, builtinUsers, type BundleManifest, readManifest } from './bundle-manifest.ts'
import { compilePolicy, type PolicyOptions } from './compiled-policy.ts'
import { BundleError } from './error.ts'
import { parseJsonExactly } from './value-parser.ts'
import { fromJson, printValue, RegoObject, type RegoValue, toJson } from './value.ts'
import { parseYamlData } from './yaml-data.ts'

export { readBundleFiles } from './bundle-files.ts'

/** How a bundle is loaded; `name` is the one that messages use. */
export type BundleOptions = PolicyOptions & BundleLimits & { readonly name: string }

/** A bundle whose policy is ready to be asked. */
export type LoadedBundle = {
  readonly name: string
  readonly manifest: BundleManifest
  /** The data document as plain JSON. */
  readonly data: unknown
  /** Rego files left in the bundle (rules that became entrypoints are pruned out by the compiler), by path. */
  readonly rego: readonly { readonly file: string; readonly text: string }[]
  readonly policy: Policy
  /** The same compiled policy on another data document. Throws `BundleError` where it does not start. */
  readonly withData: (data: unknown) => Policy
}

/** Merges a document into the data at a path; two values for one path are an error, as in OPA. */
function merge(into: RegoValue | undefined, value: RegoValue, path: string, place: string): RegoValue {
  if (into === undefined) return value
  if (!(into instanceof RegoObject) || !(value instanceof RegoObject)) {
    throw new BundleError('data_invalid', place, `defines data${path} a second time`, 'Keep each data path in one file.')
  }
  const merged = new Map<RegoValue, RegoValue>(into.entries)
  for (const [key, item] of value.entries) merged.set(key, merge(merged.get(key), item, `.${printValue(key)}`, place))
  return new RegoObject([...merged])
}

function readData(files: ReadonlyMap<string, Buffer>, name: string): RegoObject {
  let data: RegoValue = new RegoObject([])
  for (const [path, bytes] of files) {
    const base = path.slice(path.lastIndexOf('/') + 1)
    if (base !== 'data.json' && base !== 'data.yaml' && base !== 'data.yml') continue
    const place = `${name} ${path}`
    const mounted = path
      .split('/')
      .slice(0, -1)
      .reduceRight<RegoValue>((inner, key) => new RegoObject([[key, inner]]), readDataFile(base, utf8(bytes, place), place))
    if (!(mounted instanceof RegoObject)) {
      throw new BundleError('data_invalid', place, 'is not an object', 'The root of the data must be an object.')
    }
    data = merge(data, mounted, '', place)
  }
  return data as RegoObject
}

function readDataFile(base: string, text: string, place: string): RegoValue {
  try {
    if (base === 'data.json') return parseJsonExactly(text)
    return fromJson(parseYamlData(text))
  } catch (error) {
    throw new BundleError('data_invalid', place, `cannot be read: ${messageOf(error)}`, 'Correct the file.')
  }
}

/**
 * Loads an OPA bundle (`opa build -t wasm`, or one that `gradus build` made). Everything that could fail later fails here:
 * archive, data, manifest, module, missing or refused built-ins. Throws `BundleError`.
 */
export async function loadBundle(bytes: Uint8Array, options: BundleOptions): Promise<LoadedBundle> {
  const { name } = options
  const files = await readBundleFiles(bytes, options)
  const manifest = readManifest(files, name)
  const data = readData(files, name)
  assertRoots(data, [], manifest, name)
  const wasmBytes = files.get('policy.wasm')
  if (wasmBytes === undefined) {
    throw new BundleError(
      'policy_missing',
      `${name} policy.wasm`,
      'is not in the bundle',
      'Build it with `gradus build` or `opa build -t wasm`.',
    )
  }
  const rego = [...files]
    .filter(([file]) => file.endsWith('.rego'))
    .map(([file, text]) => ({ file, text: utf8(text, `${name} ${file}`) }))
  const source = { place: `${name} policy.wasm`, wasmBytes, data, usersOf: builtinUsers(manifest, rego) }
  const policy = compilePolicy(source, options)
  assertEntrypoints(manifest, policy, name)
  const { revision, roots, metadata } = manifest
  return {
    name,
    manifest: { revision, roots, metadata, entrypoints: policy.entrypoints },
    data: toJson(data),
    rego,
    policy,
    withData: (other) => policy.withData(fromJson(other)),
  }
}

/**
 * The revision of a bundle that `gradus build` made, which is the digest of its sources; undefined for a bundle that was made otherwise. Throws
 * `BundleError`.
 */
export async function builtRevision(bytes: Uint8Array, name: string): Promise<string | undefined> {
  const { revision, metadata } = readManifest(await readBundleFiles(bytes, { name }), name)
  return metadata['gradus'] === undefined ? undefined : revision
}
