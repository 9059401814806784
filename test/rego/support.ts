import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { buildBundle, type BuildOptions } from '../../src/rego/build.ts'
import { loadBundle, type BundleOptions, type LoadedBundle } from '../../src/rego/bundle.ts'
import { findOpa } from '../../src/rego/opa-tool.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A temporary folder with these files; removed when the test file is done. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-rego-test-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Files with the names `policy.rego` when only text is given. */
function filesOf(source: string | Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return typeof source === 'string' ? { 'policy.rego': source } : source
}

/** The bytes of a bundle of these Rego files. */
export async function bundleOf(
  source: string | Readonly<Record<string, string>>,
  entrypoints: readonly string[],
  options: Partial<BuildOptions> = {},
): Promise<Buffer> {
  return (await buildBundle({ sources: [{ dir: folderOf(filesOf(source)) }], entrypoints, ...options })).bytes
}

/** Builds and loads Rego. */
export async function load(
  source: string | Readonly<Record<string, string>>,
  entrypoints: readonly string[],
  options: Partial<BundleOptions> = {},
): Promise<LoadedBundle> {
  return loadBundle(await bundleOf(source, entrypoints, { policy: options }), { name: 'test', ...options })
}

/** What native `opa eval` says of a query: the values of its first expression, none when undefined. */
export async function opaEval(
  source: string | Readonly<Record<string, string>>,
  query: string,
  input?: unknown,
): Promise<readonly unknown[]> {
  const dir = folderOf(filesOf(source))
  const withInput = input === undefined ? [] : ['--stdin-input']
  const out = execFileSync(await findOpa(), ['eval', '--format', 'json', ...withInput, '-b', dir, query], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...(input === undefined ? {} : { input: JSON.stringify(input) }),
  })
  const { result = [] } = JSON.parse(out) as { result?: { expressions: { value: unknown }[] }[] }
  return result.map(({ expressions }) => expressions[0]?.value)
}
