import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

import { giveWay } from '../../access/give-way.ts'
import type { LeafPayload } from '../../audit/leaf.ts'
import type { RecordQuery, StoredRecord } from '../../ledger/store.ts'
import { checkQuery } from '../record-filter.ts'
import { openEntry } from '../seal.ts'

/** Selects what a record is opened from. */
export const STORED_RECORD =
  'SELECT records.leaf_index AS leaf_index, leaf, payload FROM records LEFT JOIN payloads USING (leaf_index)'
/** A query of many records gives way after this many. */
const QUERY_PAGE_RECORDS = 100

/** The records of a query, read page by page, so that a long one holds nobody up. */
export async function pagedQuery(
  reader: { readonly records: (query: RecordQuery) => readonly StoredRecord[] },
  query: RecordQuery,
): Promise<readonly StoredRecord[]> {
  checkQuery(query)
  const found: StoredRecord[] = []
  for (let from = query.from; ;) {
    const limit = query.limit - found.length
    const page = reader.records({ ...query, ...(from === undefined ? {} : { from }), limit: Math.min(limit, QUERY_PAGE_RECORDS) })
    found.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < QUERY_PAGE_RECORDS || found.length >= query.limit) return found
    from = query.newestFirst === true ? last.leafIndex : last.leafIndex + 1
    await giveWay()
  }
}

/** A row of `STORED_RECORD`, opened. */
export function storedRecord(row: Readonly<Record<string, unknown>>): StoredRecord {
  const payload = typeof row['payload'] === 'string' ? (JSON.parse(row['payload']) as LeafPayload) : {}
  return openEntry(row['leaf_index'] as number, row['leaf'] as Uint8Array, payload)
}

/** Columns of `records` that a query compares, and the member of the query that says with what. */
const EQUAL = {
  tenant: 'tenant',
  agent: 'agent',
  user: 'user',
  action: 'action',
  outcome: 'outcome',
  decision_id: 'decisionId',
} as const

/** The committed records of a query. Throws `bad_request` for one that cannot be asked. */
export function selectRecords(database: DatabaseSync, query: RecordQuery): readonly StoredRecord[] {
  const { sinceMs, untilMs } = checkQuery(query)
  const conditions: string[] = []
  const values: SQLInputValue[] = []
  const where = (condition: string, ...given: readonly SQLInputValue[]): void => {
    conditions.push(condition)
    values.push(...given)
  }
  for (const [column, member] of Object.entries(EQUAL)) {
    const value = query[member]
    if (value !== undefined) where(`${column} = ?`, value)
  }
  if (query.kinds !== undefined) where(kindsCondition(query.kinds), ...query.kinds)
  if (sinceMs !== undefined) where('at_ms >= ?', sinceMs)
  if (untilMs !== undefined) where('at_ms < ?', untilMs)
  if (query.from !== undefined)
    where(query.newestFirst === true ? 'records.leaf_index < ?' : 'records.leaf_index >= ?', query.from)
  const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const direction = query.newestFirst === true ? 'DESC' : 'ASC'
  const rows = database
    .prepare(`${STORED_RECORD} ${filter} ORDER BY records.leaf_index ${direction} LIMIT ?`)
    .all(...values, query.limit)
  return rows.map(storedRecord)
}

/** Says in words what the index on rarer kinds needs to hear. */
function kindsCondition(kinds: RecordQuery['kinds'] & object): string {
  const among = `kind IN (${kinds.map(() => '?').join(', ')})`
  return kinds.includes('decision') ? among : `${among} AND kind <> 'decision'`
}
