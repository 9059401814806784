import { canonicalJson } from '../format/canonical-json.ts'
import { packReproducibly } from './archive.ts'
import { readBundleFiles } from './bundle.ts'
import { BundleError } from './error.ts'

const DATA = 'data.json'
type Members = Readonly<Record<string, unknown>>

/** What the graduation bundle reads as `data.graduation.config`. */
type GraduationData = { readonly graduation: { readonly config: Members & { readonly matrix: Members } } }

/** The graduation bundle's data document. Throws `BundleError` where there is no matrix in it. */
async function readData(bytes: Uint8Array): Promise<{ readonly files: Map<string, Buffer>; readonly data: GraduationData }> {
  const files = await readBundleFiles(bytes, { name: 'graduation' })
  const text = files.get(DATA)?.toString('utf8')
  const data = (text === undefined ? {} : JSON.parse(text)) as Partial<GraduationData>
  if (data.graduation?.config.matrix === undefined)
    throw new BundleError(
      'bundle_unreadable',
      `graduation ${DATA}`,
      'has no graduation.config.matrix',
      'Name the whole policy with --policies instead.',
    )
  return { files, data: data as GraduationData }
}

/** Members of a graduation configuration, beside the matrix, that are not what the bundle has. */
export async function otherChanges(bytes: Uint8Array, config: Members): Promise<readonly string[]> {
  const { data } = await readData(bytes)
  const own: Members = data.graduation.config
  const text = (value: unknown): string | undefined => (value === undefined ? undefined : canonicalJson(value))
  return [...new Set([...Object.keys(own), ...Object.keys(config)])]
    .filter((name) => name !== 'matrix' && text(own[name]) !== text(config[name]))
    .sort()
}

/** The graduation bundle with other matrices for the tiers named; the compiled policy is untouched, because data is no part of it. */
export async function withMatrix(bytes: Uint8Array, tiers: Members): Promise<Uint8Array> {
  const { files, data } = await readData(bytes)
  const { config } = data.graduation
  const matrix = { ...config.matrix, ...tiers }
  const changed = { ...data, graduation: { ...data.graduation, config: { ...config, matrix } } }
  return packReproducibly(new Map([...files, [DATA, Buffer.from(JSON.stringify(changed))]]))
}
