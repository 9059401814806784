import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packReproducibly } from './archive.ts'
import { loadBundle, readBundleFiles } from './bundle.ts'
import { compilePolicy, requiredBuiltins, type PolicyOptions } from './compiled-policy.ts'
import { BundleError } from './error.ts'
import { OPA_VERSION, findOpa, runOpa } from './opa-tool.ts'
import { readSources, sha256, sourcesDigest, type SourceFile, type SourceFolder } from './sources.ts'
import { compareText, fromJson } from './value.ts'

/** What a bundle is built from. */
export type BuildOptions = {
  readonly sources: readonly SourceFolder[]
  /** Entrypoints besides those that METADATA annotations name. */
  readonly entrypoints?: readonly string[]
  /** Instead of the digest of the sources. */
  readonly revision?: string
  /** File to write; nothing is written when absent. */
  readonly out?: string
  /** The `opa` binary. */
  readonly opa?: string
  /** How the finished bundle is tried out; a missing built-in fails the build. */
  readonly policy?: PolicyOptions
  /** Throws where the data of the finished bundle cannot be used; then nothing is written. */
  readonly inspect?: (data: unknown) => void
}

/** A built bundle. */
export type BuiltBundle = {
  readonly bytes: Buffer
  /** SHA-256 (hex) of `bytes`. */
  readonly digest: string
  readonly revision: string
  /** SHA-256 (hex) over module and data. */
  readonly policyDigest: string
  readonly entrypoints: readonly string[]
}

/** Part of the cache key: rises when this file makes other bytes of the same sources. */
const FORMAT = 1

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'gradus-build-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes a file so that a reader sees all of it or none. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  await writeFile(temporary, bytes)
  await rename(temporary, file)
}

/** Compiler messages name staged files; readers want the files they wrote. */
function withOriginalNames(message: string, sources: readonly SourceFile[]): string {
  const longestFirst = [...sources].sort((a, b) => b.name.length - a.name.length)
  return message.replace(/[^\s:]+\.(?:rego|json|ya?ml)(?=[:\s]|$)/g, (found) => {
    const name = found.replace(/^(?:\.?\/)+/, '')
    return longestFirst.find((source) => source.name === name)?.file ?? found
  })
}

/** Compiles staged copies under their bundle names, so that no path of this machine reaches the module. */
async function compile(
  sources: readonly SourceFile[],
  entrypoints: readonly string[],
  opa: string,
): Promise<Map<string, Buffer>> {
  return inTemporaryFolder(async (folder) => {
    for (const { name, bytes } of sources) {
      const file = join(folder, 'sources', name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, bytes)
    }
    const out = join(folder, 'bundle.tar.gz')
    const flags = ['-t', 'wasm', '--prune-unused', '--wasm-include-print', ...entrypoints.flatMap((name) => ['-e', name])]
    const { code, stderr, stdout } = await runOpa(opa, ['build', ...flags, '-b', '.', '-o', out], join(folder, 'sources'))
    if (code !== 0) {
      const message = withOriginalNames((stderr || stdout).trim(), sources)
      const place = sources.find(({ file }) => message.includes(file))?.file ?? sources[0]?.file ?? 'opa build'
      const fix = /entrypoint/.test(message)
        ? 'Mark a rule with a METADATA comment `# entrypoint: true`, or name an entrypoint.'
        : 'Correct the Rego at the place named.'
      throw new BundleError('build_failed', place, message, fix)
    }
    return readBundleFiles(await readFile(out), { name: 'opa build' })
  })
}

