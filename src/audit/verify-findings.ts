/** Findings listed at most; further ones are counted. */
export const FINDINGS_MAX = 1_000

/** What can be wrong with a log. */
export type FindingKind =
  /** Leaf bytes are not those that were hashed. */
  | 'leaf_edited'
  /** Leaf indexes leave a gap: rows were deleted. */
  | 'row_missing'
  /** The leaf is not the canonical JSON of a record. */
  | 'leaf_malformed'
  /** A search column says something else than the leaf. */
  | 'column_differs'
  /** A value beside a leaf is not the one that was sealed. */
  | 'payload_differs'
  /** A record is older than the one in front of it. */
  | 'time_backwards'
  /** A stored tree node or frontier is not that of the records. */
  | 'tree_differs'
  /** A signed tree head does not verify. */
  | 'head_invalid'
  /** The records are not those whose tree was signed: edited, inserted, reordered or rewritten. */
  | 'head_differs'
  /** A signed head or receipt knows of more records than there are. */
  | 'truncated'
  /** A receipt that a caller kept is not borne out by the log. */
  | 'receipt_differs'
  /** A state document is not what the records make of it. */
  | 'document_differs'
  /** The effects of a record cannot be applied. */
  | 'effects_failed'

/** One thing that is wrong, and where. `subject` names a document, head or receipt. */
export type AuditFinding = {
  readonly kind: FindingKind
  readonly leafIndex?: number
  readonly id?: string
  readonly subject?: string
  readonly message: string
}

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
