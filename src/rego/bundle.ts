import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { z } from 'zod'
import { compilePolicy, type PolicyOptions } from './compiled-policy.ts'
import { BundleError } from './error.ts'
import type { Policy } from './policy.ts'
import { parseJsonExactly } from './value-parser.ts'
import { RegoObject, fromJson, printValue, toJson, type RegoValue } from './value.ts'
import { parseYamlData } from './yaml-data.ts'

/** Most bytes of a bundle once unpacked. */
export const BUNDLE_BYTES_MAX = 256 * 1024 * 1024
/** Most bytes of one file of a bundle. */
export const BUNDLE_FILE_BYTES_MAX = 64 * 1024 * 1024
/** Most files of a bundle. */
export const BUNDLE_FILES_MAX = 10_000

/** Limits on what an archive may unpack to. */
export type BundleLimits = { readonly bundleBytesMax?: number; readonly fileBytesMax?: number; readonly filesMax?: number }

/** How a bundle is loaded; `name` is the one that messages use. */
export type BundleOptions = PolicyOptions & BundleLimits & { readonly name: string }

/** A bundle's manifest as the host uses it. */
export type BundleManifest = {
  readonly revision: string
  readonly roots: readonly string[]
  readonly entrypoints: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A bundle whose policy is ready to be asked. */
export type LoadedBundle = {
  readonly name: string
  readonly manifest: BundleManifest
  /** The data document as plain JSON. */
  readonly data: unknown
  /** Rego files left in the bundle (rules that became entrypoints are pruned out by the compiler), by path. */
  readonly rego: readonly { readonly file: string; readonly text: string }[]
  readonly policy: Policy
}

const manifestSchema = z.looseObject({
  revision: z.string().default(''),
  roots: z.array(z.string()).default(['']),
  wasm: z.array(z.looseObject({ entrypoint: z.string(), module: z.string() })).default([]),
  metadata: z.record(z.string(), z.unknown()).default({}),
})
type Manifest = z.infer<typeof manifestSchema>

const builtinUsersSchema = z.object({ builtins: z.record(z.string(), z.array(z.string())) })

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function unzip(bytes: Uint8Array, name: string, bytesMax: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: bytesMax })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new BundleError(
        'bundle_too_large',
        name,
        `unpacks to more than ${bytesMax} bytes`,
        'Make the bundle smaller or raise the limit.',
      )
    }
    throw new BundleError(
      'bundle_unreadable',
      name,
      `not a gzip file: ${messageOf(error)}`,
      'Build or download the bundle again.',
    )
  }
}

/** The path of an archive entry without leading `/` or `./`; refuses what could leave the bundle. */
function entryPath(bundle: string, header: Header): string {
  const path = header.name.replace(/^(?:\.?\/)+/, '')
  const place = `${bundle} ${JSON.stringify(header.name)}`
  if (header.type !== 'file' && header.type !== 'contiguous-file') {
    throw new BundleError('bundle_path', place, `is a ${header.type}`, 'A bundle holds plain files and directories only.')
  }
  if (
    path === '' ||
    /[\\\0]/.test(path) ||
    path.split('/').some((segment) => segment === '..' || segment === '.' || segment === '')
  ) {
    throw new BundleError('bundle_path', place, 'is not a path inside the bundle', 'Pack the files with plain relative paths.')
  }
  return path
}

