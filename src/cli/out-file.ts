import { type FileHandle, open } from 'node:fs/promises'

import { ServiceError } from '../format/error.ts'

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
