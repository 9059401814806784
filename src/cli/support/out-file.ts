import { type FileHandle, open, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { ServiceError } from '../../format/error.ts'
import type { CliDeps } from './deps.ts'

const OWNER_ONLY = 0o600

/** Opens the file that `--out` names, for its owner alone, also where it was there before, empty. Throws `io` where it cannot be written. */
export async function openOut(file: string): Promise<FileHandle> {
  try {
    const opened = await open(file, 'w', OWNER_ONLY)
    // A file that was there keeps its mode; a terminal or a pipe is nobody's to close to others.
    if ((await opened.stat()).isFile()) await opened.chmod(OWNER_ONLY)
    return opened
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
