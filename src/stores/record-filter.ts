import { ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { PAGE_RECORDS_MAX, type RecordQuery } from '../ledger/store.ts'

/** A query with its times as numbers; a time that is none or a limit out of range is `bad_request`. */
export type CheckedQuery = {
  readonly query: RecordQuery
  readonly sinceMs: number | undefined
  readonly untilMs: number | undefined
}

/** Checks a query's limit and times. */
export function checkQuery(query: RecordQuery): CheckedQuery {
  const { limit } = query
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= PAGE_RECORDS_MAX)) {
    const isOver = limit > PAGE_RECORDS_MAX
    const why = overLimit('The query asks for', 'audit.page_records_max', { max: PAGE_RECORDS_MAX, came: limit })
    throw new ServiceError('bad_request', isOver ? why : `The limit ${limit} is none`, {
      fix: `ask for 1 to ${PAGE_RECORDS_MAX} records`,
    })
  }
  if (query.from !== undefined && !(Number.isSafeInteger(query.from) && query.from >= 0)) {
    throw new ServiceError('bad_request', `The leaf index ${query.from} is none`, { fix: 'give a whole number from 0' })
  }
  return { query, sinceMs: timeOf('since', query.since), untilMs: timeOf('until', query.until) }
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs)) {
    throw new ServiceError('bad_request', `${name} ${JSON.stringify(text)} is not a time`, {
      fix: 'write it as 2026-01-31T12:00:00Z',
    })
  }
  return timeMs
}

/** Whether a record at this leaf index is asked for. */
export function matchesQuery({ query, sinceMs, untilMs }: CheckedQuery, leafIndex: number, record: AuditRecord): boolean {
  const atMs = Date.parse(record.at)
  const inPage = query.from === undefined || (query.newestFirst === true ? leafIndex < query.from : leafIndex >= query.from)
  return (
    inPage &&
    (query.kinds === undefined || query.kinds.includes(record.kind)) &&
    same(query.tenant, record.tenant) &&
    same(query.agent, record.agent) &&
    same(query.user, record.user) &&
    same(query.action, record.action) &&
    same(query.outcome, record.outcome) &&
    same(query.decisionId, record.decision_id) &&
    (sinceMs === undefined || atMs >= sinceMs) &&
    (untilMs === undefined || atMs < untilMs)
  )
}

function same(wanted: string | undefined, actual: string | null): boolean {
  return wanted === undefined || wanted === actual
}
