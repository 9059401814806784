import type { LogVerification } from '../ledger/log-verification.ts'
import type { Projector } from '../ledger/projector.ts'
import { encodeBase64 } from './base64.ts'
import type { LogReader, LogRow } from './log-reader.ts'
import { appendLeaves, EMPTY_FRONTIER, type Frontier, frontierRoot, frontierToJson, hashesEqual } from './tree.ts'
import { createFindings, type Findings } from './verify-findings.ts'
import {
  createHeadCheck,
  type HeadCheck,
  type NamedHead,
  openHead,
  openHeads,
  type SignedHead,
  type Trusted,
  witnessedBy,
} from './verify-heads.ts'
import { createPolicySetCheck, type PolicySetDigest } from './verify-policy-sets.ts'
import { createReceiptCheck, type Receipt } from './verify-receipts.ts'
import { createRemovalCheck } from './verify-removals.ts'
import { type CheckedRow, checkRow } from './verify-rows.ts'
import { createSignedCheck, type SignedCheck } from './verify-signed.ts'
import { createStateCheck, type DerivedState } from './verify-state.ts'
import { createValueCheck } from './verify-values.ts'

/** Progress is told after every so many records. */
const PROGRESS_RECORDS = 1_000

/** What a log is verified against. */
export type VerifyOptions = Trusted & {
  readonly fold: Projector
  readonly policySetDigest: PolicySetDigest
  /** Signed heads kept outside the store, such as the file in the second place. */
  readonly heads?: readonly NamedHead[]
  readonly receipts?: readonly Receipt[]
  readonly onProgress?: (done: number, total: number) => void
  /** Told the state that the records make before it is compared with the stored one, and whether nothing was wrong with the log itself. */
  readonly derived?: (state: DerivedState, isWhole: boolean) => void
}

/**
 * Verifies a whole log offline: every leaf by itself, the tree against every signed head in the store and outside, receipts, and
 * the state against what the records make of it; values that are not there against the records that say they were removed, and
 * archived policy sets against the records that name them. Finds edits, deletions, insertions, reordering and truncation; a log rewritten
 * whole and signed anew with a stolen key only through heads and receipts from outside. Reads row by row.
 */
export function verifyLog(reader: LogReader, options: VerifyOptions): LogVerification {
  const findings = createFindings()
  const receipts = createReceiptCheck(options.receipts ?? [], options, findings)
  const outside = [...openHeads(options.heads ?? [], options, findings), ...receipts.heads].sort(
    (left, right) => left.size - right.size,
  )
  const inside = createHeadCheck(storedHeads(reader, options, findings), findings)
  const checks = [inside, createHeadCheck(outside, findings)]
  const contents = createContentsCheck(reader, options, findings)
  const signed = createSignedCheck(inside, findings)
  const visit = (row: LogRow, checked: CheckedRow): void => {
    receipts.row(row.leafIndex, checked.hash, checked.record?.id)
    contents.row(row.leafIndex, checked)
  }
  try {
    const tree = walk({ reader, findings, checks, signed, onProgress: options.onProgress, visit })
    for (const check of [...checks, receipts]) check.finished(tree.size)
    checkFrontier(reader, tree, findings)
    checkDatabase(reader, tree.size, findings)
    return {
      unsigned: signed.finished(),
      ...contents.finished(),
      records: tree.size,
      storedHeads: inside.checked(),
      outsideHeads: outside.length,
      witnessed: witnessedBy(outside),
      receipts: options.receipts?.length ?? 0,
      root: encodeBase64(frontierRoot(tree)),
      ok: findings.list.length === 0,
      findings: findings.list,
      omitted: findings.omitted(),
    }
  } finally {
    contents.close()
  }
}

type ContentCounts = Pick<LogVerification, 'masked' | 'masksUnbound' | 'erased' | 'expired' | 'policySets' | 'documents'>

/** Checks what records say: of values that are not there, of policy sets, and of the state. */
function createContentsCheck(reader: LogReader, { fold, policySetDigest, derived }: VerifyOptions, findings: Findings) {
  const state = createStateCheck(fold, findings)
  const values = createValueCheck(findings)
  const removals = createRemovalCheck(reader, findings)
  const policySets = createPolicySetCheck(policySetDigest, findings)
  return {
    row: (leafIndex: number, checked: CheckedRow): void => {
      values.row(leafIndex, checked)
      if (checked.record === undefined) return
      state.apply(leafIndex, checked.record)
      policySets.row(leafIndex, checked.record)
      removals.row(leafIndex, checked.record)
    },
    finished: (): ContentCounts => {
      const counts = { ...values.finished(), policySets: policySets.finished(reader) }
      derived?.(state, findings.list.length === 0)
      return { ...counts, documents: state.compare(reader.documents(), reader.constants()) }
    },
    close: (): void => {
      state.close()
      values.close()
    },
  }
}

