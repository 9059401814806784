import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ServiceError } from '../../../format/error.ts'

/** A file that a team wrote, as text. */
export type SourceText = { readonly file: string; readonly text: string }

/** The files of a folder (not below it) with these endings, sorted, as the server reads them; none where there is no such folder. */
export async function sourceFiles(folder: string, endings: readonly string[]): Promise<readonly SourceText[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(folder, cause)
  })
  const wanted = names.filter((name) => endings.some((ending) => name.endsWith(ending)) && !name.startsWith('.')).sort()
  return Promise.all(
    wanted.map(async (name) => {
      const file = join(folder, name)
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw unreadable(file, cause)
      })
      return { file, text }
    }),
  )
}

function unreadable(file: string, cause: unknown): ServiceError {
  return new ServiceError('io', `cannot be read: ${(cause as Error).message}`, {
    place: { file },
    fix: 'make it readable',
    cause,
  })
}
