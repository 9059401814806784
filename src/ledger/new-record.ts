import { actorOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { Effect } from './effect.ts'
import { type AuditRecord, RECORD_VERSION, type RecordKind, SEMANTICS } from './record.ts'

/** The part of a record that its writer chooses. */
export type RecordDraft = {
  readonly kind: RecordKind
  readonly id: string
  readonly caller: Caller
  readonly atMs: number
  readonly agent?: string | null
  readonly action?: string | null
  readonly outcome?: string | null
  readonly decisionId?: string | null
  readonly body: Readonly<Record<string, unknown>>
  readonly effects: readonly Effect[]
}

/** A record in its stored form. */
export function recordOf(draft: RecordDraft): AuditRecord {
  return {
    v: RECORD_VERSION,
    semantics: SEMANTICS,
    kind: draft.kind,
    id: draft.id,
    tenant: draft.caller.tenant,
    at: new Date(draft.atMs).toISOString(),
    agent: draft.agent ?? null,
    user: draft.caller.person ?? null,
    action: draft.action ?? null,
    outcome: draft.outcome ?? null,
    decision_id: draft.decisionId ?? null,
    actor: actorOf(draft.caller),
    body: JSON.parse(JSON.stringify(draft.body)) as AuditRecord['body'],
    effects: [...draft.effects],
  }
}
