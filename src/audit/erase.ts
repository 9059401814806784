import { ServiceError } from '../format/error.ts'
import type { RecordSelection } from '../ledger/record-selection.ts'
import { type AuditRecord, RECORD_VERSION, SEMANTICS, SENSITIVE_POINTERS } from '../ledger/record.ts'
import type { Store } from '../ledger/store.ts'
import { walkRecords } from './walk-records.ts'

/** The erasure's own record: its id and time, who ordered it, and why. */
export type EraseOrder = { readonly id: string; readonly at: string; readonly actor: string; readonly reason: string }

/** What an erasure did. `leafIndex` is the place of the record that says so. */
export type Erasure = { readonly leafIndex: number; readonly records: number; readonly values: number }

/**
 * Removes the sealed values of the records selected. The log says so first, so that there is never an erasure without its record;
 * done again after a crash, it goes on. Leaves and proofs stay. Rejects with `bad_request` when the selection names nobody.
 */
export async function eraseRecords(
  store: Pick<Store, 'query' | 'transact' | 'erase'>,
  selection: RecordSelection,
  order: EraseOrder,
): Promise<Erasure> {
  const { tenant, agent, user, decisionId, pointers } = selection
  if (agent === undefined && user === undefined && decisionId === undefined) {
    throw new ServiceError('bad_request', 'An erasure of everything is refused', { fix: 'name an agent, a user or a decision' })
  }
  const { leafIndex } = await store.transact([], (transaction) => transaction.append({ record: orderRecord(selection, order) }))
  const query = {
    tenant,
    ...(agent === undefined ? {} : { agent }),
    ...(user === undefined ? {} : { user }),
    ...(decisionId === undefined ? {} : { decisionId }),
  }
  const done = { records: 0, values: 0 }
  for await (const stored of walkRecords(store, query)) {
    if (stored.leafIndex >= leafIndex) break
    const values = await store.erase(stored.leafIndex, pointers ?? SENSITIVE_POINTERS[stored.record.kind])
    done.values += values
    if (values > 0) done.records += 1
  }
  return { leafIndex, ...done }
}

/** Whom it is about is personal too, so it stands in the sealed member. */
function orderRecord(
  { tenant, agent, user, decisionId, pointers }: RecordSelection,
  { id, at, actor, reason }: EraseOrder,
): AuditRecord {
  const selection = { agent: agent ?? null, user: user ?? null, decision_id: decisionId ?? null }
  return {
    v: RECORD_VERSION,
    semantics: SEMANTICS,
    kind: 'operator',
    id,
    tenant,
    at,
    agent: null,
    user: null,
    action: 'audit.erase',
    outcome: null,
    decision_id: null,
    actor,
    body: { verb: 'erase', pointers: pointers === undefined ? null : [...pointers], detail: { ...selection, reason } },
    effects: [],
  }
}
