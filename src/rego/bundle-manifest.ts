import { z } from 'zod'
import { messageOf, utf8 } from './bundle-files.ts'
import { BundleError } from './error.ts'
import type { Policy } from '../policy/policy.ts'
import { RegoObject, printValue, type RegoValue } from './value.ts'

/** A bundle's manifest as the host uses it. */
export type BundleManifest = {
  readonly revision: string
  readonly roots: readonly string[]
  readonly entrypoints: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
}

const manifestSchema = z.looseObject({
  revision: z.string().default(''),
  roots: z.array(z.string()).default(['']),
  wasm: z.array(z.looseObject({ entrypoint: z.string(), module: z.string() })).default([]),
  metadata: z.record(z.string(), z.unknown()).default({}),
})
/** A manifest as its file has it. */
export type Manifest = z.infer<typeof manifestSchema>

const builtinUsersSchema = z.object({ builtins: z.record(z.string(), z.array(z.string())) })

/** The manifest of a bundle's files; what none says where there is none. Throws `BundleError`. */
export function readManifest(files: ReadonlyMap<string, Buffer>, name: string): Manifest {
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

function underRoots(path: readonly string[], roots: readonly string[]): boolean {
  return roots.some((root) => {
    const segments = root.split('/').filter((segment) => segment !== '')
    return segments.every((segment, i) => path[i] === segment)
  })
}

/** Refuses data outside the manifest's roots: the bundle must own everything it brings. */
export function assertRoots(data: RegoValue, path: readonly string[], manifest: Manifest, name: string): void {
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

/** Which files of a bundle call a built-in. */
export function builtinUsers(
  manifest: Manifest,
  rego: readonly { readonly file: string; readonly text: string }[],
): (builtin: string) => readonly string[] {
  const recorded = builtinUsersSchema.safeParse(manifest.metadata['gradus'])
  const users = new Map(Object.entries(recorded.data?.builtins ?? {}))
  return (builtin) => {
    const named = users.get(builtin)
    return named ?? rego.filter(({ text }) => text.includes(builtin)).map(({ file }) => file)
  }
}

/** Refuses a manifest that names another module or an entrypoint that the module does not have. */
export function assertEntrypoints(manifest: Manifest, policy: Policy, name: string): void {
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
