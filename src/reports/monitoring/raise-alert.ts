import { systemCaller } from '../../access/caller.ts'
import { recordOf } from '../../ledger/new-record.ts'
import type { Store } from '../../ledger/store.ts'
import type { Observer } from '../../model/observation.ts'
import type { Raised } from './rule-fold.ts'

/** What writing an alert needs from outside. */
export type AlertDeps = { readonly store: Store; readonly nowMs: () => number; readonly observe: Observer }

/** Writes an alert to the log, from which webhooks send it, unless it is there already. True: it was written. */
export async function raiseAlert({ store, nowMs, observe }: AlertDeps, { id, tenant, alert }: Raised): Promise<boolean> {
  const written = await store.transact([], (transaction) => {
    if (transaction.record(tenant, id) !== undefined) return false
    transaction.append({
      record: recordOf({
        kind: 'alert',
        id,
        caller: systemCaller(tenant),
        atMs: nowMs(),
        outcome: alert.severity,
        body: { alert },
        effects: [],
      }),
    })
    return true
  })
  if (written) observe({ kind: 'alert', rule: alert.rule, severity: alert.severity })
  return written
}
