import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll } from 'vitest'

/** Makes temporary directories that are gone after the file's tests. */
export function temporaryDirectories(): () => string {
  const made: string[] = []
  afterAll(() => {
    for (const each of made) rmSync(each, { recursive: true, force: true })
  })
  return () => {
    const directory = mkdtempSync(join(tmpdir(), 'gradus-store-'))
    made.push(directory)
    return directory
  }
}
