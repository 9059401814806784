import { canonicalJson } from '../format/canonical-json.ts'
import type { RecordQuery, Store, StoredRecord } from '../ledger/store.ts'
import type { TrustConstants } from '../trust/constants.ts'

/** Every set of trust constants that was in force, in the order of the log; empty if the log has no policy set. */
export type ConstantsHistory = { readonly all: readonly TrustConstants[] }

/** Reads the records of a query, page by page, to the end of the log. */
export type WalkRecords = (store: Pick<Store, 'query'>, query: Omit<RecordQuery, 'limit'>) => AsyncIterable<StoredRecord>

/** Whether two sets of constants are equal, in any order of members. */
export function sameConstants(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other)
}

/** The distinct constants of all policy activations in a log. */
export async function constantsIn(store: Pick<Store, 'query'>, walk: WalkRecords): Promise<ConstantsHistory> {
  const all = new Map<string, TrustConstants>()
  for await (const { record } of walk(store, { kinds: ['policy_set'] }))
    for (const effect of record.effects)
      if (effect.kind === 'constants') all.set(canonicalJson(effect.constants), effect.constants)
  return { all: [...all.values()] }
}
