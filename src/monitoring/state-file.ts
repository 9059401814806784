import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { errorLine } from '../format/error.ts'
import { replaceFile } from '../format/replace-file.ts'
import { RulesState } from '../reports/monitoring/rule-fold.ts'
import { TrustFoldState } from '../reports/trust-report/trust-fold.ts'

const FILE = 'monitoring.json'

/** How far the monitor got, and what it counts: everything in front of `leaf_index` is in it. It can be derived from the log again. */
export const MonitorState = z.strictObject({
  v: z.literal(1),
  leaf_index: z.int().nonnegative(),
  /** Rules look at records from here on. */
  rules_from: z.int().nonnegative(),
  rules: RulesState,
  trust: TrustFoldState,
})
export type MonitorState = z.infer<typeof MonitorState>

/** Where a monitor's state is kept. */
export type StateFile = {
  /** Undefined: there is none, or none that can be used, which is told. */
  readonly load: () => Promise<MonitorState | undefined>
  readonly save: (state: MonitorState) => Promise<void>
}

/** A state in a file of the data directory: there is the old one or the new one at any moment. */
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

/** A state that is forgotten with the process, for a log that is too. */
export function noStateFile(): StateFile {
  return { load: () => Promise.resolve(undefined), save: () => Promise.resolve() }
}
