import { AuditRecord } from '../ledger/record.ts'
import { type LeafPayload, openRecord } from './leaf.ts'
import type { LogColumns, LogRow } from './log-reader.ts'
import { hashesEqual, leafHash } from './tree.ts'
import type { Findings } from './verify-findings.ts'

/** A row after its check: its true hash, and the record when it is one. */
export type CheckedRow = {
  readonly hash: Uint8Array
  readonly record: AuditRecord | undefined
  /** Members whose values were masked at writing, and those whose values are not there any more. */
  readonly masked: readonly string[]
  readonly removed: readonly string[]
  /** Whether the leaf itself says what was masked. */
  readonly bindsMasks: boolean
}

/** Checks one row by itself: hash, canonical form, columns, sealed values. */
export function checkRow(row: LogRow, findings: Findings): CheckedRow {
  const { leafIndex } = row
  const id = row.columns.id
  const hash = leafHash(row.leaf)
  if (!hashesEqual(hash, row.leafHash)) {
    findings.add({ kind: 'leaf_edited', leafIndex, id, message: 'The leaf is not the one that was hashed when it was written.' })
  }
  const payload = parsePayload(row.payload)
  if (payload === undefined)
    findings.add({ kind: 'payload_differs', leafIndex, id, message: 'The values beside the leaf are not JSON.' })
  const opened = openRecord(row.leaf, payload ?? {})
  if (!opened.ok) {
    const kind = opened.error.code === 'leaf_malformed' ? 'leaf_malformed' : 'payload_differs'
    findings.add({
      kind,
      leafIndex,
      id,
      message: `${opened.error.message}${opened.error.pointer === '' ? '' : ` (${opened.error.pointer})`}`,
    })
  }
  // Effects never are sealed values, so that the state can be derived even when a payload was changed.
  const bare = opened.ok ? opened : openRecord(row.leaf, {})
  const record = bare.ok ? recordOf(bare.record, row, findings) : undefined
  if (record !== undefined) checkColumns(row, record, findings)
  const { masked, removed } = opened.ok ? opened : { masked: [], removed: [] }
  return { hash, record, masked, removed, bindsMasks: bare.ok && bare.bindsMasks }
}

function parsePayload(text: string): LeafPayload | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as LeafPayload) : undefined
  } catch {
    return undefined
  }
}

function recordOf(value: unknown, { leafIndex, columns }: LogRow, findings: Findings): AuditRecord | undefined {
  const parsed = AuditRecord.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.map(String).join('/') ?? ''
  findings.add({
    kind: 'leaf_malformed',
    leafIndex,
    id: columns.id,
    message: `The leaf is no record of this version: ${issue?.message ?? ''} at /${place}.`,
  })
  return undefined
}

function checkColumns({ leafIndex, columns }: LogRow, record: AuditRecord, findings: Findings): void {
  const wanted: LogColumns = {
    tenant: record.tenant,
    kind: record.kind,
    id: record.id,
    atMs: Date.parse(record.at),
    agent: record.agent,
    user: record.user,
    action: record.action,
    outcome: record.outcome,
    decisionId: record.decision_id,
  }
  for (const [name, value] of Object.entries(wanted)) {
    const stored = columns[name as keyof LogColumns]
    if (stored === value) continue
    const message = `The search column ${name} says ${JSON.stringify(stored)}, the leaf ${JSON.stringify(value)}.`
    findings.add({ kind: 'column_differs', leafIndex, id: record.id, message })
  }
}
