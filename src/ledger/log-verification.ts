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
  /** A sealed value is not there any more, and no record says that it was removed. */
  | 'value_gone'
  /** A record says that values were removed, and some are still there. */
  | 'removal_unfinished'
  /** A record removed values that a legal hold kept. */
  | 'removal_despite_hold'
  /** Values or tree nodes stand beside the log that are of no record. */
  | 'stray_row'
  /** The database is not built as this program builds it, or an index does not have what its table has. */
  | 'database_differs'
  /** A record does not bind its masks, though an earlier one does. */
  | 'masks_unbound'
  /** A policy set that records name is not archived any more, or another one stands in its place. */
  | 'policy_set_gone'
  | 'policy_set_differs'
  /** A record is older than the one in front of it. */
  | 'time_backwards'
  /** A stored tree node or frontier is not that of the records. */
  | 'tree_differs'
  /** Records are not covered by a signed head, though one was due. */
  | 'unsigned'
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
  /** A witness vouches for more records than there are, or for others. */
  | 'witness_differs'
  /** A witness that was asked gave no answer. */
  | 'witness_silent'
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

/** The newest signed head that a witness vouches for: its name, how many records, and when by its clock. */
export type Witnessed = { readonly name: string; readonly size: number; readonly at: string }

/** What a verification saw. `ok`: nothing is wrong. */
export type LogVerification = {
  readonly ok: boolean
  readonly records: number
  readonly masked: number
  /** Of the masked, those made before masks were bound: only what stands beside the leaf says that they were masked. */
  readonly masksUnbound: number
  /** Records that lost values as a person ordered, and those whose values were kept as long as configured. */
  readonly erased: number
  readonly expired: number
  /** Policy sets that records name. */
  readonly policySets: number
  /** Newest records that no signed head in the store covers. */
  readonly unsigned: number
  readonly storedHeads: number
  readonly outsideHeads: number
  /** What witnesses vouch for, by the heads from outside. */
  readonly witnessed: readonly Witnessed[]
  readonly receipts: number
  readonly documents: number
  /** Root over all records, Base 64. */
  readonly root: string
  readonly findings: readonly AuditFinding[]
  /** Findings beyond those listed. */
  readonly omitted: number
}

/** What a rebuilding did. Findings are what was different before. */
export type Rebuilding = LogVerification & {
  /** The log itself is not whole, so nothing was derived from it that could be trusted. */
  readonly damaged: boolean
  /** What is stored is now what the records make of it. */
  readonly written: boolean
}
