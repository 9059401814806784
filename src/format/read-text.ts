import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { ServiceError } from './error.ts'

/** Where texts come from: files relative to a working directory, and standard input. */
export type TextSources = { readonly cwd: string; readonly readStdin: () => Promise<string> }

/** The text of a file, or of standard input for `-`; `name` is how errors speak of it. */
export async function readText(deps: TextSources, file: string): Promise<{ readonly name: string; readonly text: string }> {
  if (file === '-') return { name: 'standard input', text: await deps.readStdin() }
  try {
    return { name: file, text: await readFile(resolve(deps.cwd, file), 'utf8') }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new ServiceError('not_found', 'there is no such file', {
        place: { file },
        fix: 'correct the path, or give "-" for standard input',
        cause,
      })
    const isFolder = code === 'EISDIR'
    throw new ServiceError('io', isFolder ? 'is a folder' : `cannot be read: ${message}`, {
      place: { file },
      fix: isFolder ? 'name a file in it' : 'make the file readable',
      cause,
    })
  }
}
