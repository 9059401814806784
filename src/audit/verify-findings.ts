import type { AuditFinding } from '../ledger/log-verification.ts'

/** Findings listed at most; further ones are counted. */
const FINDINGS_MAX = 1_000

/** Collects findings up to `FINDINGS_MAX`. */
export type Findings = {
  readonly add: (finding: AuditFinding) => void
  readonly list: readonly AuditFinding[]
  readonly omitted: () => number
}

/** No findings yet. */
export function createFindings(): Findings {
  const list: AuditFinding[] = []
  let omitted = 0
  return {
    list,
    omitted: () => omitted,
    add: (finding) => {
      if (list.length < FINDINGS_MAX) list.push(finding)
      else omitted += 1
    },
  }
}