function* storedHeads(reader: LogReader, trusted: Trusted, findings: Findings): Iterable<SignedHead> {
  for (const { size, note } of reader.checkpoints()) {
    const name = `stored head ${size}`
    const head = openHead({ name, note }, trusted, findings)
    if (head?.size === size) yield head
    else if (head !== undefined)
      findings.add({ kind: 'head_invalid', subject: name, message: `The head is filed under ${size}, but says ${head.size}.` })
  }
}

/** What a walk over the rows of a log is given. */
type Walk = {
  readonly reader: LogReader
  readonly findings: Findings
  readonly checks: readonly HeadCheck[]
  readonly signed: SignedCheck
  readonly onProgress: VerifyOptions['onProgress']
  readonly visit: (row: LogRow, checked: CheckedRow) => void
}

/** Goes through all rows in order and grows the tree over them. */
function walk({ reader, findings, checks, signed, onProgress, visit }: Walk): Frontier {
  const total = reader.count()
  let tree = EMPTY_FRONTIER
  let [expected, lastMs] = [0, -Infinity]
  for (const check of checks) check.grown(tree)
  for (const row of reader.rows()) {
    if (row.leafIndex !== expected) findMissing(findings, expected, row.leafIndex)
    expected = row.leafIndex + 1
    const checked = checkRow(row, findings)
    const atMs = checked.record === undefined ? lastMs : Date.parse(checked.record.at)
    if (atMs < lastMs) findBackwards(findings, row)
    lastMs = Math.max(lastMs, atMs)
    tree = grow(tree, checked.hash, reader, findings)
    for (const check of checks) check.grown(tree)
    signed.grown(tree.size, lastMs)
    visit(row, checked)
    if (tree.size % PROGRESS_RECORDS === 0) onProgress?.(tree.size, total)
  }
  onProgress?.(tree.size, total)
  return tree
}

function findMissing(findings: Findings, first: number, next: number): void {
  const message = `The records from ${first} to ${next - 1} are missing.`
  findings.add({ kind: 'row_missing', leafIndex: first, message })
}

function findBackwards(findings: Findings, { leafIndex, columns: { id } }: LogRow): void {
  findings.add({ kind: 'time_backwards', leafIndex, id, message: 'The record is older than the one in front of it.' })
}

function grow(tree: Frontier, hash: Uint8Array, reader: LogReader, findings: Findings): Frontier {
  return appendLeaves(tree, [hash], (level, index, node) => {
    if (!reader.keepsLevel(level)) return
    const stored = reader.node(level, index)
    if (stored !== undefined && hashesEqual(stored, node)) return
    const first = index * 2 ** level
    const message = `The tree node over the records from ${first} to ${first + 2 ** level - 1} is ${stored === undefined ? 'missing' : 'not theirs'}.`
    findings.add({ kind: 'tree_differs', leafIndex: first, message })
  })
}

function checkFrontier(reader: LogReader, tree: Frontier, findings: Findings): void {
  const stored = reader.frontier() ?? JSON.stringify(frontierToJson(EMPTY_FRONTIER))
  if (stored === JSON.stringify(frontierToJson(tree))) return
  findings.add({ kind: 'tree_differs', leafIndex: tree.size, message: 'The stored end of the tree is not that of the records.' })
}

/** Looks for what is of no record, and for what could show readers something else than the rows. */
function checkDatabase(reader: LogReader, size: number, findings: Findings): void {
  for (const leafIndex of reader.strayPayloads())
    findings.add({ kind: 'stray_row', leafIndex, message: 'Values are stored here, but no record is.' })
  const [count, wanted] = [reader.nodeCount(), nodesOf(size, reader)]
  if (count > wanted) {
    const message = `The tree of ${size} records has ${wanted} stored nodes, but there are ${count}.`
    findings.add({ kind: 'stray_row', subject: 'nodes', message })
  }
  for (const message of reader.damage()) findings.add({ kind: 'database_differs', message: `In the database: ${message}.` })
}

function nodesOf(size: number, { keepsLevel }: LogReader): number {
  let [count, level] = [0, 0]
  for (let left = size; left > 0; left = Math.floor(left / 2), level += 1) if (keepsLevel(level)) count += left
  return count
}
