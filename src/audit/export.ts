import { canonicalJson } from '../format/canonical-json.ts'
import type { RecordQuery, Store, StoredRecord } from '../ledger/store.ts'
import { walkRecords } from './walk-records.ts'

/** One line of an export, without its newline: `{leaf_index, record, state}` as canonical JSON. */
export function exportLine({ leafIndex, record, state }: StoredRecord): string {
  return canonicalJson({ leaf_index: leafIndex, record, state })
}

/** The records of a query as JSON lines, each ended by a newline; equal logs give equal bytes. */
export async function* exportRecords(
  store: Pick<Store, 'query'>,
  query: Omit<RecordQuery, 'limit'> & { readonly limit?: number },
): AsyncGenerator<string> {
  for await (const stored of walkRecords(store, query)) yield `${exportLine(stored)}\n`
}
