import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { errorLine } from '../format/error.ts'
import { replaceFile } from '../format/replace-file.ts'
import { RulesState } from '../reports/monitoring/rule-fold.ts'
import { TrustFoldState } from '../reports/trust-report/trust-fold.ts'

const FILE = 'monitoring.json'

/** The position of the monitor and its counts of all records before `leaf_index`. It can be derived from the log again. */
export const MonitorState = z.strictObject({
  v: z.literal(1),
  leaf_index: z.int().nonnegative(),
  /** The leaf index from which rules count. */
  rules_from: z.int().nonnegative(),
  rules: RulesState,
  trust: TrustFoldState,
})
export type MonitorState = z.infer<typeof MonitorState>

/** Stores the state of a monitor. */
export type StateFile = {
  /** Undefined if there is none, or if it cannot be used; the latter gives a warning. */
  readonly load: () => Promise<MonitorState | undefined>
  readonly save: (state: MonitorState) => Promise<void>
}

/** The state in a file of the data directory, replaced atomically. */
export function stateFile(dataDir: string, warn: (line: string) => void): StateFile {
  const file = join(dataDir, FILE)
  return {
    load: async () => {
      try {
        return MonitorState.parse(JSON.parse(await readFile(file, 'utf8')))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          warn(`monitoring: ${file} cannot be used, so the log is read again: ${errorLine(error)}`)
        return undefined
      }
    },
    save: async (state) => {
      await mkdir(dataDir, { recursive: true })
      await replaceFile(file, `${JSON.stringify(state)}\n`)
    },
  }
}

/** No saved state, for a log in memory. */
export function noStateFile(): StateFile {
  return { load: () => Promise.resolve(undefined), save: () => Promise.resolve() }
}