const CALL = /(?<![\w.])([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*)\s*\(/g

/** For each built-in that the module asks of the host, the source files that call it. */
function builtinUsers(wasmBytes: Uint8Array, sources: readonly SourceFile[]): Record<string, readonly string[]> {
  const calls = sources
    .filter(({ name }) => name.endsWith('.rego'))
    .map(({ name, bytes }) => ({ name, called: new Set([...bytes.toString('utf8').matchAll(CALL)].map((match) => match[1])) }))
  const users = (builtin: string): readonly string[] => calls.filter(({ called }) => called.has(builtin)).map(({ name }) => name)
  return Object.fromEntries([...requiredBuiltins(wasmBytes)].sort().map((builtin) => [builtin, users(builtin)]))
}

function manifestFile(files: ReadonlyMap<string, Buffer>, revision: string, sources: readonly SourceFile[]): Buffer {
  const manifest = JSON.parse(files.get('.manifest')?.toString('utf8') ?? '{}') as Record<string, unknown>
  const builtins = builtinUsers(files.get('policy.wasm') ?? new Uint8Array(), sources)
  const metadata = { ...(manifest['metadata'] as object | undefined), gradus: { builtins, opa: OPA_VERSION } }
  const entries = Object.entries({ ...manifest, revision, metadata }).sort((a, b) => compareText(a[0], b[0]))
  return Buffer.from(`${JSON.stringify(Object.fromEntries(entries))}\n`)
}

async function buildFrom(sources: readonly SourceFile[], options: BuildOptions): Promise<BuiltBundle> {
  const entrypoints = options.entrypoints ?? []
  const files = await compile(sources, entrypoints, await findOpa(options.opa))
  const revision = options.revision ?? sourcesDigest(sources, entrypoints)
  files.set('.manifest', manifestFile(files, revision, sources))
  const bytes = await packReproducibly(files)
  const { policy, data } = await loadBundle(bytes, { ...options.policy, name: options.out ?? 'bundle' })
  policy.close()
  options.inspect?.(data)
  return { bytes, digest: sha256(bytes), revision, policyDigest: policy.digest, entrypoints: policy.entrypoints }
}

/**
 * Compiles folders of Rego into a bundle: the same sources give the same bytes on every machine. Tests are left out; the
 * bundle is loaded once, so a built-in that the host does not have fails here. Throws `BundleError`.
 */
export async function buildBundle(options: BuildOptions): Promise<BuiltBundle> {
  const built = await buildFrom(await readSources(options.sources), options)
  if (options.out !== undefined) await writeWhole(options.out, built.bytes)
  return built
}

/** `package a.b["c-d"]` as the path that entrypoints are named by. */
function packagePath(rego: string): string | undefined {
  const [, path] = /^package\s+([^#\s]+)/m.exec(rego) ?? []
  return path?.replaceAll(/\["([^"]*)"\]/g, '.$1').replaceAll('.', '/')
}

/**
 * The built-ins that rules of these sources call and that the host refuses or does not have, whichever rule is asked; sorted. Throws `BundleError`
 * (`build_failed`) where the sources do not compile.
 */
export async function lackingBuiltins(
  sources: readonly SourceFile[],
  opa: string,
  policy: PolicyOptions,
): Promise<readonly string[]> {
  const rego = sources.filter(({ name }) => name.endsWith('.rego')).map(({ bytes }) => packagePath(bytes.toString('utf8')))
  const packages = [...new Set(rego.filter((path) => path !== undefined))].sort()
  const wasmBytes = (await compile(sources, packages, opa)).get('policy.wasm') ?? new Uint8Array()
  const required = requiredBuiltins(wasmBytes)
  try {
    compilePolicy({ place: 'policy.wasm', wasmBytes, data: fromJson({}), usersOf: () => [] }, policy).close()
    return []
  } catch (error) {
    if (!(error instanceof BundleError) || !/^builtin_/.test(error.code)) throw error
    const named = new Set(error.message.split(/[\s,;]+/))
    return required.filter((name) => named.has(name)).sort()
  }
}

/** The cached file for a key whose content still has the digest in its name. */
async function cachedFile(cacheDir: string, key: string): Promise<Buffer | undefined> {
  const names = await readdir(cacheDir).catch(() => [])
  for (const name of names.filter((candidate) => candidate.startsWith(`${key}.`) && candidate.endsWith('.tar.gz'))) {
    const bytes = await readFile(join(cacheDir, name)).catch(() => undefined)
    if (bytes !== undefined && name === `${key}.${sha256(bytes)}.tar.gz`) return bytes
  }
  return undefined
}

/**
 * Like `buildBundle`, but compiles only when no bundle of exactly these contents, entrypoints and compiler is in the cache
 * folder. The sources are read once, hashed and compiled from that copy, so a bundle is never stale; a damaged cache file is
 * not used.
 */
export async function cachedBuild(options: BuildOptions, cacheDir: string): Promise<BuiltBundle & { readonly cached: boolean }> {
  const sources = await readSources(options.sources)
  const content = sourcesDigest(sources, options.entrypoints ?? [])
  const key = sha256(JSON.stringify([FORMAT, OPA_VERSION, content, options.revision ?? '']))
  const bytes = await cachedFile(cacheDir, key)
  if (bytes === undefined) {
    const built = await buildFrom(sources, options)
    await writeWhole(join(cacheDir, `${key}.${built.digest}.tar.gz`), built.bytes)
    if (options.out !== undefined) await writeWhole(options.out, built.bytes)
    return { ...built, cached: false }
  }
  const { manifest, policy } = await loadBundle(bytes, { ...options.policy, name: options.out ?? 'bundle' })
  policy.close()
  if (options.out !== undefined) await writeWhole(options.out, bytes)
  const { revision, entrypoints } = manifest
  return { bytes, digest: sha256(bytes), revision, policyDigest: policy.digest, entrypoints, cached: true }
}
