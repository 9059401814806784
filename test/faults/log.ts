import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect } from 'vitest'

import { type LeafPayload, openRecord } from '../../src/audit/leaf.ts'
import { noteVerifier } from '../../src/audit/note.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { LogVerification } from '../../src/ledger/log-verification.ts'
import type { AuditRecord } from '../../src/ledger/record.ts'
import { archiveDigest } from '../../src/rego/assemble-policy-set.ts'
import { openLog } from '../../src/stores/sqlite/raw-log.ts'

/** A record and its place in the log. */
export type LogRecord = { readonly leafIndex: number; readonly record: AuditRecord }

/** Every record of a data directory, beside a running server or without one. */
export function readLog(dataDir: string): readonly LogRecord[] {
  const reader = openLog(dataDir)
  try {
    return [...reader.rows()].map(({ leafIndex, leaf, payload }) => {
      const opened = openRecord(leaf, JSON.parse(payload) as LeafPayload)
      expect(opened).toMatchObject({ ok: true, state: 'whole' })
      return { leafIndex, record: (opened as unknown as { readonly record: AuditRecord }).record }
    })
  } finally {
    reader.close()
  }
}

/** Verifies a log offline, state derived again from the records included, and expects nothing wrong. */
export function verifyWhole(dataDir: string): LogVerification {
  const key = noteVerifier(readFileSync(join(dataDir, 'audit.vkey'), 'utf8').trim())
  if (!key.ok) throw new Error(key.error.message)
  const reader = openLog(dataDir)
  try {
    const seen = verifyLog(reader, {
      verifiers: [key.verifier],
      origin: 'gradus.local/audit',
      fold: project,
      policySetDigest: archiveDigest,
    })
    expect(seen.findings).toEqual([])
    expect(seen.documents).toBeGreaterThan(0)
    return seen
  } finally {
    reader.close()
  }
}
