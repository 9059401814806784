import type { RecordQuery, Store, StoredRecord } from '../ledger/store.ts'

/** Records fetched at once while walking. */
export const PAGE_RECORDS = 500

/** All records a query asks for, page by page, in the query's order; without a limit, to the end of the log. */
export async function* walkRecords(
  store: Pick<Store, 'query'>,
  query: Omit<RecordQuery, 'limit'> & { readonly limit?: number },
): AsyncGenerator<StoredRecord> {
  let left = query.limit ?? Infinity
  for (let from = query.from; left > 0;) {
    const limit = Math.min(left, PAGE_RECORDS)
    const page = await store.query({ ...query, ...(from === undefined ? {} : { from }), limit })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return
    left -= page.length
    from = query.newestFirst === true ? last.leafIndex : last.leafIndex + 1
  }
}
