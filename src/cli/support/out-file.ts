import { type FileHandle, open, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { ServiceError } from '../../format/error.ts'
import type { CliDeps } from './deps.ts'

/** Opens the file that `--out` names, for its owner alone, empty. Throws `io` where it cannot be written. */
export async function openOut(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w', 0o600)
  } catch (cause) {
    throw new ServiceError('io', `cannot write it: ${(cause as Error).message}`, {
      place: { file },
      fix: 'name a file in a folder that is there with --out',
      cause,
    })
  }
}

/** Writes a file that is not there yet. Throws `conflict` where it is. */
export async function writeNewText({ cwd }: Pick<CliDeps, 'cwd'>, file: string, text: string): Promise<void> {
  await writeFile(resolve(cwd, file), text, { flag: 'wx' }).catch((cause: unknown) => {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new ServiceError(
      exists ? 'conflict' : 'io',
      exists ? 'is there already' : `cannot be written: ${(cause as Error).message}`,
      {
        place: { file },
        fix: exists ? 'name another file; nothing is overwritten' : 'name a file in a folder that is there and writable',
        cause,
      },
    )
  })
}
