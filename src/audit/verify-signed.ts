import { MINUTE_MS } from '../format/time.ts'
import { CHECKPOINT_INTERVAL_MS_MAX } from './settings.ts'
import type { Findings } from './verify-findings.ts'
import type { HeadCheck } from './verify-heads.ts'

/** Time that records of one commit may lie apart beyond the interval of heads, ms. */
const COMMIT_MS_MAX = MINUTE_MS

/** Looks for records that no signed head covers though one was due: heads are signed in the write that they are due in. */
export type SignedCheck = {
  /** After the heads of this tree size were looked at; `atMs`: the time of its newest record. */
  readonly grown: (size: number, atMs: number) => void
  /** How many of the newest records no head covers. */
  readonly finished: () => number
}

/** A check of an empty log. */
export function createSignedCheck(heads: HeadCheck, findings: Findings): SignedCheck {
  let newest = { size: 0, atMs: -Infinity }
  let unsignedSinceMs = Infinity
  return {
    grown: (size, atMs) => {
      newest = { size, atMs }
      unsignedSinceMs = heads.covered() === size ? Infinity : Math.min(unsignedSinceMs, atMs)
    },
    finished: () => {
      const unsigned = newest.size - heads.covered()
      const isOverdue = newest.atMs - unsignedSinceMs > CHECKPOINT_INTERVAL_MS_MAX + COMMIT_MS_MAX
      if (newest.size === 0 || (heads.checked() > 0 && !isOverdue)) return unsigned
      const message = `No signed head covers the newest ${unsigned} records, though one was due: heads were deleted, or these records were put in their place.`
      findings.add({ kind: 'unsigned', leafIndex: heads.covered(), message })
      return unsigned
    },
  }
}
