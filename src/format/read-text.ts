import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { type ErrorCode, ServiceError } from './error.ts'

/** Where texts come from: files relative to a working directory, and standard input. */
export type TextSources = { readonly cwd: string; readonly readStdin: () => Promise<string> }

/** A file and its text. */
export type FileText = { readonly file: string; readonly text: string }

/** How an error names a file or folder; `code` where neither `not_found` nor `io` is meant, `fix` for one that is not there. */
export type UnreadableFile = { readonly file: string; readonly code?: ErrorCode; readonly fix?: string }

/** The error for a file or folder that could not be read: what is wrong, where, and what to do. `cause` is the error of the file system. */
export function unreadable(cause: unknown, { file, code, fix = 'correct the path' }: UnreadableFile): ServiceError {
  const { code: reason, message } = cause as NodeJS.ErrnoException
  const place = { file }
  if (reason === 'ENOENT') return new ServiceError(code ?? 'not_found', 'there is no such file', { place, fix, cause })
  if (reason === 'EISDIR')
    return new ServiceError(code ?? 'io', 'cannot be read: it is a folder', { place, fix: 'name a file in it', cause })
  return new ServiceError(code ?? 'io', `cannot be read: ${message}`, {
    place,
    fix: 'make it readable for the user of gradus',
    cause,
  })
}

/** The text of a file, or of standard input for `-`; `name` is how errors speak of it. */
export async function readText(deps: TextSources, file: string): Promise<{ readonly name: string; readonly text: string }> {
  if (file === '-') return { name: 'standard input', text: await deps.readStdin() }
  const fix = 'correct the path, or give "-" for standard input'
  return { name: file, text: await readFileText(resolve(deps.cwd, file), { file, fix }) }
}

/** The text of a file, UTF-8. Throws what `unreadable` gives. */
export async function readFileText(path: string, named: Partial<UnreadableFile> = {}): Promise<string> {
  return (await readBytes(path, named)).toString('utf8')
}

/** The bytes of a file. Throws what `unreadable` gives. */
export async function readBytes(path: string, named: Partial<UnreadableFile> = {}): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw unreadable(cause, { file: path, ...named })
  })
}

/** The bytes of a file; undefined where there is none. Throws `io` where it cannot be read. */
export async function readOptional(path: string): Promise<Buffer | undefined> {
  return orMissing(path, readFile(path))
}

/** The files of a folder (not below it) with these endings, sorted, without hidden ones; none where there is no such folder. */
export async function readFolder(folder: string, endings: readonly string[]): Promise<readonly FileText[]> {
  const names = (await orMissing(folder, readdir(folder))) ?? []
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)) && !name.startsWith('.')).sort()
  return Promise.all(
    wanted.map(async (name) => {
      const file = join(folder, name)
      return { file, text: await readFileText(file) }
    }),
  )
}

async function orMissing<T>(file: string, reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(cause, { file })
  })
}
