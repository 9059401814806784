import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { ServiceError } from '../model/error.ts'
import type { CliDeps } from './deps.ts'

/** The text of a file, or of standard input for `-`; `name` is how errors speak of it. */
export async function readText(
  deps: Pick<CliDeps, 'cwd' | 'readStdin'>,
  file: string,
): Promise<{ readonly name: string; readonly text: string }> {
  if (file === '-') return { name: 'standard input', text: await deps.readStdin() }
  try {
    return { name: file, text: await readFile(resolve(deps.cwd, file), 'utf8') }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const missing = code === 'ENOENT'
    throw new ServiceError(missing ? 'not_found' : 'io', missing ? 'there is no such file' : (cause as Error).message, {
      place: { file },
      fix: missing ? 'correct the path, or give "-" for standard input' : 'make the file readable',
      cause,
    })
  }
}
