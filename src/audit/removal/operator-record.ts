import { type AuditRecord, RECORD_VERSION, SEMANTICS } from '../../ledger/record.ts'

/** Which record it is, when (ISO 8601), of which tenant, and who ordered what it tells. */
export type OperatorRecordHeader = Pick<AuditRecord, 'id' | 'at' | 'tenant' | 'actor'>

/** A record about the log itself: it is of no agent and no decision, and changes no document. */
export function operatorRecord(header: OperatorRecordHeader, action: string, body: AuditRecord['body']): AuditRecord {
  return {
    v: RECORD_VERSION,
    semantics: SEMANTICS,
    kind: 'operator',
    ...header,
    agent: null,
    user: null,
    action,
    outcome: null,
    decision_id: null,
    body,
    effects: [],
  }
}
