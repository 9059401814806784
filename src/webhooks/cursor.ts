import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { LogPosition } from '../events/log-position.ts'
import { ServiceError } from '../format/error.ts'
import { readOptional } from '../format/read-text.ts'
import { replaceFile } from '../format/replace-file.ts'

const DIRECTORY_MODE = 0o700

/** Stores a webhook's position in the log. */
export type Cursor = {
  /** Undefined for a new webhook. Rejects with `store_corrupt` if the stored position cannot be parsed. */
  readonly load: () => Promise<LogPosition | undefined>
  /** The position is durable once this resolves. */
  readonly save: (position: LogPosition) => Promise<void>
}

/** A cursor in a file of the data directory, replaced atomically. */
export function fileCursor(dataDir: string, webhook: string): Cursor {
  const file = join(dataDir, 'webhooks', `${webhook}.json`)
  return {
    load: async () => {
      const bytes = await readOptional(file)
      if (bytes === undefined) return undefined
      try {
        return LogPosition.parse(JSON.parse(bytes.toString('utf8')))
      } catch (cause) {
        throw new ServiceError('store_corrupt', `${file} does not say how far the webhook "${webhook}" got`, {
          place: { file },
          fix: 'restore it, or remove it to go on from the end of the log',
          cause,
        })
      }
    },
    save: async (position) => {
      await mkdir(dirname(file), { recursive: true, mode: DIRECTORY_MODE })
      await replaceFile(file, `${JSON.stringify(position)}\n`)
      await syncDirectory(dirname(file))
    },
  }
}

/** A cursor in memory, for a log in memory. */
export function memoryCursor(): Cursor {
  return { load: () => Promise.resolve(undefined), save: () => Promise.resolve() }
}

async function syncDirectory(directory: string): Promise<void> {
  const opened = await open(directory, 'r')
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}
