import { readFile } from 'node:fs/promises'

import { loadBundle } from './bundle.ts'
import { BundleError } from './error.ts'
import { findOpa, OPA_VERSION } from './opa-tool.ts'
import { readSources, sourcesDigest, type SourceFolder } from './sources.ts'

/** Whether the pinned compiler is here. */
export async function hasOpa(): Promise<boolean> {
  try {
    await findOpa()
    return true
  } catch (error) {
    if (isWithoutOpa(error)) return false
    throw error
  }
}

/** Whether work failed because the pinned compiler is not here. */
export function isWithoutOpa(error: unknown): boolean {
  return error instanceof BundleError && (error.code === 'tool_missing' || error.code === 'tool_version')
}

/**
 * The bytes of a bundle that was built from exactly these sources by the pinned compiler, by what its manifest says; undefined where
 * there is none. The manifest is the bundle's own word: it keeps a stale bundle out, not a forged one, which `gradus build` in CI shows.
 */
export async function builtBundle(sources: readonly SourceFolder[], file: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch(() => undefined)
  if (bytes === undefined) return undefined
  const { manifest, policy } = await loadBundle(bytes, { name: file })
  policy.close()
  const { opa } = (manifest.metadata['gradus'] ?? {}) as { readonly opa?: unknown }
  return opa === OPA_VERSION && manifest.revision === sourcesDigest(await readSources(sources), []) ? bytes : undefined
}
