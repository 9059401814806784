import type { Rebuilding } from '../ledger/log-verification.ts'
import type { LogDocument, LogReader } from './log-reader.ts'
import { verifyLog, type VerifyOptions } from './verify.ts'

/** State in the form in which it is stored; `constants` undefined: no record set any. */
export type StoredState = { readonly documents: Iterable<LogDocument>; readonly constants: string | undefined }

/** Puts derived state in the place of what is stored, all of it or nothing. */
export type WriteState = (state: StoredState) => void

/**
 * Derives all state again from the records of a log and compares it with what is stored. With `write` it is then put in its place, unless
 * the log itself is not whole.
 */
export function rebuildState(reader: LogReader, options: Omit<VerifyOptions, 'derived'>, write?: WriteState): Rebuilding {
  let [damaged, written] = [false, false]
  const verification = verifyLog(reader, {
    ...options,
    derived: (state, isWhole) => {
      damaged = !isWhole
      if (write === undefined || damaged) return
      write({ documents: state.documents(), constants: state.constants() })
      written = true
    },
  })
  return { ...verification, damaged, written }
}
