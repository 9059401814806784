import { ServiceError } from '../../format/error.ts'
import type { RecordSelection } from '../../ledger/record-selection.ts'
import { type AuditRecord, SENSITIVE_POINTERS } from '../../ledger/record.ts'
import { requireNoHold } from './legal-hold.ts'
import { operatorRecord } from './operator-record.ts'
import { type Removal, REMOVAL_ACTIONS } from './removal.ts'
import { removeValues, type RemovingStore } from './remove-values.ts'

/** Who ordered an erasure, when, and why; `newId` gives each of its records an id. */
export type EraseOrder = {
  readonly newId: () => string
  readonly at: string
  readonly actor: string
  readonly reason: string
}

/** What an erasure did. `leafIndex` is the place of the first record that says so. */
export type Erasure = { readonly leafIndex: number; readonly records: number; readonly values: number }

/**
 * Removes the sealed values of the records selected. The log says first which members of which records, so that there is never an
 * erasure without its record; done again after a crash, it goes on. Leaves and proofs stay. Rejects with `bad_request` when the
 * selection names nobody, `conflict` while a legal hold of the tenant is in force.
 */
export async function eraseRecords(store: RemovingStore, selection: RecordSelection, order: EraseOrder): Promise<Erasure> {
  const { tenant, agent, user, decisionId, pointers } = selection
  if (agent === undefined && user === undefined && decisionId === undefined) {
    throw new ServiceError('bad_request', 'An erasure of everything is refused', { fix: 'name an agent, a user or a decision' })
  }
  const permitted = (): Promise<void> => requireNoHold(store, tenant)
  await permitted()
  const { leafIndex, records, values } = await removeValues(store, {
    query: {
      tenant,
      ...(agent === undefined ? {} : { agent }),
      ...(user === undefined ? {} : { user }),
      ...(decisionId === undefined ? {} : { decisionId }),
    },
    membersOf: ({ record }) => pointers ?? SENSITIVE_POINTERS[record.kind],
    recordOf: (removed) => orderRecord(selection, order, removed),
    permitted,
    always: true,
  })
  return { leafIndex: leafIndex as number, records, values }
}

/** Whom it is about is personal too, so it stands in the sealed member. */
function orderRecord(
  { tenant, agent, user, decisionId, pointers }: RecordSelection,
  { newId, at, actor, reason }: EraseOrder,
  removed: readonly Removal[],
): AuditRecord {
  const selection = { agent: agent ?? null, user: user ?? null, decision_id: decisionId ?? null }
  return operatorRecord({ id: newId(), at, tenant, actor }, REMOVAL_ACTIONS.erase, {
    verb: 'erase',
    pointers: pointers === undefined ? null : [...pointers],
    removed: [...removed],
    detail: { ...selection, reason },
  })
}
