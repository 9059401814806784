import { type RecordDraft, recordOf } from '../ledger/new-record.ts'
import type { Observer } from '../model/observation.ts'
import type { Store, Transaction } from '../ledger/store.ts'
import type { PolicySet } from './policy-set.ts'

/** What every verb needs from outside: where records go, the time, ids, and the policy set in force. */
export type VerbDeps = {
  readonly store: Store
  readonly nowMs: () => number
  readonly newId: () => string
  readonly observe: Observer
  readonly policySet: () => PolicySet
  /** False: the clock stepped, and no evidence is taken until it is right again. */
  readonly clockSteady: () => boolean
}

/** Where the record of an operator's action is in the log, and the state that it made. */
export type WrittenRecord = { readonly leaf_index: number; readonly state_version: number }

/** Records what an operator does: who, about whom, and its effects. */
export function recordOperatorAction(
  deps: Pick<VerbDeps, 'newId'>,
  draft: Omit<RecordDraft, 'kind' | 'id' | 'body'> & { readonly body: { readonly verb: string } & RecordDraft['body'] },
  transaction: Transaction,
): WrittenRecord {
  const { leafIndex } = transaction.append({ record: recordOf({ kind: 'operator', id: deps.newId(), ...draft }) })
  return { leaf_index: leafIndex, state_version: transaction.stateVersion() }
}
