import { buffer } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { BundleError } from './error.ts'
import { overLimit } from '../format/limit.ts'

/** Most bytes of a bundle once unpacked. */
const BUNDLE_BYTES_MAX = 256 * 1024 * 1024
/** Most bytes of one file of a bundle. */
const BUNDLE_FILE_BYTES_MAX = 64 * 1024 * 1024
/** Most files of a bundle. */
const BUNDLE_FILES_MAX = 10_000

/** Limits on what an archive may unpack to. */
export type BundleLimits = { readonly bundleBytesMax?: number; readonly fileBytesMax?: number; readonly filesMax?: number }

/** What an error of any kind says. */
export function messageOf(error: unknown): string {
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
        overLimit('unpacks to', 'bundle.bytes_max', { max: bytesMax }),
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
  const refuseTooLarge = (place: string, has: string, what: string): never => {
    throw new BundleError('bundle_too_large', place, has, `Make the ${what} smaller or raise the limit.`)
  }
  try {
    for await (const entry of archive) {
      if (entry.header.type === 'directory') {
        entry.resume()
        continue
      }
      const path = entryPath(name, entry.header)
      const place = `${name} ${path}`
      if (entry.header.size > fileBytesMax)
        refuseTooLarge(place, overLimit('has', 'bundle.file_bytes_max', { max: fileBytesMax, came: entry.header.size }), 'file')
      if (files.size >= filesMax) refuseTooLarge(name, overLimit('holds', 'bundle.files_max', { max: filesMax }), 'bundle')
      if (files.has(path)) throw new BundleError('bundle_duplicate', place, 'is there twice', 'Pack every file once.')
      files.set(path, await buffer(entry))
    }
  } catch (error) {
    if (error instanceof BundleError) throw error
    const message = `not a tar archive: ${messageOf(error)}`
    throw new BundleError('bundle_unreadable', name, message, 'Build or download the bundle again.')
  }
  return files
}

/** The text of a file; `place` names it where it is not UTF-8. */
export function utf8(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new BundleError('bundle_unreadable', place, 'is not UTF-8', 'Save the file as UTF-8.')
  }
}