/** The files of a `bundle.tar.gz` by path, in archive order; throws `BundleError`. */
export async function readBundleFiles(
  bytes: Uint8Array,
  options: BundleLimits & { readonly name: string },
): Promise<Map<string, Buffer>> {
  const { name, bundleBytesMax = BUNDLE_BYTES_MAX, fileBytesMax = BUNDLE_FILE_BYTES_MAX, filesMax = BUNDLE_FILES_MAX } = options
  const files = new Map<string, Buffer>()
  const archive = extract()
  Readable.from([await unzip(bytes, name, bundleBytesMax)]).pipe(archive)
  try {
    for await (const entry of archive) {
      if (entry.header.type === 'directory') {
        entry.resume()
        continue
      }
      const path = entryPath(name, entry.header)
      const place = `${name} ${path}`
      if (entry.header.size > fileBytesMax) {
        throw new BundleError(
          'bundle_too_large',
          place,
          `has more than ${fileBytesMax} bytes`,
          'Make the file smaller or raise the limit.',
        )
      }
      if (files.size >= filesMax) {
        throw new BundleError(
          'bundle_too_large',
          name,
          `holds more than ${filesMax} files`,
          'Make the bundle smaller or raise the limit.',
        )
      }
      if (files.has(path)) throw new BundleError('bundle_duplicate', place, 'is there twice', 'Pack every file once.')
      files.set(path, await buffer(entry))
    }
  } catch (error) {
    if (error instanceof BundleError) throw error
    throw new BundleError(
      'bundle_unreadable',
      name,
      `not a tar archive: ${messageOf(error)}`,
      'Build or download the bundle again.',
    )
  }
  return files
}

function utf8(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new BundleError('bundle_unreadable', place, 'is not UTF-8', 'Save the file as UTF-8.')
  }
}

function readManifest(files: ReadonlyMap<string, Buffer>, name: string): Manifest {
  const place = `${name} .manifest`
  const bytes = files.get('.manifest')
  if (bytes === undefined) return manifestSchema.parse({})
  let json: unknown
  try {
    json = JSON.parse(utf8(bytes, place))
  } catch (error) {
    if (error instanceof BundleError) throw error
    throw new BundleError('manifest_invalid', place, `is not JSON: ${messageOf(error)}`, 'Build the bundle again.')
  }
  const manifest = manifestSchema.safeParse(json)
  if (manifest.success) return manifest.data
  throw new BundleError(
    'manifest_invalid',
    place,
    z.prettifyError(manifest.error),
    'Correct the manifest or build the bundle again.',
  )
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

function underRoots(path: readonly string[], roots: readonly string[]): boolean {
  return roots.some((root) => {
    const segments = root.split('/').filter((segment) => segment !== '')
    return segments.every((segment, i) => path[i] === segment)
  })
}

/** Paths of data outside the manifest's roots: the bundle must own everything it brings. */
function assertRoots(data: RegoValue, path: readonly string[], manifest: Manifest, name: string): void {
  if (underRoots(path, manifest.roots)) return
  const within = manifest.roots.some((root) => root.startsWith(path.length === 0 ? '' : `${path.join('/')}/`))
  if (!within || !(data instanceof RegoObject)) {
    const roots = manifest.roots.join(', ')
    throw new BundleError(
      'manifest_invalid',
      `${name} .manifest`,
      `data ${path.join('/')} is outside the roots (${roots})`,
      'Add the root.',
    )
  }
  for (const [key, item] of data.entries)
    assertRoots(item, [...path, typeof key === 'string' ? key : printValue(key)], manifest, name)
}

function builtinUsers(manifest: Manifest, rego: LoadedBundle['rego']): (builtin: string) => readonly string[] {
  const recorded = builtinUsersSchema.safeParse(manifest.metadata['gradus'])
  return (builtin) => {
    const named = recorded.success ? recorded.data.builtins[builtin] : undefined
    return named ?? rego.filter(({ text }) => text.includes(builtin)).map(({ file }) => file)
  }
}

function assertEntrypoints(manifest: Manifest, policy: Policy, name: string): void {
  for (const { entrypoint, module } of manifest.wasm) {
    if (module.replace(/^\//, '') !== 'policy.wasm') {
      throw new BundleError(
        'manifest_invalid',
        `${name} .manifest`,
        `names the module ${module}`,
        'Build one policy.wasm for all entrypoints.',
      )
    }
    if (policy.entrypoints.includes(entrypoint)) continue
    const message = `names the entrypoint ${entrypoint}, which policy.wasm does not have`
    throw new BundleError('manifest_invalid', `${name} .manifest`, message, 'Build the bundle again.')
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
  return { name, manifest: { revision, roots, metadata, entrypoints: policy.entrypoints }, data: toJson(data), rego, policy }
}
