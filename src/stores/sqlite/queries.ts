import { encodeBase64 } from '../../audit/base64.ts'
import { inclusionProof } from '../../audit/tree.ts'
import type { RecordProof, RecordQuery, StoredRecord } from '../../ledger/store.ts'
import { checkQuery } from '../record-filter.ts'
import type { Head } from './messages.ts'
import type { Reader } from './reader.ts'

/** A query of many records lets others have their turn after this many. */
const QUERY_PAGE_RECORDS = 100

/** The records of a query, read page by page, so that a long one holds nobody up. */
export async function pagedQuery(reader: Reader, query: RecordQuery): Promise<readonly StoredRecord[]> {
  checkQuery(query)
  const found: StoredRecord[] = []
  for (let from = query.from; ;) {
    const limit = query.limit - found.length
    const page = reader.records({ ...query, ...(from === undefined ? {} : { from }), limit: Math.min(limit, QUERY_PAGE_RECORDS) })
    found.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < QUERY_PAGE_RECORDS || found.length >= query.limit) return found
    from = query.newestFirst === true ? last.leafIndex : last.leafIndex + 1
    await new Promise(setImmediate)
  }
}

/** A record's proof under a tree head; undefined where there is no such leaf. */
export function proofOf(reader: Reader, leafIndex: number, head: Head): RecordProof | undefined {
  const hash = reader.leafHash(leafIndex)
  if (hash === undefined) return undefined
  const path = inclusionProof(leafIndex, head.size, reader.node).map(encodeBase64)
  return { leafIndex, leafHash: encodeBase64(hash), path, checkpoint: head.note }
}
