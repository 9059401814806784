import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { BundleError } from './error.ts'
import { compareText } from './value.ts'

/**
 * A folder of Rego and data. Its `data.yaml` is mounted at the folder's own place below `mount` (`rbac` or `a/b`; the root of
 * `data` when absent), so that bundles of several folders keep their data apart.
 */
export type SourceFolder = { readonly dir: string; readonly mount?: string }

/** One file that goes into a bundle; `name` is its path in the bundle, `file` where it was read. */
export type SourceFile = { readonly name: string; readonly file: string; readonly bytes: Buffer }

const DATA_FILES = new Set(['data.json', 'data.yaml', 'data.yml', '.manifest'])

function belongs(entry: Dirent): boolean {
  if (!entry.isFile()) return false
  return (
    DATA_FILES.has(entry.name) ||
    (entry.name.endsWith('.rego') && !entry.name.endsWith('_test.rego') && !entry.name.startsWith('.'))
  )
}

async function listing(dir: string): Promise<Dirent[]> {
  try {
    return await readdir(dir, { recursive: true, withFileTypes: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BundleError('sources_missing', dir, `cannot be read: ${reason}`, 'Name a folder of Rego files.')
  }
}

/** The files that a bundle is made of, sorted by name: Rego without tests, data files, nothing hidden. Throws `BundleError`. */
export async function readSources(folders: readonly SourceFolder[]): Promise<readonly SourceFile[]> {
  const files = new Map<string, SourceFile>()
  for (const { dir, mount = '' } of folders) {
    for (const entry of await listing(dir)) {
      const file = join(entry.parentPath, entry.name)
      const inside = relative(dir, file).split(sep)
      if (!belongs(entry) || inside.slice(0, -1).some((segment) => segment.startsWith('.'))) continue
      const name = [...mount.split('/').filter((segment) => segment !== ''), ...inside].join('/')
      if (files.has(name))
        throw new BundleError('sources_missing', file, `is there twice as ${name}`, 'Give the folders different mounts.')
      files.set(name, { name, file, bytes: await readFile(file) })
    }
  }
  const sorted = [...files.values()].sort((a, b) => compareText(a.name, b.name))
  if (!sorted.some(({ name }) => name.endsWith('.rego'))) {
    const place = folders.map(({ dir }) => dir).join(', ')
    throw new BundleError('sources_missing', place, 'there is no Rego file (tests do not count)', 'Name a folder of Rego files.')
  }
  return sorted
}

/** SHA-256 (hex) of bytes or text. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** SHA-256 over names and contents of the sources and the entrypoints asked for: the revision of the bundle they make. */
export function sourcesDigest(sources: readonly SourceFile[], entrypoints: readonly string[]): string {
  const lines = sources.map(({ name, bytes }) => `${sha256(bytes)} ${name}`)
  return sha256(JSON.stringify({ files: lines, entrypoints: [...entrypoints].sort() }))
}
